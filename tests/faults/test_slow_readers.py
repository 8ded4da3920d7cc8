"""Clients that read slowly, or never, while a room is loud: cut off in time, cheap, and noticed by nobody."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from time import monotonic
from uuid import uuid4

import pytest

from tests.faults.conftest import NewHost
from tests.faults.host import Host
from tests.faults.raw import Raw
from tests.support.server import Cookies

HEALTHY = 5
MESSAGES = 500  # of 9 kB: what they say fills the system's own buffers, and then ours
BEFORE = 100  # messages, to know how long one takes
BUFFER = 4_096  # bytes that a slow client's system takes
PER_READ = 200  # bytes that one of them reads between two pongs
PONG_EVERY = 0.2  # seconds

CUT_OFF = 15  # seconds
FD_GONE = 30  # seconds
MORE_MEMORY = 15 * 2**20
NOISE = 0.15  # seconds by which a machine may be late that has other things to do


async def read_slowly(slow: Raw) -> None:
    """A kilobyte a second, and a pong for whoever waits for one."""
    while await slow.reader.read(PER_READ):
        slow.say("3")
        await asyncio.sleep(PONG_EVERY)


async def never_read(slow: Raw) -> None:
    """Nothing at all."""
    await asyncio.Event().wait()


async def only_answer(slow: Raw) -> None:
    """Pongs, though no ping was read."""
    while not slow.writer.is_closing():
        slow.say("3")
        await asyncio.sleep(PONG_EVERY)


HABITS = [read_slowly, never_read, only_answer]


@contextlib.asynccontextmanager
async def slow_clients(host: Host, cookies: Cookies) -> AsyncIterator[None]:
    """One of each habit, in the room."""
    async with AsyncExitStack() as stack:
        habits = []
        for habit in HABITS:
            slow = await stack.enter_async_context(Raw(host.server.port, buffer=BUFFER))
            await slow.enter(cookies=cookies)
            habits.append(asyncio.create_task(habit(slow)))
        yield
        for task in habits:
            task.cancel()
        await asyncio.gather(*habits, return_exceptions=True)


class Talk:
    """One who speaks, and others who read all of it."""

    def __init__(self, speaker: Raw) -> None:
        self._speaker = speaker
        self._count = 0

    async def say(self, count: int) -> list[float]:
        """Says so much; the seconds that each message took, the longest last."""
        took = []
        for _ in range(count):
            began = monotonic()
            self._count += 1
            post = {"room": "lobby", "client_id": str(uuid4()), "body": "x" * 9_000}
            await self._speaker.call(self._count, "post_message", **post)
            took.append(monotonic() - began)
        return sorted(took)


async def count_messages(reader: Raw, least: int) -> int:
    """Reads until so many messages have come."""
    count = 0
    while count < least and (text := await reader.text()):
        count += text.startswith('42["message_posted"')
    return count


LIMITS = {
    "short": {"UNSENT_BYTES": "131072"},
    "the product's own": {"PING_INTERVAL": "10", "PING_TIMEOUT": "8"},
}


@pytest.mark.parametrize("limits", ["short", pytest.param("the product's own", marks=pytest.mark.long)])
async def test_they_are_cut_off_and_nobody_else_notices(new_host: NewHost, limits: str) -> None:
    with new_host(**LIMITS[limits]) as host:
        (cookies,) = host.new_people(1).values()
        await _talk_among_slow_clients(host, cookies)


async def _talk_among_slow_clients(host: Host, cookies: Cookies) -> None:
    async with AsyncExitStack() as stack:
        speaker, *readers = [
            await (await stack.enter_async_context(Raw(host.server.port))).enter(cookies=cookies)
            for _ in range(1 + HEALTHY)
        ]
        talk = Talk(speaker)
        reading = [asyncio.create_task(count_messages(reader, BEFORE + MESSAGES)) for reader in readers]
        usual = await talk.say(BEFORE)
        before = await asyncio.to_thread(host.stats)
        async with slow_clients(host, cookies):
            began = monotonic()
            loud = asyncio.create_task(talk.say(MESSAGES))
            await asyncio.to_thread(host.wait_for_stats, lambda now: now["lines"] <= before["lines"], CUT_OFF)
            assert monotonic() - began <= CUT_OFF
            took = await loud
        assert await asyncio.gather(*reading) == [BEFORE + MESSAGES] * HEALTHY
        after = await asyncio.to_thread(
            host.wait_for_stats, lambda now: now["fds"] <= before["fds"] + 5, FD_GONE
        )
        assert after["rss"] - before["rss"] <= MORE_MEMORY
        assert took[-len(took) // 100] <= 2 * usual[-len(usual) // 100] + NOISE
        assert host.server.log().count(" dropped ") == len(HABITS)
