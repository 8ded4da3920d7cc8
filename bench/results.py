"""What a run has measured."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from .goals import Goal, Row
from .measures import Figures


@dataclass
class Results:
    """Figures of all rounds by workload and server, and what went wrong."""

    figures: dict[tuple[str, str], list[Figures]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)  # why, by server

    def value(self, workload: str, contender: str, measure: str) -> float | None:
        """The median over all rounds; None where a round failed, or there was none."""
        return self._median(workload, contender, lambda figures: figures.values.get(measure))

    def load(self, workload: str, contender: str) -> float | None:
        """The share of a core that the load itself used."""
        return self._median(workload, contender, lambda figures: figures.load)

    def ratio(self, row: Row, ours: str) -> float | None:
        """Ours divided by what the row's goal names."""
        if row.goal is None:
            return None
        mine = self.value(row.workload, ours, row.measure)
        other = self.value(row.goal.workload, row.goal.contender, row.measure)
        return mine / other if mine is not None and other else None

    def _median(self, workload: str, contender: str, pick: Callable[[Figures], float | None]) -> float | None:
        if (workload, contender) in self.faults:
            return None
        picked = [pick(figures) for figures in self.figures.get((workload, contender), [])]
        values = [value for value in picked if value is not None]
        return median(values) if values else None


def verdict(goal: Goal | None, ratio: float | None) -> str:
    """Whether a goal was reached, in words."""
    if goal is None:
        return ""
    if ratio is None:
        return "not measured"
    return "reached" if goal.reached(ratio) else "not reached"
