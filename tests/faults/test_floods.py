"""Floods of packets: who floods is told to wait, then closed, and everybody else is served."""

import asyncio
from collections.abc import Iterator
from time import monotonic

import pytest

from tests.faults.conftest import NewHost
from tests.faults.host import Host
from tests.faults.raw import Raw
from tests.faults.watch import ELSEWHERE, MORE_MEMORY, RECLAIMED, Watch

FLOODER = "127.0.0.3"
EVENTS = 5_000
CLOSED = 3  # seconds: the 200 events that may come are handled first, which takes one of them
MORE_TASKS = 50


@pytest.fixture(scope="module")
def flooded(new_host: NewHost) -> Iterator[Host]:
    """A server that limits what one connection may say, as the product does."""
    with new_host(EVENT_RATE="200/10") as host:
        yield host


FLOODS = {
    "events": '42["mark_read",{"room":"lobby","seq":0}]',
    "events that want an answer": '421["sync",{}]',
    "unknown events": '422["x"]',
    "joining": '423["open_room",{"room":"lobby"}]',
    "namespaces": "40/admin,",
    "namespaces that are not there": "40/nowhere,",
    "answers to nothing": "431[]",
    "coming and going": "41",
}


@pytest.mark.parametrize("packet", FLOODS.values(), ids=FLOODS)
async def test_a_flood_of_packets_ends_its_connection(flooded: Host, packet: str) -> None:
    async with Raw(flooded.server.port, address=ELSEWHERE) as other, Watch(flooded) as watch:
        await other.enter()
        async with Raw(flooded.server.port, address=FLOODER) as flooder:
            await flooder.enter()
            began = monotonic()
            flooder.say(*[packet, "40"] * (EVENTS // 2) if packet == "41" else [packet] * EVENTS)
            assert await flooder.close_code() in {0, 1008}
            assert monotonic() - began <= CLOSED
        await other.call(1, "sync")
    assert watch.most["tasks"] <= MORE_TASKS
    assert watch.most["rss"] <= MORE_MEMORY
    await asyncio.to_thread(
        flooded.wait_for_stats, lambda now: now["lines"] <= watch.before["lines"], RECLAIMED
    )
