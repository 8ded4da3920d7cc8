"""A long day: a thousand sockets, talk all the time, and people who come, go, lose the network and repeat."""

from __future__ import annotations

import asyncio
import random
from itertools import count
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from tests.faults import oracle
from tests.faults.clients import Clients
from tests.faults.conftest import NewHost, Say
from tests.faults.crowd import Crowd
from tests.faults.host import Host

SOCKETS = 1_000
PEOPLE = 20
ROOM_OF = 5  # people
SECOND = 1.0
MESSAGES = 10  # a second, in all rooms together
GOING = 2  # connections that vanish and come back, each second
TROUBLE_EVERY = 10  # seconds: some lose the network, some repeat what they said
MEASURED_EVERY = 10  # seconds
WARMING_UP = 1 / 3  # of the time, after which nothing may grow
GROWTH = 1_000_000  # bytes a minute
NOISE = 3_000_000  # bytes that memory goes up and down by itself
CLOSED = 30  # seconds until connections that were left are

PRODUCT = {"PING_INTERVAL": "10", "PING_TIMEOUT": "8"}


class Day:
    """Who talks, and what is measured meanwhile."""

    def __init__(self, host: Host, clients: Clients, crowd: Crowd, rooms: dict[int, list[str]]) -> None:
        self._host, self._clients, self._crowd, self._rooms = host, clients, crowd, rooms
        self._away: list[str] = []
        self.memory: list[tuple[float, float]] = []  # (minutes, bytes)

    async def last(self, minutes: float) -> None:
        """Lives through it, second by second."""
        began = monotonic()
        for second in count():
            if (passed := monotonic() - began) >= minutes * 60:
                break
            await asyncio.gather(asyncio.to_thread(self._talk), self._come_and_go())
            if second % TROUBLE_EVERY == 0:
                await asyncio.to_thread(self._trouble)
            if second % MEASURED_EVERY == 0:
                self.memory.append((passed / 60, (await asyncio.to_thread(self._host.stats))["rss"]))
            await asyncio.sleep(max(0.0, began + (second + 1) * SECOND - monotonic()))
        await asyncio.to_thread(self._bring_back)

    def _talk(self) -> None:
        for _ in range(MESSAGES):
            room, members = random.choice(list(self._rooms.items()))
            name = random.choice(members)
            self._clients.ask("post", name=name, room=room, bodies=[f"{name} {uuid4().hex}"])

    async def _come_and_go(self) -> None:
        await self._crowd.lose(GOING)
        await self._crowd.grow(SOCKETS - self._crowd.size)

    def _trouble(self) -> None:
        """Who was away is back; others are away now, and others say the same thing twice."""
        self._bring_back()
        room, members = random.choice(list(self._rooms.items()))
        self._away, repeating = members[:2], members[2]
        self._clients.ask("offline", names=self._away)
        said = {"room": room, "client_id": str(uuid4()), "body": uuid4().hex}
        first, again = (self._clients.command(repeating, "post_message", **said) for _ in range(2))
        assert first["message"]["id"] == again["message"]["id"]

    def _bring_back(self) -> None:
        self._clients.ask("online", names=self._away)
        self._away = []


def growth(memory: list[tuple[float, float]]) -> float:
    """Bytes a minute, by the straight line that fits best."""
    mean_x, mean_y = (sum(values) / len(memory) for values in zip(*memory, strict=True))
    above = sum((x - mean_x) * (y - mean_y) for x, y in memory)
    return float(above / sum((x - mean_x) ** 2 for x, _ in memory))


def new_rooms(clients: Clients, users: dict[str, dict[str, Any]]) -> dict[int, list[str]]:
    """Rooms by id, each of some of the people, who have it open."""
    names, rooms = list(users), {}
    for first in range(0, PEOPLE, ROOM_OF):
        owner, *others = members = names[first : first + ROOM_OF]
        room = clients.new_room(owner, f"Day {first}", [users[name] for name in others])
        clients.ask("watch", names=members, rooms=[room])
        rooms[room] = members
    return rooms


@pytest.mark.long
async def test_a_long_day_leaves_nothing_behind(
    new_host: NewHost, clients: Clients, soak: float, say: Say
) -> None:
    with new_host(**PRODUCT) as host:
        people = host.new_people(PEOPLE)
        rooms = new_rooms(clients, clients.open(host.url, people))
        async with Crowd(host.server.port, list(people.values())) as crowd:
            before = await asyncio.to_thread(host.stats)
            await crowd.grow(SOCKETS)
            day = Day(host, clients, crowd, rooms)
            await day.last(soak)
            assert crowd.lost == 0
        clients.ask("settled")
        store = host.store()
        for room, members in rooms.items():
            clients.ask("level", names=members, versions=store.versions(room))
        oracle.nothing_lost_nothing_twice(store, clients.journals(), list(rooms))
        clients.close()
        after = host.wait_for_stats(lambda now: now["tasks"] <= before["tasks"], CLOSED)
    said = [f"{at:.1f} min {size / 1e6:.1f}" for at, size in day.memory]
    late = [(at, size) for at, size in day.memory if at >= soak * WARMING_UP]
    rate, lasted = growth(late), late[-1][0] - late[0][0]
    say(f"{SOCKETS} sockets, {len(store.messages)} messages: {rate / 1e6:+.2f} MB/min; {', '.join(said)}")
    oracle.nothing_held({**before, "rss": late[0][1]}, after)
    assert rate * lasted <= GROWTH * lasted + NOISE
