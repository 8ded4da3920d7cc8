"""Floods of handshakes and connections: one address has so much and no more, and others come in."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from tests.faults.conftest import NewHost
from tests.faults.host import Host
from tests.faults.raw import Raw, handshake
from tests.faults.watch import LOOK, MORE_MEMORY, RECLAIMED, Watch, come_from_elsewhere

REFUSED = 429
SOON = 1  # second
BUSY = 10  # times as long may it take to come in where all takes long
AT_ONCE = 40  # handshakes that are on their way
CONNECT_RATE = 100  # in 10 seconds
PLACES = 500  # for one address


@pytest.fixture(scope="module")
def flooded(new_host: NewHost) -> Iterator[Host]:
    """A server that limits how often one address may come."""
    with new_host(CONNECT_RATE=f"{CONNECT_RATE}/10", CONNECT_TIMEOUT="2") as host:
        yield host


@pytest.fixture(scope="module")
def crowded(new_host: NewHost) -> Iterator[Host]:
    """A server with so many places for one address."""
    with new_host(SOCKETS_PER_ADDRESS=str(PLACES), CONNECT_TIMEOUT="0", PING_TIMEOUT="10") as host:
        yield host


async def test_a_flood_of_handshakes_is_refused_and_others_come_in(flooded: Host, long: bool) -> None:
    handshakes = 5_000 if long else 2_000
    places = asyncio.Semaphore(AT_ONCE)
    came: Counter[int] = Counter()

    async def come() -> None:
        async with places, Raw(flooded.server.port) as raw:
            raw.send(handshake(flooded.server.port))
            came[await raw.status()] += 1

    usual = await come_from_elsewhere(flooded)
    async with Watch(flooded) as watch, asyncio.TaskGroup() as flood:
        for _ in range(handshakes):
            flood.create_task(come())
        while came.total() < CONNECT_RATE * 2:  # noqa: ASYNC110
            await asyncio.sleep(LOOK)
        took = await come_from_elsewhere(flooded)
    assert took <= max(SOON, BUSY * usual)
    assert came.keys() == {101, REFUSED}
    assert CONNECT_RATE <= came[101] <= CONNECT_RATE * 3  # some come back while it lasts
    assert watch.most["rss"] <= MORE_MEMORY
    assert watch.most["lines"] <= CONNECT_RATE + 1
    await asyncio.to_thread(
        flooded.wait_for_stats, lambda now: now["lines"] <= watch.before["lines"], RECLAIMED
    )


async def test_one_address_has_so_many_places_and_gets_them_back(crowded: Host) -> None:
    before = await asyncio.to_thread(crowded.stats)
    came: Counter[int] = Counter()
    async with AsyncExitStack() as stack:
        for _ in range(PLACES + 100):
            raw = await stack.enter_async_context(Raw(crowded.server.port))
            raw.send(handshake(crowded.server.port))
            came[await raw.status()] += 1
        assert came == {101: PLACES, REFUSED: 100}
        await come_from_elsewhere(crowded)
    after = await asyncio.to_thread(
        crowded.wait_for_stats, lambda now: now["lines"] <= before["lines"], RECLAIMED
    )
    assert after["fds"] <= before["fds"] + 5
    assert (
        after["rss"] <= before["rss"] + 2 * MORE_MEMORY
    )  # 500 connections of less than 80 kB, kept for the next
    async with Raw(crowded.server.port) as raw:
        await raw.enter()
