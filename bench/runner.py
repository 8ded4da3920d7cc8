"""Measures one server after the other, one workload after the other."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from pathlib import Path

import uvloop

from .interruption import interruptible
from .load.faults import Fault
from .measures import ACK_P50, CONNECTS, DELIVERIES, HISTORY_P95, MEMORY, MESSAGES, SYNC_P95, Figures
from .places import CACHE, LOG, ROOT
from .plan import Plan
from .progress import say
from .results import Results
from .servers import Contender

MEASURE_TIMEOUT = 300  # seconds for one measurement, whatever happens
SHOWN = (DELIVERIES, MESSAGES, ACK_P50, CONNECTS, MEMORY, SYNC_P95, HISTORY_P95)


@dataclass(frozen=True)
class Measurement:
    workload: str
    contender: Contender
    round: int


def schedule(plan: Plan, names: Iterable[str], contenders: Sequence[Contender]) -> list[Measurement]:
    """The order: workloads of one kind, and their servers, take turns; a noisy minute meets all of them."""
    return [
        Measurement(name, contender, number)
        for _, kind in groupby(names, lambda name: name.partition("-")[0])
        for number, name in product(range(1, plan.rounds + 1), tuple(kind))
        for contender in contenders
        if plan.takes_part(name, contender.key) and (number == 1 or contender.key in plan.rivals(name))
    ]


def run(plan: Plan, measurements: Sequence[Measurement]) -> Results:
    """Runs all of them, telling each as it begins and as it ends. A fault spoils one figure, not the run."""
    results = Results()
    for count, one in enumerate(measurements, start=1):
        say(f"[{count}/{len(measurements)}] {one.workload}, {one.contender.label}, round {one.round} …")
        key = (one.workload, one.contender.key)
        try:
            figures = _measure(plan, one)
        except Fault as fault:
            results.faults[key] = str(fault)
            say(f"    FAILED: {fault}\n    Its log: {_log_of(one).relative_to(ROOT)}")
        else:
            results.figures[key].append(figures)
            say(f"    {summary(figures)}")
    return results


def summary(figures: Figures) -> str:
    """One line on what was measured."""
    told = [_told(name, figures.values[name]) for name in SHOWN if name in figures.values]
    return "; ".join([*told, f"of a core, server {figures.server:.2f}, load {figures.load:.2f}"])


def _told(name: str, value: float) -> str:
    what, comma, unit = name.partition(", ")
    return f"{what} {value:,.1f} {unit}" if comma else f"{value:,.1f} {name}"


def _measure(plan: Plan, one: Measurement) -> Figures:
    workload, contender = plan.workloads[one.workload], one.contender
    seats = contender.seats(workload.layout)
    folder = _new_folder()
    try:
        with contender.running(workload.layout, folder) as process:
            work = workload.measure(process, seats, contender.dialect, plan.timing_of(one.workload))
            try:
                return uvloop.run(interruptible(asyncio.wait_for(work, MEASURE_TIMEOUT)))
            except TimeoutError:
                raise Fault(f"Not done within {MEASURE_TIMEOUT} s.") from None
    except Fault:
        _log_of(one).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / LOG, _log_of(one))
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _log_of(one: Measurement) -> Path:
    """Where the log of a server that failed is kept."""
    return CACHE / "failed" / f"{one.workload}-{one.contender.key}.log"


def _new_folder() -> Path:
    """On the disk where the project lies, for every server: what a commit costs depends on the disk."""
    runs = CACHE / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=runs))
