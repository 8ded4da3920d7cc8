"""Our server, as its user would start it, with everything on."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.layout import Layout
from bench.load.dialects import Seat, SocketIO
from bench.places import LOG, ROOT
from bench.process import Process, free_port, running
from bench.seeds import copied, seeded

# Everybody comes from one address, and says more than people do. What goes on is counted all the same.
LIMITS = {
    "MESSAGE_RATE": "1000000/1",
    "EVENT_RATE": "1000000/1",
    "CONNECT_RATE": "1000000/1",
    "SOCKETS_PER_PERSON": "1000000",
    "SOCKETS_PER_ADDRESS": "1000000",
    "GUESTS_PER_ADDRESS": "1000000",
}


class Chat:
    """Everything on: sessions, memberships, validation, limits, durable storage."""

    key = "ours"
    label = "Parley"
    note = "this project: sessions, memberships, validation, SQLite"
    dialect = SocketIO()

    def missing(self) -> str:
        return ""

    def seats(self, layout: Layout) -> list[Seat]:
        """People who have signed in; their sessions' cookies come with them."""
        people = json.loads((seeded(layout) / "people.json").read_text())
        return [Seat(number, room, cookie) for number, (room, cookie) in enumerate(people)]

    @contextlib.contextmanager
    def running(self, layout: Layout, folder: Path) -> Iterator[Process]:
        port = free_port()
        data = copied(layout, folder)
        environment = {
            **os.environ,
            **LIMITS,
            "DJANGO_SETTINGS_MODULE": "chatproject.settings",
            "DATA_DIR": str(data),
            "PORT": str(port),
        }
        command = (sys.executable, "manage.py", "serve")
        with running(command, port, folder=ROOT, log=folder / LOG, environment=environment) as process:
            yield process
