"""The rows of the table, and what is to be reached in them."""

from dataclasses import dataclass

from . import measures, plan
from .servers import NODE, OURS, UWEBSOCKETS

# What keeps a goal from being reached, found by profiling; by the row's key.
LIMITS: dict[str, str] = {
    "fanout-500-ceiling": (
        "0.95 s of CPU per million against 0.66 in C++, which stores nothing: a third is the system's "
        "writes, a quarter the work for each message in Python"
    ),
    "rooms-30": "0.33 ms of Python for each message; the writer and the loop share one core and one GIL",
    "rooms-1": (
        "rounds of ten: the thread's hand-over and six statements for a few messages, one after the other"
    ),
    "light-p50": (
        "a lone message: six statements and two hand-overs between threads, 1.5 ms with cold caches"
    ),
    "light-p99": "as for the median",
    "idle": (
        "a task with its frames, a socket and a person for each; Node's figure moves between 22 and 28 KB"
    ),
    "connects": "1.2 ms of Python each: HTTP, handshake, session and its signature, person, memberships",
}


@dataclass(frozen=True)
class Goal:
    """Ours divided by another figure of the same measure: at least or at most `bound`."""

    bound: float
    at_least: bool
    workload: str
    contender: str

    def reached(self, ratio: float) -> bool:
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True)
class Row:
    """One measure of one workload."""

    key: str
    label: str
    workload: str
    measure: str
    goal: Goal | None = None

    @property
    def limit(self) -> str:
        return LIMITS.get(self.key, "")


def rows(few: int, many: int) -> list[Row]:
    """All rows; `few` and `many` are the numbers of messages stored."""
    return [
        _row(
            "fanout-500", "Fan-out, 500 sockets, 100 talk", plan.FANOUT_500, measures.DELIVERIES, at_least=10
        ),
        _row(
            "fanout-500-ceiling",
            "the same, against uWebSockets",
            plan.FANOUT_500,
            measures.DELIVERIES,
            at_least=1,
            rival=UWEBSOCKETS.key,
        ),
        _row("fanout-500-cpu", "the same", plan.FANOUT_500, measures.CPU, at_most=0.1),
        _row(
            "fanout-100", "Fan-out, 100 sockets, 10 talk", plan.FANOUT_100, measures.DELIVERIES, at_least=2.5
        ),
        _row("rooms-30", "30 rooms of 10, all talk", plan.ROOMS_30, measures.MESSAGES, at_least=2),
        _row("rooms-1", "one room of 10, all talk", plan.ROOMS_1, measures.MESSAGES, at_least=1),
        _row("rooms-2", "50 rooms of 2, all talk", plan.ROOMS_2, measures.MESSAGES),
        _row("light-p50", "100 messages/s, room of 100", plan.LIGHT, measures.ACK_P50, at_most=1.5),
        _row("light-p99", "the same", plan.LIGHT, measures.ACK_P99, at_most=1.5),
        _row("idle", "Silent, signed-in sockets", plan.IDLE, measures.MEMORY, at_most=0.6),
        _row("connects", "Connecting, each its own session", plan.IDLE, measures.CONNECTS, at_least=1),
        _row(
            "sync-few", f"10 missed in each of 20 rooms, {few:,} stored", plan.STORED_FEW, measures.SYNC_P95
        ),
        _against_few("sync-many", f"the same, {many:,} stored", measures.SYNC_P95),
        _row("history-few", f"a page from anywhere, {few:,} stored", plan.STORED_FEW, measures.HISTORY_P95),
        _against_few("history-many", f"the same, {many:,} stored", measures.HISTORY_P95),
    ]


def _row(
    key: str,
    label: str,
    workload: str,
    measure: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    rival: str = NODE.key,
) -> Row:
    bound = at_most if at_least is None else at_least
    goal = None if bound is None else Goal(bound, at_least is not None, workload, rival)
    return Row(key, label, workload, measure, goal)


def _against_few(key: str, label: str, measure: str) -> Row:
    goal = Goal(1.5, at_least=False, workload=plan.STORED_FEW, contender=OURS.key)
    return Row(key, label, plan.STORED_MANY, measure, goal)
