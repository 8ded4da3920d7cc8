"""What the benchmark needs to know of a server."""

import contextlib
from pathlib import Path
from typing import Protocol

from bench.layout import Layout
from bench.load.dialects import Dialect, Seat
from bench.process import Process


class Contender(Protocol):
    """A server that can be started for a layout of rooms."""

    @property
    def key(self) -> str:
        """Its name on the command line."""

    @property
    def label(self) -> str:
        """Its name in tables."""

    @property
    def note(self) -> str:
        """What it is."""

    @property
    def dialect(self) -> Dialect:
        """How one talks with it."""

    def missing(self) -> str:
        """Why it cannot be measured here, empty if it can."""

    def seats(self, layout: Layout) -> list[Seat]:
        """The people, room by room."""

    def running(self, layout: Layout, folder: Path) -> contextlib.AbstractContextManager[Process]:
        """The server, fresh, keeping its data and its log in the empty `folder`."""
