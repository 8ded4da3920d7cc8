"""What a server's database holds, read by another way than the server's."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

MESSAGES = (
    "SELECT id, room_id, seq, version, client_id, author_id, guest_key, body FROM rooms_message"
    " ORDER BY room_id, seq"
)
ROOMS = "SELECT id, last_seq, version FROM rooms_room"

Fetch = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Stored:
    """A row of messages."""

    id: int
    room: int
    seq: int
    version: int
    client_id: str
    author: int | None
    guest: str
    body: str


@dataclass(frozen=True)
class Store:
    """All messages in the order of their rooms, and the counters of each room: `(last_seq, version)`."""

    messages: list[Stored]
    counters: dict[int, tuple[int, int]]

    def of(self, room: int) -> list[Stored]:
        """A room's messages, in their order."""
        return [message for message in self.messages if message.room == room]

    def versions(self, *rooms: int) -> dict[str, int]:
        """The version of each of these rooms, as `sync` and `level` take it."""
        return {str(room): self.counters[room][1] for room in rooms}


def read_store(where: Path | str) -> Store:
    """What is stored: in a SQLite file, or at the URL of a PostgreSQL database."""
    if isinstance(where, Path):
        with closing(sqlite3.connect(where, timeout=30)) as connection:
            return _read(lambda statement: connection.execute(statement).fetchall())
    with psycopg.connect(where) as connected:
        return _read(lambda statement: connected.execute(statement.encode()).fetchall())


def _read(fetch: Fetch) -> Store:
    messages = [
        # SQLite keeps a UUID as text without dashes.
        Stored(pk, room, seq, version, str(UUID(str(client_id))), author, guest, body)
        for pk, room, seq, version, client_id, author, guest, body in fetch(MESSAGES)
    ]
    return Store(messages, {room: (last_seq, version) for room, last_seq, version in fetch(ROOMS)})
