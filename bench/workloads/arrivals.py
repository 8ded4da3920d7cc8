"""People who come in and are silent: how fast they are let in, and what each costs in memory."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.layout import Layout
from bench.load.crowd import crowd
from bench.load.dialects import Dialect, Seat
from bench.measures import CONNECTS, MEMORY, Figures
from bench.process import Process

from .workload import Timing

FIRST = 20  # sockets that make the server load what it loads late
QUIET = 0.05  # of a core
LOOK = 0.2  # seconds over which quiet is measured
PATIENCE = 10  # seconds to wait for it
KILOBYTE = 1024


@dataclass(frozen=True)
class Arrivals:
    """Everybody connects, again and again."""

    layout: Layout

    async def measure(
        self, process: Process, seats: Sequence[Seat], dialect: Dialect, timing: Timing
    ) -> Figures:
        """Raises Fault."""
        await _come_and_go(process, seats[:FIRST], dialect)
        before = process.memory()
        load, server = time.process_time(), process.cpu()
        spent, memory = await _come_and_go(process, seats, dialect)
        came = len(seats)
        while spent < timing.seconds:
            more, _ = await _come_and_go(process, seats, dialect)
            spent, came = spent + more, came + len(seats)
        values = {CONNECTS: came / spent, MEMORY: (memory - before) / len(seats) / KILOBYTE}
        load, server = time.process_time() - load, process.cpu() - server
        return Figures(values, load=min(1.0, load / spent), server=min(1.0, server / spent))


async def _come_and_go(process: Process, seats: Sequence[Seat], dialect: Dialect) -> tuple[float, int]:
    """The seconds that connecting took, and the server's memory while all were there."""
    async with crowd(process.port, seats, dialect) as people:
        await _quiet(process)
        memory = process.memory()
    await _quiet(process)
    return people.connecting, memory


async def _quiet(process: Process) -> None:
    """Waits until the server has nothing left to do; not for ever."""
    deadline = time.monotonic() + PATIENCE
    used = process.cpu()
    while time.monotonic() < deadline:
        await asyncio.sleep(LOOK)
        now = process.cpu()
        if now - used < QUIET * LOOK:
            return
        used = now
