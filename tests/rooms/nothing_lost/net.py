"""The server as pages reach it: who is in which Socket.IO room, and lines that lose and mix up events."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection
from random import Random
from types import SimpleNamespace
from typing import Any

from accounts.guests import Person
from accounts.models import User
from chatproject.sockets import publishing
from chatproject.sockets.channels import user_room
from chatproject.sockets.publishing import Emission
from rooms.events import channels
from rooms.events.payloads import message_payload
from rooms.models import Membership, Message, Room
from rooms.namespaces import chat
from rooms.namespaces.payloads import Sync
from rooms.operations.access import find
from rooms.operations.reading import read_history
from tests.rooms.nothing_lost.browser import Browser
from tests.rooms.nothing_lost.timeline import Json

MESSAGES = ("message_posted", "message_changed")


class Line:
    """A page's connection: the Socket.IO rooms it is in, and what is on its way to the page."""

    namespace, address = "/", "127.0.0.1"  # as the audit asks a socket

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.channels: set[str] = set()  # none: it is cut
        self.waiting: list[tuple[str, Json]] = []

    def deliver(self, random: Random, *, loss: float = 0) -> None:
        """Delivers what waits. Of messages some are lost, doubled, late or mixed up; the rest keeps order."""
        coming, self.waiting = self.waiting, []
        mixed = [event for event in coming if event[0] in MESSAGES and random.random() >= loss]
        mixed += [event for event in mixed if random.random() < loss]
        random.shuffle(mixed)
        late = [event for event in mixed if random.random() < loss]
        others = [event for event in coming if event[0] not in MESSAGES and random.random() >= loss]
        for event in _merged(random, [event for event in mixed if event not in late], others):
            self.browser.hear(*event)
        self.waiting = late + self.waiting


class Net:
    """Stands where `publish` finds the server."""

    manager = SimpleNamespace(members=lambda namespace, room: ())  # nobody watches the console

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.versions: defaultdict[int, list[int]] = defaultdict(list)  # told of each room, as they came

    def line_of(self, browser: Browser) -> Line:
        return next(line for line in self.lines if line.browser is browser)

    # --- As the server that `publish` knows -------------------------------------------------------

    def submit(self, call: Callable[[], None]) -> None:
        call()

    def apply(self, emission: Emission) -> None:
        lines = [line for line in self.lines if self._is_meant(line, emission)]
        if emission.event and lines:
            self._tell(emission.event, _as_json(emission.payload), lines)
        if emission.event in MESSAGES:
            self.versions[emission.payload["room"]].append(emission.payload["version"])
        for line in lines:
            line.channels |= set(emission.join)
            line.channels -= set(emission.leave)
            if emission.close:
                self.cut(line)

    def _is_meant(self, line: Line, emission: Emission) -> bool:
        meant = not line.channels.isdisjoint(emission.to) and line.channels.isdisjoint(emission.except_)
        sender: object = emission.sender
        return meant and "/" in emission.namespaces and line is not sender

    def _tell(self, event: str, payload: Json, lines: Collection[Line]) -> None:
        if event in (*MESSAGES, "room_changed"):
            room = payload["room"]["id"] if event == "room_changed" else payload["room"]
            _assert_readable(room, [line.browser.person for line in lines])
        for line in lines:
            if line.browser.steady:
                line.browser.hear(event, payload)
            else:
                line.waiting.append((event, payload))

    # --- As pages know it -------------------------------------------------------------------------

    def connect(self, line: Line) -> None:
        """Lets a page in, unless it is a guest's and no room is open to guests."""
        person = line.browser.person
        line.waiting = []
        if isinstance(person, User):
            own = Membership.objects.filter(user=person).values_list("room_id", flat=True)
            line.channels = {user_room(person.pk), channels.EVERYBODY, *map(channels.members_of, own)}
        elif Room.objects.for_guests().exists():
            line.channels = {channels.GUESTS, channels.EVERYBODY}

    def cut(self, line: Line) -> None:
        line.channels, line.waiting = set(), []
        line.browser.lose_answer()

    def sync(self, person: Person, held: dict[int, int]) -> Json:
        asked = Sync.model_validate(_as_json({"rooms": held}))
        answer = chat.ChatNamespace.on_sync(chat.ChatNamespace("/"), _socket(person), asked)
        for room in answer["changes"]:
            _assert_readable(int(room), [person])
        return _as_json(answer)

    def open(self, browser: Browser, room: int) -> Json:
        place = find(browser.person, room)
        line = self.line_of(browser)
        if channel := chat._reading_channel(place, _socket(browser.person)):
            line.channels.add(channel)
        return _as_json(chat._open(_socket(browser.person), room))

    def close(self, browser: Browser, room: int) -> None:
        self.line_of(browser).channels -= {channels.readers_of(room), channels.guests_of(room)}

    def history(self, person: Person, room: int, before: int) -> list[Json]:
        page = read_history(person=person, room=room, before=before)
        return [self.as_told(message) for message in page.messages]

    def as_told(self, message: Message) -> Json:
        """A message as an ack holds it."""
        return _as_json(message_payload(message))

    def __enter__(self) -> Net:
        publishing.bind(self)  # type: ignore[arg-type]
        return self

    def __exit__(self, *error: object) -> None:
        publishing.bind(None)


def _socket(person: Person) -> Any:
    return SimpleNamespace(user=person)


def _as_json(value: Any) -> Json:
    """An object as it arrives at the other side."""
    return dict(json.loads(json.dumps(value)))


def _merged(random: Random, one: list[Any], other: list[Any]) -> list[Any]:
    """Both, each in its own order."""
    of_one = [True] * len(one) + [False] * len(other)
    random.shuffle(of_one)
    first, second = iter(one), iter(other)
    return [next(first) if each else next(second) for each in of_one]


def _assert_readable(room_id: int, people: Collection[Person]) -> None:
    """Nobody is told of a room that they may not read."""
    room = Room.objects.get(pk=room_id)
    members = {membership.user_id: membership for membership in Membership.objects.filter(room=room)}
    for person in people:
        assert room.may_be_read_by(person, members.get(person.id or 0)), (room, person)
