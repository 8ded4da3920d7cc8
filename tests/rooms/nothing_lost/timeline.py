"""What a page holds of one room, kept as the browser's own `models/timeline.js` keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class Timeline:
    """One unbroken stretch of messages up to the newest; nothing is missing in it up to `version`."""

    def __init__(self, messages: Iterable[Json], version: int) -> None:
        self.messages: dict[int, Json] = {}  # by seq
        self.version = 0
        self._ahead: set[int] = set()
        self.reset(messages, version)

    @property
    def first(self) -> int:
        """The seq of the oldest message held, 0 if none is."""
        return min(self.messages, default=0)

    @property
    def has_gap(self) -> bool:
        return bool(self._ahead)

    def reset(self, messages: Iterable[Json], version: int) -> None:
        later = [message for message in self.messages.values() if message["version"] > version]
        self.messages = {message["seq"]: message for message in messages}
        self.version = version
        self.overlap(later)
        self._count_ahead()

    def apply(self, version: int, message: Json) -> None:
        """Takes in an event."""
        if version > self.version:
            self._ahead.add(version)
        self._put(message)
        self._count_ahead()

    def catch_up(self, messages: list[Json], version: int, reset: bool) -> None:
        """Takes in what `sync` answers for this room."""
        if reset:
            if version < self.version:
                self.messages, self._ahead = {}, set()
            self.reset(messages, version)
            return
        self.overlap(messages)
        self.version = max(self.version, version)
        self._count_ahead()

    def overlap(self, messages: Iterable[Json]) -> None:
        for message in messages:
            self._put(message)

    def prepend(self, messages: Iterable[Json]) -> None:
        """Takes in the page before the oldest message held."""
        first = self.first
        self.messages |= {message["seq"]: message for message in messages if message["seq"] < first}

    def _put(self, message: Json) -> None:
        seq = message["seq"]
        if self.messages and seq < self.first:
            return
        held = self.messages.get(seq)
        if held is None or held["version"] < message["version"]:
            self.messages[seq] = message

    def _count_ahead(self) -> None:
        while self.version + 1 in self._ahead:
            self.version += 1
        self._ahead = {version for version in self._ahead if version > self.version}
