"""A server that faults are tried on, with its database, its people and its back door."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.faults.store import Store, read_store
from tests.support.server import Cookies, Server
from tests.support.waiting import wait_for

TIMEOUT = 10  # seconds


@dataclass
class Host:
    """One server process on SQLite, or on a PostgreSQL of its own."""

    server: Server
    database: Path | str  # a SQLite file, or the URL of a PostgreSQL database

    @property
    def url(self) -> str:
        return self.server.url

    def new_people(self, count: int, name: str = "member") -> dict[str, Cookies]:
        """The cookies of people whom no other test knows, by name."""
        names = [f"{name}-{uuid4().hex[:8]}" for _ in range(count)]
        return {name: self.server.sign_up(name) for name in names}

    def store(self) -> Store:
        """What the database holds."""
        return read_store(self.database)

    def ensure_running(self) -> None:
        """Starts the server if a test before has left it dead."""
        if self.server.exit_status is not None:
            self.server.start()

    # --- The back door ----------------------------------------------------------------------------

    def ask(self, verb: str, **query: str | float) -> Any:
        """What the back door answers."""
        address = f"{self.url}/internal/{verb}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            return json.load(answer)

    def stats(self) -> dict[str, float]:
        """Figures of the process."""
        figures: dict[str, float] = self.ask("stats")
        return figures

    def wait_for_stats(
        self, holds: Callable[[dict[str, float]], bool], timeout: float = TIMEOUT
    ) -> dict[str, float]:
        """The first figures of which `holds` is true."""

        def asked() -> dict[str, float] | None:
            figures = self.stats()
            return figures if holds(figures) else None

        found: dict[str, float] | None = wait_for(asked, timeout)
        assert found, f"not so within {timeout} s: {self.stats()}"
        return found
