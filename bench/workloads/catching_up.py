"""Somebody who comes back, and somebody who reads what was said long ago."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.layout import Layout
from bench.load.crowd import crowd
from bench.load.dialects import Dialect, Seat
from bench.load.faults import Fault
from bench.load.member import Member
from bench.measures import HISTORY_P95, SYNC_P95, Figures, percentile
from bench.process import Process

from .workload import Timing

MISSED = 10  # messages in each room
PAGE = 50  # messages
FIRST = 5  # requests that are not measured
MILLISECONDS = 1000


@dataclass(frozen=True)
class CatchingUp:
    """One person asks, one request at a time: `sync` after a pause, a page of history from anywhere."""

    layout: Layout

    async def measure(
        self, process: Process, seats: Sequence[Seat], dialect: Dialect, timing: Timing
    ) -> Figures:
        """Raises Fault."""
        rooms = sorted({seat.room for seat in seats})
        last = self.layout.messages // len(rooms)
        places = random.Random(len(rooms))  # noqa: S311 - the same places in each run
        async with crowd(process.port, seats[:1], dialect) as people:
            reader = people.members[0]
            load, server, began = time.process_time(), process.cpu(), time.perf_counter()
            syncs = await _repeat(reader, timing, lambda: _sync(rooms, last))
            pages = await _repeat(reader, timing, lambda: _page(places, rooms, last))
            took = time.perf_counter() - began
            load, server = time.process_time() - load, process.cpu() - server
        values = {
            SYNC_P95: MILLISECONDS * percentile(syncs, 0.95),
            HISTORY_P95: MILLISECONDS * percentile(pages, 0.95),
        }
        return Figures(values, load=load / took, server=server / took)


@dataclass(frozen=True)
class Request:
    name: str
    payload: bytes
    messages: int  # that the answer must hold


def _sync(rooms: Sequence[int], last: int) -> Request:
    held = ",".join(f'"{room}":{last - MISSED}' for room in rooms)
    return Request("sync", b'{"rooms":{%b}}' % held.encode(), MISSED * len(rooms))


def _page(places: random.Random, rooms: Sequence[int], last: int) -> Request:
    room, before = places.choice(rooms), places.randint(PAGE + 1, last)
    return Request("read_history", b'{"room":%d,"before":%d,"limit":%d}' % (room, before, PAGE), PAGE)


async def _repeat(reader: Member, timing: Timing, make: Callable[[], Request]) -> list[float]:
    """How long each answer took, in seconds."""
    for _ in range(FIRST):
        await _ask(reader, make())
    deadline, times = time.perf_counter() + timing.seconds, []
    while time.perf_counter() < deadline:
        times.append(await _ask(reader, make()))
    return times


async def _ask(reader: Member, request: Request) -> float:
    seconds, answer = await reader.ask(request.name, request.payload)
    found = answer.count(b'"body":')
    if found != request.messages:
        raise Fault(f"{request.name} answered {found} messages, not {request.messages}.")
    return seconds
