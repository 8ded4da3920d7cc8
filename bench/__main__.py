"""`python -m bench`: measures, prints the table, writes the results."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import machine
from .goals import rows
from .interruption import Interrupted, watch
from .lock import alone
from .places import BENCH, CACHE, ROOT
from .plan import Plan, plan
from .progress import say
from .report.files import notes, write
from .report.table import as_text, cells
from .results import Results
from .runner import run, schedule
from .servers import ALL, OURS, Contender

FAILED, INTERRUPTED = 1, 130  # exit statuses
NOBODY = "none"  # in the place of peers


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 1 if a server lost, doubled or mixed up something.

    Ends the program with 2 for options that name what is not there.
    """
    options = _options()
    wanted = options.parse_args(arguments)
    chosen = plan(quick=wanted.quick, rounds=wanted.rounds)
    if refusal := _unknown(wanted.only, wanted.peers, chosen):
        options.error(refusal)
    names = [name for name in chosen.workloads if not wanted.only or name.startswith(wanted.only)]
    contenders = [one for one in ALL if not wanted.peers or one is OURS or one.key in wanted.peers]
    absent = {one.key: why for one in contenders if (why := one.missing())}
    for key, why in absent.items():
        say(f"{key} is left out: {why}")
    machine.allow_many_sockets()
    machine.pin_load()
    present = [one for one in contenders if one.key not in absent]
    with alone():
        results = run(chosen, schedule(chosen, names, present))
    results.absent = absent
    whole = len(names) == len(chosen.workloads) and len(contenders) == len(ALL) and not wanted.quick
    _report(results, chosen, names, contenders, BENCH if whole else CACHE / "last")
    return FAILED if results.faults else 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("--quick", action="store_true", help="one short round: under two minutes, noisier")
    options.add_argument(
        "--only", type=_names, help="workloads by the beginning of their names: fanout,light"
    )
    options.add_argument(
        "--peers", type=_names, help=f"peers by name, besides ours: node,channels; {NOBODY} for ours alone"
    )
    options.add_argument("--rounds", type=int, help="how often ours and its rivals take turns")
    return options


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _unknown(only: Iterable[str] | None, peers: Iterable[str] | None, chosen: Plan) -> str:
    """What there is instead of something that was asked for; "" if everything asked for is there."""
    for name in only or ():
        if not any(workload.startswith(name) for workload in chosen.workloads):
            return f"no workload begins with {name!r}; there are {', '.join(chosen.workloads)}"
    known = [one.key for one in ALL]
    for name in peers or ():
        if name not in {*known, NOBODY}:
            return f"no server is called {name!r}; there are {', '.join(known)}, and {NOBODY} for ours alone"
    return ""


def _report(
    results: Results, chosen: Plan, names: Sequence[str], contenders: Sequence[Contender], folder: Path
) -> None:
    shown = [row for row in rows(chosen.few, chosen.many) if row.workload in names]
    say("\n" + as_text(cells(results, shown, contenders)) + "\n")
    for note in notes(results, contenders):
        say(note)
    write(folder, results, shown, contenders, machine.description())
    say(f"written: {(folder / 'RESULTS.md').relative_to(ROOT)}")


if __name__ == "__main__":
    watch()
    try:
        sys.exit(main())
    except Interrupted:
        say("interrupted")
        sys.exit(INTERRUPTED)
