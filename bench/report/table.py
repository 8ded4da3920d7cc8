"""The table: one row for each workload and measure, one column for each server."""

import math
from collections.abc import Sequence

from bench.goals import Row
from bench.measures import CPU
from bench.plan import FANOUT_100, FANOUT_500, ROOMS_1, ROOMS_2, ROOMS_30
from bench.results import Results, verdict
from bench.servers import NODE, OURS, Contender

DASH = "–"  # noqa: RUF001 - the sign for nothing in a table
FAILED = "failed"
DELIVERING = {FANOUT_500, FANOUT_100, ROOMS_30, ROOMS_1, ROOMS_2}

Cells = list[list[str]]


def cells(results: Results, rows: Sequence[Row], contenders: Sequence[Contender]) -> Cells:
    """Heading and rows as text. Where two figures share a cell, the second is of the goal's rival."""
    heading = ["workload", "measure", *(contender.label for contender in contenders)]
    heading += [
        "ratio",
        "goal",
        "",
        "CPU s per million",
        "load's core",
        "what limits it",
    ]
    return [heading, *(_row(results, row, contenders) for row in rows)]


def _row(results: Results, row: Row, contenders: Sequence[Contender]) -> list[str]:
    rival = row.goal.contender if row.goal else NODE.key
    ratio = results.ratio(row, OURS.key)
    outcome = verdict(row.goal, ratio)
    measured = [(row.workload, OURS.key), (row.goal.workload if row.goal else row.workload, rival)]
    cpu = [results.value(*key, CPU) for key in measured] if row.workload in DELIVERING else []
    return [
        row.label,
        row.measure,
        *(_value(results, row, contender) for contender in contenders),
        number(ratio) if row.goal else "",
        str(row.goal or ""),
        outcome,
        " / ".join(map(number, cpu)),
        " / ".join(number(results.load(*key)) for key in measured),
        row.limit if outcome == "not reached" else "",
    ]


def _value(results: Results, row: Row, contender: Contender) -> str:
    if (row.workload, contender.key) in results.faults:
        return FAILED
    return number(results.value(row.workload, contender.key, row.measure))


def number(value: float | None) -> str:
    """Three digits that count, thousands apart; a dash for none."""
    if value is None or math.isnan(value):
        return DASH
    if abs(value) >= 100:
        digits = max(0, int(math.log10(abs(value))) - 2)
        return f"{round(value, -digits):,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def as_text(table: Cells) -> str:
    """For a terminal: columns one under the other."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def as_markdown(table: Cells) -> str:
    lines = ["| " + " | ".join(line) + " |" for line in table]
    rule = "|---|---|" + "---:|" * (len(table[0]) - 2)
    return "\n".join([lines[0], rule, *lines[1:]])
