"""One page: what it holds and what it asks, kept as `feed.js`, `catch_up.js` and `chat.js` keep it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from accounts.guests import Person
from chatproject.errors import DomainError
from tests.rooms.nothing_lost.timeline import Json, Timeline

if TYPE_CHECKING:
    from tests.rooms.nothing_lost.net import Net

COUNTERS = ("last_seq", "version", "last_read")
ROUNDS = 200  # of `sync`, after which it would never end


class Browser:
    """A page of `person`'s. `steady` ones hear everything at once, and ask when what they hear makes them."""

    def __init__(self, person: Person, net: Net, *, steady: bool) -> None:
        self.person = person
        self.net = net
        self.steady = steady
        self.rooms: dict[int, Json] = {}
        self.timelines: dict[int, Timeline] = {}
        self.place: int | None = None  # the room being shown
        self._answer: tuple[dict[int, int], Json] | None = None  # of a question that is under way
        self._told: dict[int, Json | None] = {}  # rooms told of since it was asked; None: gone
        self._handlers: dict[str, Callable[[Json], None]] = {
            "message_posted": lambda event: self.take(event["message"], posted=True),
            "message_changed": lambda event: self.take(event["message"], posted=False),
            "room_changed": lambda event: self._room(event["room"]),
            "room_removed": lambda event: self._removed(event["room"]),
            "room_read": lambda event: self._read(event["room"], event["seq"]),
        }

    def __repr__(self) -> str:
        return f"<{self.person.name}'s {'steady' if self.steady else 'shaky'} page>"

    # --- What the server says by itself -----------------------------------------------------------

    def hear(self, event: str, payload: Json) -> None:
        if event in self._handlers:
            self._handlers[event](payload)

    def take(self, message: Json, *, posted: bool) -> None:
        """A message was posted or changed, by anybody, this page included."""
        room, version = message["room"], message["version"]
        if posted:
            self._count(room, message)
        if timeline := self.timelines.get(room):
            timeline.apply(version, message)
            if timeline.has_gap and self.steady:
                self.sync()

    def _count(self, room: int, message: Json) -> None:
        if room in self.rooms:
            self._merge({"id": room, "version": message["version"], "last_seq": message["seq"]})
            if self.person.id is not None and message["author"]["id"] == self.person.id:
                self._read(room, message["seq"])

    def _room(self, room: Json) -> None:
        if room["id"] not in self.rooms and "role" not in room:
            if self.steady:
                self.sync()
            return
        self._told[room["id"]] = {**(self._told.get(room["id"]) or {}), **room}
        self._merge(room)

    def _removed(self, room: int) -> None:
        self._told[room] = None
        self.forget(room)

    def _read(self, room: int, seq: int) -> None:
        if (held := self.rooms.get(room)) and held.get("role") and held["last_read"] < seq:
            held["last_read"] = seq

    def forget(self, room: int) -> None:
        """The room is gone for this person."""
        self.rooms.pop(room, None)
        self.timelines.pop(room, None)
        if self.place == room:
            self.place = None

    # --- What it asks -----------------------------------------------------------------------------

    def sync(self) -> None:
        """Catches up, with as many questions as that takes."""
        for _ in range(ROUNDS):
            self.ask()
            if not self._take_answer():
                return
        raise AssertionError("sync never ends")

    def ask(self) -> None:
        """Sends `sync`; the server reads now what it answers."""
        held = {room: timeline.version for room, timeline in self.timelines.items()}
        self._answer, self._told = (held, self.net.sync(self.person, held)), {}

    def take_late_answer(self) -> None:
        """The answer of a question arrives, after whatever was heard since."""
        if self._answer and self._take_answer():
            self.sync()

    def lose_answer(self) -> None:
        self._answer = None

    def _take_answer(self) -> bool:
        """Whether there is more to ask for."""
        assert self._answer
        (held, answer), self._answer = self._answer, None
        self._take_rooms(answer["rooms"], held)
        return self._take_changes(answer["rooms"], answer["changes"], held)

    def open(self, room: int) -> None:
        """Shows a room."""
        if self.place != room:
            self._leave_place()
        try:
            answer = self.net.open(self, room)
        except DomainError:
            return
        self.place = room
        self._merge(answer["room"])
        self._hold(room, answer["messages"], answer["version"])

    def read_older(self) -> None:
        """Scrolls up in the room being shown."""
        timeline = self.timelines.get(self.place or 0)
        if timeline and timeline.first > 1:
            timeline.prepend(self.net.history(self.person, self.place or 0, timeline.first))

    def unread(self, room: int) -> int:
        held = self.rooms[room]
        if not held.get("role") or held["archived"]:
            return 0
        return max(0, int(held["last_seq"]) - int(held["last_read"]))

    def _hold(self, room: int, messages: list[Json], version: int) -> None:
        if room not in self.timelines:
            self.timelines[room] = Timeline(messages, version)
            return
        held = self.timelines[room]
        held.overlap(messages)
        if version > held.version:
            self.sync()

    def _leave_place(self) -> None:
        room, self.place = self.place, None
        if room is None or room not in self.rooms or self.rooms[room].get("role"):
            return
        # Outside of a room one is told nothing of it.
        self.timelines.pop(room, None)
        if self.person.is_authenticated:
            self.rooms.pop(room)
        self.net.close(self, room)

    def _take_rooms(self, rooms: list[Json], held: dict[int, int]) -> None:
        # What was told since it was asked may be newer than the answer.
        gone = {room for room, told in self._told.items() if told is None}
        kept = self._told.keys() - gone | ({self.place} - held.keys())
        for room in self.rooms.keys() - kept - ({each["id"] for each in rooms} - gone):
            self.forget(room)
        for each in [*rooms, *filter(None, self._told.values())]:
            if each["id"] not in gone:
                self._merge(each)

    def _take_changes(self, rooms: list[Json], changes: dict[str, Any], held: dict[int, int]) -> bool:
        """Whether there is more to ask for."""
        versions = {room["id"]: room["version"] for room in rooms}
        behind = moved = False
        for key, change in changes.items():
            room = int(key)
            if timeline := self.timelines.get(room):
                timeline.catch_up(**change)
                behind |= change["version"] < versions[room]
                # One that did not fit in waits for the others.
                moved |= change["version"] != held[room]
        return behind and moved

    def _merge(self, room: Json) -> None:
        held = self.rooms.get(room["id"], {})
        merged = {**held, **room}
        for counter in COUNTERS:
            if held.get(counter, 0) > room.get(counter, 0):
                merged[counter] = held[counter]
        self.rooms[room["id"]] = merged
