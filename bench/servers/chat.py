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

# Limits stay on, above the load; a setting that does not exist does no harm.
LIMITS = {"MESSAGE_RATE": "0", "EVENT_RATE": "0", "CONNECT_RATE": "0", "SOCKETS_PER_PERSON": "0"}


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
