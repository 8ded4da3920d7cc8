"""How things are in this process, now and over the last minutes: what the console shows in numbers."""

from __future__ import annotations

import resource
import sys
from collections import Counter, deque
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TypedDict

from django.conf import settings
from django.utils import timezone

from accounts.events import wire_time
from rooms.events import channels

if TYPE_CHECKING:
    from chatproject.sockets.server import Server

INTERVAL = 2  # seconds between two samples
HISTORY = 600  # seconds that samples are kept

_STATM = Path("/proc/self/statm")


class Sample(TypedDict):
    """What is kept of a moment."""

    at: str
    people: int
    sockets: int
    messages_per_second: float
    events_per_second: float
    memory: int


class Figures(Sample):
    """How things are at one moment; counts of what happened are since the start of the process."""

    guests: int
    transports: dict[str, int]
    rooms: int
    errors: int
    refusals: int
    dropped: int
    queue: int
    uptime: int
    version: str


class LiveFigures:
    """The figures of one server: counted in memory, on its loop, without a look at the database."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._samples: deque[Sample] = deque(maxlen=HISTORY // INTERVAL)

    @property
    def history(self) -> list[Sample]:
        """The samples of the last `HISTORY` seconds, oldest first."""
        return list(self._samples)

    def sample(self) -> Figures:
        """The figures of now, which are kept in the history."""
        figures = self.now()
        self._samples.append(
            {
                "at": figures["at"],
                "people": figures["people"],
                "sockets": figures["sockets"],
                "messages_per_second": figures["messages_per_second"],
                "events_per_second": figures["events_per_second"],
                "memory": figures["memory"],
            }
        )
        return figures

    def now(self) -> Figures:
        """The figures of now."""
        sockets = self._server.of("/").fetch_sockets()
        journal = self._server.journal
        posted = journal.events.get("post_message")
        return {
            "at": wire_time(timezone.now()),
            "people": len({socket.user.id for socket in sockets} - {None}),
            "guests": sum(socket.user.id is None for socket in sockets),
            "sockets": len(sockets),
            "transports": {
                "websocket": 0,
                "polling": 0,
                **Counter(socket.line.transport for socket in sockets),
            },
            "rooms": self._rooms_heard(),
            "messages_per_second": posted.per_second() if posted else 0,
            "events_per_second": journal.all_events.per_second(),
            "errors": journal.counts["errors"],
            "refusals": journal.counts["refusals"],
            "dropped": journal.faults["slow"],
            "queue": self._server.writes.waiting,
            "memory": memory(),
            "uptime": int(monotonic() - journal.started),
            "version": settings.VERSION,
        }

    def _rooms_heard(self) -> int:
        """How many rooms somebody hears now."""
        names = self._server.rooms_in("/")
        return len({channels.room_id(name) for name in names if channels.is_shared(name)})


def memory() -> int:
    """The bytes of memory that this process has; where the system does not say, the most it ever had."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * resource.getpagesize()
