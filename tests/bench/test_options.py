"""What can be asked of the benchmark, and what it says while it runs."""

from contextlib import nullcontext

import pytest

from bench import __main__ as command
from bench import machine
from bench.measures import ACK_P50, ACK_P99, DELIVERIES, MEMORY, MESSAGES, Figures
from bench.plan import plan
from bench.results import Results
from bench.runner import summary
from bench.servers import ALL


@pytest.fixture(autouse=True)
def measured(monkeypatch) -> list[tuple[str, str]]:
    """The workloads and servers of what would have been measured; nothing is."""
    seen: list[tuple[str, str]] = []

    def run(chosen, measurements):
        seen.extend((one.workload, one.contender.key) for one in measurements)
        return Results()

    for name in ("allow_many_sockets", "pin_load"):
        monkeypatch.setattr(machine, name, lambda: None)
    monkeypatch.setattr(command, "alone", nullcontext)
    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(command, "_report", lambda *report: None)
    return seen


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (["--only", "nonsense"], list(plan(quick=True).workloads)),
        (["--only", "fanout,nonsense"], list(plan(quick=True).workloads)),
        (["--peers", "nonsense"], [one.key for one in ALL]),
        (["--peers", "node,nonsense"], [one.key for one in ALL]),
    ],
    ids=str,
)
def test_a_name_that_is_not_known_is_refused_and_the_known_ones_are_told(measured, capsys, arguments, known):
    with pytest.raises(SystemExit) as end:
        command.main(arguments)
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "'nonsense'" in said
    assert all(name in said for name in known)
    assert measured == []


def test_workloads_are_named_by_their_beginning_and_ours_is_always_measured(measured):
    assert command.main(["--quick", "--only", "fanout-1,rooms-2", "--peers", "none"]) == 0
    assert measured == [("fanout-100", "ours"), ("rooms-2", "ours")]


def test_progress_tells_what_was_measured_then_how_much_in_which_unit():
    figures = {DELIVERIES: 81_234.56, MESSAGES: 162.78, ACK_P50: 7.24, ACK_P99: 21.0}
    assert summary(Figures(figures, load=0.714, server=0.983)) == (
        "81,234.6 deliveries/s; 162.8 messages/s; ack p50 7.2 ms; of a core, server 0.98, load 0.71"
    )
    assert summary(Figures({MEMORY: 33.333})).startswith("33.3 KB per idle socket; of a core, ")
