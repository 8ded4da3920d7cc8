"""The files that a run leaves: RESULTS.md, and the chart beside it."""

from collections.abc import Sequence
from pathlib import Path

from bench.goals import Row
from bench.measures import DELIVERIES
from bench.plan import FANOUT_100, FANOUT_500, ROOMS_1, ROOMS_30
from bench.results import Results
from bench.servers import OURS, Contender

from .chart import Bar, Group, chart
from .table import as_markdown, cells

TITLE = "Deliveries per second"
CHARTED = {
    FANOUT_500: "500 sockets in one room, 100 of them talk",
    FANOUT_100: "100 sockets in one room, 10 of them talk",
    ROOMS_30: "30 rooms of 10, everybody talks",
    ROOMS_1: "One room of 10, everybody talks",
}
HEAD = """# Results

Written by `make bench`; what is measured and how is said in [README.md](README.md).
Only ratios within one run mean something: machines differ, and the same machine does from hour to hour.

![Deliveries per second of each server](results.svg)
"""

LEGEND = """*CPU s per million*: seconds of CPU of the server process for 1,000,000 deliveries. *Load's core*:
the share of its own core that the load used; near 1.0 it is the load that was measured. Both: ours / the peer
of the goal."""


def write(
    folder: Path,
    results: Results,
    rows: Sequence[Row],
    contenders: Sequence[Contender],
    machine: Sequence[tuple[str, str]],
) -> None:
    """Writes both files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "RESULTS.md").write_text(_page(results, rows, contenders, machine))
    (folder / "results.svg").write_text(chart(TITLE, _groups(results, contenders)))


def _page(
    results: Results,
    rows: Sequence[Row],
    contenders: Sequence[Contender],
    machine: Sequence[tuple[str, str]],
) -> str:
    parts = [HEAD, as_markdown(cells(results, rows, contenders)), LEGEND]
    parts.append("\n".join(f"- **{contender.label}**: {contender.note}" for contender in contenders))
    if problems := notes(results, contenders):
        parts.append("\n".join(f"- {problem}" for problem in problems))
    parts.append(
        "\n".join(["| machine | |", "|---|---|", *(f"| {name} | {value} |" for name, value in machine)])
    )
    return "\n\n".join(parts) + "\n"


def notes(results: Results, contenders: Sequence[Contender]) -> list[str]:
    """What was not measured, and why."""
    labels = {contender.key: contender.label for contender in contenders}
    absent = [f"{labels[key]} was left out: {why}." for key, why in results.absent.items()]
    failed = [f"{labels[key]} failed at {workload}: {why}" for (workload, key), why in results.faults.items()]
    return absent + failed


def _groups(results: Results, contenders: Sequence[Contender]) -> list[Group]:
    groups = []
    for workload, heading in CHARTED.items():
        bars = []
        for contender in contenders:
            value = results.value(workload, contender.key, DELIVERIES)
            if value is not None:
                bars.append(Bar(contender.label, value, ours=contender is OURS))
        groups.append(Group(f"{heading}: deliveries per second", bars))
    return [group for group in groups if group.bars]
