"""Thousands of people who just have the page open: they cost little, and who talks does not notice."""

import asyncio
import os
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest

from tests.faults.conftest import NewHost, Say
from tests.faults.crowd import Crowd
from tests.faults.raw import Raw

SOCKETS = 2_000
SECONDS = 60
PACE = 0.5  # seconds between two messages
PER_SOCKET = 50_000  # bytes
SHARE = 0.05  # of one core
QUICK = 0.1  # seconds

PRODUCT = {"PING_INTERVAL": "10", "PING_TIMEOUT": "8"}


def seconds_worked(pid: int) -> float:
    """The processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.long
async def test_who_only_listens_costs_little(new_host: NewHost, say: Say) -> None:
    with new_host(**PRODUCT) as host:
        idle = list(host.new_people(20, "idle").values())
        (cookies,) = host.new_people(1).values()
        before = await asyncio.to_thread(host.stats)
        async with Crowd(host.server.port, idle) as crowd, Raw(host.server.port) as raw:
            await crowd.grow(SOCKETS)
            speaker = await raw.enter(cookies=cookies)
            note = await speaker.call(1, "create_room", name="Note", kind="private")
            full = await asyncio.to_thread(host.stats)
            per_socket = (full["rss"] - before["rss"]) / SOCKETS
            worked, began = seconds_worked(host.server.pid), monotonic()
            took: list[float] = []
            while monotonic() - began < SECONDS:
                asked = monotonic()
                post = {"room": note["room"]["id"], "client_id": str(uuid4()), "body": "quick?"}
                await speaker.call(2 + len(took), "post_message", **post)
                took.append(monotonic() - asked)
                await asyncio.sleep(PACE)
            share = (seconds_worked(host.server.pid) - worked) / (monotonic() - began)
            late = sorted(took)[-1 - len(took) // 100]
            say(
                f"{SOCKETS} idle sockets: {per_socket / 1000:.1f} kB each, {share:.1%} of a core,"
                f" ack p99 {late * 1000:.0f} ms"
            )
            assert (crowd.size, crowd.lost) == (SOCKETS, 0)
    assert per_socket <= PER_SOCKET
    assert share <= SHARE
    assert late <= QUICK
