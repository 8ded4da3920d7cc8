"""The table, the verdicts, the chart, and the files."""

import xml.etree.ElementTree as ET

import pytest

from bench.goals import LIMITS, rows
from bench.measures import ACK_P50, CPU, DELIVERIES, MEMORY, Figures
from bench.plan import FANOUT_500, IDLE, LIGHT, plan
from bench.report import table
from bench.report.chart import Bar, Group, chart
from bench.report.files import write
from bench.results import Results, verdict
from bench.servers import ALL, CHANNELS, NODE, OURS, UWEBSOCKETS

ROWS = {row.key: row for row in rows(10_000, 1_000_000)}
SVG = "{http://www.w3.org/2000/svg}"


def results(workload, measure, **values: list[float]) -> Results:
    """Measured rounds by server's key."""
    found = Results()
    for key, rounds in values.items():
        found.figures[workload, key] = [Figures({measure: value}, load=0.5) for value in rounds]
    return found


def cell(found: Results, key: str, heading: str) -> str:
    heads, line = table.cells(found, [ROWS[key]], ALL)
    return line[heads.index(heading)]


def test_every_row_is_of_a_workload_that_is_planned():
    planned = plan(quick=False).workloads
    assert {row.workload for row in ROWS.values()} == set(planned)
    assert {row.goal.workload for row in ROWS.values() if row.goal} <= set(planned)


def test_every_limit_that_is_told_belongs_to_a_row():
    assert LIMITS.keys() <= ROWS.keys()


def test_ratios_are_those_of_medians():
    found = results(FANOUT_500, DELIVERIES, ours=[900.0, 1000.0, 5000.0], node=[100.0, 1.0, 300.0])
    assert found.ratio(ROWS["fanout-500"], OURS.key) == 10
    assert cell(found, "fanout-500", "ratio") == "10.0"
    assert cell(found, "fanout-500", "") == "reached"


@pytest.mark.parametrize(("ours", "outcome"), [(59.0, "reached"), (61.0, "not reached")])
def test_less_is_better_where_the_goal_says_at_most(ours, outcome):
    found = results(IDLE, MEMORY, ours=[ours], node=[100.0])
    assert cell(found, "idle", "") == outcome


def test_more_is_better_where_the_goal_says_at_least():
    goal = ROWS["fanout-500-ceiling"].goal
    assert goal and goal.contender == UWEBSOCKETS.key
    assert verdict(goal, 1.0) == "reached"
    assert verdict(goal, 0.99) == "not reached"


def test_a_goal_without_its_rival_has_no_verdict():
    found = results(LIGHT, ACK_P50, ours=[2.0])
    assert cell(found, "light-p50", "") == "not measured"
    assert cell(found, "light-p50", NODE.label) == table.DASH


def test_a_server_that_failed_once_has_no_figure():
    found = results(FANOUT_500, DELIVERIES, ours=[900.0], node=[100.0])
    found.faults[FANOUT_500, NODE.key] = "Room 1: socket 3 never received message 4."
    assert cell(found, "fanout-500", NODE.label) == table.FAILED
    assert cell(found, "fanout-500", "") == "not measured"


def test_what_limits_a_goal_is_told_only_while_it_is_not_reached(monkeypatch):
    monkeypatch.setitem(LIMITS, "fanout-500-cpu", "the kernel")
    far = results(FANOUT_500, CPU, ours=[5.0], node=[20.0])
    near = results(FANOUT_500, CPU, ours=[1.0], node=[20.0])
    assert cell(far, "fanout-500-cpu", "what limits it") == "the kernel"
    assert cell(near, "fanout-500-cpu", "what limits it") == ""
    assert cell(far, "fanout-500", "CPU s per million") == "5.00 / 20.0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),  # noqa: RUF001
        (float("nan"), "–"),  # noqa: RUF001
        (0.072, "0.07"),
        (9.5, "9.50"),
        (57.04, "57.0"),
        (123.4, "123"),
        (1_084_321.0, "1,080,000"),
    ],
)
def test_numbers_have_the_digits_that_count(value, text):
    assert table.number(value) == text


def test_markdown_has_as_many_cells_in_each_row():
    lines = table.as_markdown(table.cells(Results(), list(ROWS.values()), ALL)).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert len(lines) == len(ROWS) + 2


def test_bars_are_as_long_as_their_values_within_their_group():
    first = Group("a <room>", [Bar("ours", 100, ours=True), Bar("x & y", 25)])
    drawn = ET.fromstring(chart("T", [first, Group("b", [Bar("z", 7)])]))
    widths = [float(bar.get("width", 0)) for bar in drawn.iter(f"{SVG}rect")]
    assert widths[0] == widths[2] == 4 * widths[1]
    texts = [text.text for text in drawn.iter(f"{SVG}text")]
    assert {"a <room>", "x & y", "100", "25", "7"} <= set(texts)


def test_a_chart_can_be_read_on_a_dark_page_too():
    assert "prefers-color-scheme: dark" in chart("T", [])


def test_the_files_tell_the_figures_the_machine_and_who_was_left_out(tmp_path):
    found = results(FANOUT_500, DELIVERIES, ours=[1_000_000.0], node=[50_000.0])
    found.absent[CHANNELS.key] = "channels not installed"
    write(tmp_path, found, list(ROWS.values()), ALL, [("processor", "abacus")])
    page = (tmp_path / "RESULTS.md").read_text()
    assert "1,000,000" in page and "50,000" in page and "abacus" in page
    assert "Channels was left out: channels not installed." in page
    assert "Parley was left out" not in page
    drawn = ET.parse(tmp_path / "results.svg")
    assert [bar.get("class") for bar in drawn.iter(f"{SVG}rect")] == ["ours", "peer"]
