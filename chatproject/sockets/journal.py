"""What people do, a line each: connections, refusals, events and disconnections.

Never what they say: no payloads, no cookies, no session ids. A connection is named by a number of its own.
"""

import asyncio
import logging
from collections import Counter, deque
from time import monotonic
from typing import Any

log = logging.getLogger(__name__)

SUMMARY = 5  # seconds
RATE_WINDOW = 10  # seconds over which rates are averaged


class Tally:
    """Counts things, and how many of them came in the last seconds."""

    def __init__(self) -> None:
        self.total = 0
        self._recent: deque[tuple[int, int]] = deque()  # (second, count)

    def add(self) -> None:
        self.total += 1
        second = int(monotonic())
        if self._recent and self._recent[-1][0] == second:
            self._recent[-1] = (second, self._recent[-1][1] + 1)
        else:
            self._recent.append((second, 1))
        self._forget(second)

    def per_second(self) -> float:
        """The average of the last `RATE_WINDOW` seconds."""
        self._forget(int(monotonic()))
        return round(sum(count for _, count in self._recent) / RATE_WINDOW, 2)

    def _forget(self, now: int) -> None:
        while self._recent and self._recent[0][0] <= now - RATE_WINDOW:
            self._recent.popleft()


class Often:
    """Says a line at once, and of those like it that follow within `SUMMARY` seconds only how many they were.

    However many connections are refused, a network and a reason make two lines.
    """

    def __init__(self) -> None:
        self._more: dict[str, int] = {}

    def say(self, line: str) -> None:
        if line in self._more:
            self._more[line] += 1
            return
        if not self._more:
            asyncio.get_running_loop().call_later(SUMMARY, self._sum_up)
        self._more[line] = 0
        log.info("%s", line)

    def _sum_up(self) -> None:
        said, self._more = self._more, {}
        for line, count in said.items():
            if count:
                log.info("%s times=%d", line, count)


class Journal:
    """The log lines of one server, and the figures that come of them."""

    def __init__(self) -> None:
        self.started = monotonic()
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()  # connections that were dropped, by what their clients did
        self.events: dict[str, Tally] = {}
        self.all_events = Tally()
        self._often = Often()

    def connected(self, socket: Any) -> None:
        self.counts["connections"] += 1
        log.info(
            "connected %s transport=%s agent=%r", _who(socket), socket.line.transport, socket.agent[:100]
        )

    def refused(self, socket: Any, code: str) -> None:
        self.counts["refusals"] += 1
        log.info("refused %s code=%s", _who(socket), code)

    def disconnected(self, socket: Any, reason: str) -> None:
        log.info("disconnected %s reason=%s", _who(socket), reason.replace(" ", "_"))

    def session_ended(self, socket: Any, reason: str) -> None:
        """A socket is sent away, since its session, or the right that it was let in with, has ended."""
        self.counts["sessions_ended"] += 1
        log.info("session_ended %s reason=%s", _who(socket), reason)

    def handled(self, socket: Any, event: str, ack: str, seconds: float) -> None:
        """One event was handled; `event` is a declared name, never the client's own text."""
        self.events.setdefault(event, Tally()).add()
        self.all_events.add()
        if ack == "internal":
            self.counts["errors"] += 1
        log.info("event %s event=%s ack=%s ms=%.1f", _who(socket), event, ack, seconds * 1000)

    def turned_away(self, address: str, why: str) -> None:
        """A handshake was refused before there was a connection."""
        self.counts["refusals"] += 1
        log.info("turned_away address=%s why=%s", address, why)

    def held_off(self, network: str, why: str) -> None:
        """The same, for one of so many from a network that they are one line."""
        self.counts["refusals"] += 1
        self._often.say(f"turned_away address={network} why={why}")

    def dropped(self, address: str, why: str) -> None:
        """A connection was closed for what its client sent, or failed to send."""
        self.counts["dropped"] += 1
        self.faults[why] += 1
        log.info("dropped address=%s why=%s", address, why)


def _who(socket: Any) -> str:
    user = getattr(socket.user, "pk", None)
    return f"ns={socket.namespace} conn={socket.number} user={user or '-'} address={socket.address}"
