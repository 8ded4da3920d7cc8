"""What the runner needs to know of a workload."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.layout import Layout
from bench.load.dialects import Dialect, Seat
from bench.measures import Figures
from bench.process import Process


@dataclass(frozen=True)
class Timing:
    """How long to talk before measuring, and how long to measure, in seconds."""

    warm_up: float
    seconds: float


class Workload(Protocol):
    """One kind of work; `layout` says who sits where, and what has been said before."""

    @property
    def layout(self) -> Layout: ...

    async def measure(
        self, process: Process, seats: Sequence[Seat], dialect: Dialect, timing: Timing
    ) -> Figures:
        """Raises Fault."""
