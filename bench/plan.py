"""What is measured, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass

from .layout import Layout
from .servers import CHANNELS, NODE, OURS, UWEBSOCKETS
from .workloads.arrivals import Arrivals
from .workloads.catching_up import CatchingUp
from .workloads.talk import Talk
from .workloads.workload import Timing, Workload

FANOUT_500, FANOUT_100 = "fanout-500", "fanout-100"
ROOMS_30, ROOMS_1, ROOMS_2 = "rooms-30", "rooms-1", "rooms-2"
LIGHT, IDLE = "light", "idle"
STORED_FEW, STORED_MANY = "stored-few", "stored-many"

LIGHT_RATE = 100.0  # messages per second


@dataclass(frozen=True)
class Plan:
    """All workloads by name, how long each takes, and how often ours and its rivals take turns."""

    workloads: Mapping[str, Workload]
    timing: Timing
    light: Timing
    rounds: int
    quick: bool
    few: int  # messages stored
    many: int

    def timing_of(self, name: str) -> Timing:
        """A light rate needs longer: its 99th percentile rests on a hundredth of its messages."""
        return self.light if name == LIGHT else self.timing

    def rivals(self, name: str) -> set[str]:
        """Who takes part in every round of a workload: who is compared; the others do in the first."""
        return {OURS.key, NODE.key} | ({UWEBSOCKETS.key} if name == FANOUT_500 else set())

    def takes_part(self, name: str, contender: str) -> bool:
        """Whether a server has part in a workload at all."""
        if name in {STORED_FEW, STORED_MANY}:
            return contender == OURS.key
        if not self.quick or contender in self.rivals(name):
            return True
        # Channels takes most of a minute for the 50,000 deliveries of the larger room.
        return name == FANOUT_100 or (name == FANOUT_500 and contender != CHANNELS.key)


def plan(*, quick: bool, rounds: int | None = None) -> Plan:
    """The whole benchmark, or a quick look that leaves the figures noisier."""
    few, many, people = (10_000, 100_000, 300) if quick else (10_000, 1_000_000, 1_000)
    return Plan(
        workloads={
            FANOUT_500: Talk(Layout(rooms=1, size=500), senders=100),
            FANOUT_100: Talk(Layout(rooms=1, size=100), senders=10),
            ROOMS_30: Talk(Layout(rooms=30, size=10), senders=10),
            ROOMS_1: Talk(Layout(rooms=1, size=10), senders=10),
            ROOMS_2: Talk(Layout(rooms=50, size=2), senders=2),
            LIGHT: Talk(Layout(rooms=1, size=100), senders=100, rate=LIGHT_RATE),
            IDLE: Arrivals(Layout(rooms=people // 10, size=10)),
            STORED_FEW: CatchingUp(Layout(rooms=20, size=1, messages=few)),
            STORED_MANY: CatchingUp(Layout(rooms=20, size=1, messages=many)),
        },
        timing=Timing(0.5, 1.5) if quick else Timing(1.0, 5.0),
        light=Timing(0.5, 2.0) if quick else Timing(1.0, 10.0),
        rounds=rounds or (1 if quick else 3),
        quick=quick,
        few=few,
        many=many,
    )
