"""How often, and how many at once: limits that cost the same few steps however many are held to them.

They hold for one process; where several share the work, each allows as much.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from time import monotonic
from typing import TYPE_CHECKING

from chatproject.sockets.addresses import network

if TYPE_CHECKING:
    from chatproject.sockets.line import Line

Rate = tuple[int, float]  # so many times in so many seconds, all at once or evenly
Clock = Callable[[], float]  # seconds that never run backwards

FOR_EVER = math.inf
PLACE_RETRY = 5.0  # seconds until who has too many at once may look whether one is gone
SLACK = 0.001  # of what comes back for one time


class Pace:
    """A rate, kept by one number for each who is held to it: when all that was used will have come back.

    (The generic cell rate algorithm: a bucket of tokens, without the tokens.)
    """

    __slots__ = ("_room", "seconds", "step")

    def __init__(self, rate: Rate) -> None:
        count, self.seconds = rate
        self.step = self.seconds / count  # until one time has come back
        # A little slack, so that no sum of fractions decides.
        self._room = self.seconds - self.step * (1 - SLACK)

    def wait(self, full_at: float, now: float) -> float:
        """Seconds until there is a next time; 0 if there is one now."""
        ahead = full_at - now
        return 0.0 if ahead <= self._room else ahead - self.seconds + self.step

    def after(self, full_at: float, now: float) -> float:
        """The number once one more time is used."""
        return max(full_at, now) + self.step


class Throttle:
    """Holds each of many to a rate; who has not come for a while is forgotten, without a timer."""

    def __init__(self, rate: Rate | None, *, clock: Clock = monotonic) -> None:
        self._pace = Pace(rate) if rate else None
        self._clock = clock
        # Who came since `_turned`, and who in the turn before. After a whole turn all has come back.
        self._lately: dict[Hashable, float] = {}
        self._before: dict[Hashable, float] = {}
        self._turned = clock()

    @property
    def size(self) -> int:
        """How many are remembered."""
        return len(self._lately | self._before)

    def take(self, key: Hashable) -> float:
        """Counts one time, and returns 0; the seconds to wait, uncounted, if it is too often."""
        if self._pace is None:
            return 0.0
        now = self._clock()
        self._forget(now, self._pace.seconds)
        full_at = self._lately.get(key) or self._before.get(key, 0.0)
        if wait := self._pace.wait(full_at, now):
            return wait
        self._lately[key] = self._pace.after(full_at, now)
        return 0.0

    def _forget(self, now: float, turn: float) -> None:
        passed = now - self._turned
        if passed >= turn:
            self._before = self._lately if passed < 2 * turn else {}
            self._lately = {}
            self._turned = now


class EventLimit:
    """Holds each connection to a rate of packets, over all its namespaces, and knows a flood."""

    def __init__(self, rate: Rate | None, *, clock: Clock = monotonic) -> None:
        self._pace = Pace(rate) if rate else None
        self._clock = clock

    def take(self, line: Line) -> float:
        """Counts one packet, and returns 0; the seconds to wait, if it is one too many.

        `FOR_EVER` when as many were refused within the rate's time as may be accepted.
        """
        pace = self._pace
        if pace is None:
            return 0.0
        now = self._clock()
        if not (wait := pace.wait(line.events_full_at, now)):
            line.events_full_at = pace.after(line.events_full_at, now)
        elif pace.wait(line.refusals_full_at, now):
            return FOR_EVER
        else:
            line.refusals_full_at = pace.after(line.refusals_full_at, now)
        return wait


class ConnectLimit:
    """How often an address may open a connection, and how many it may have; before there is one."""

    def __init__(self, rate: Rate | None, most: int, places: Places, *, clock: Clock = monotonic) -> None:
        self.most = most
        self._places = places
        self._throttle = Throttle(rate, clock=clock)

    def take(self, address: str) -> float:
        """Counts one attempt, and returns 0; the seconds to wait, if it is one too many."""
        key = network(address)
        return self._throttle.take(key) or (PLACE_RETRY if self._places.is_full(key, self.most) else 0.0)


class Places:
    """How many each of many holds at once."""

    def __init__(self) -> None:
        self._taken: dict[Hashable, int] = {}

    @property
    def size(self) -> int:
        """How many hold any."""
        return len(self._taken)

    def is_full(self, key: Hashable, most: int) -> bool:
        """Whether `key` holds `most`, or more; 0 for no limit."""
        return bool(most) and self._taken.get(key, 0) >= most

    def take(self, key: Hashable) -> None:
        """One more for `key`."""
        self._taken[key] = self._taken.get(key, 0) + 1

    def give_back(self, key: Hashable) -> None:
        """One less for `key`."""
        if left := self._taken.pop(key) - 1:
            self._taken[key] = left
