"""Several people change the same rooms at once, while pages catch up: nothing is missed or numbered twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from threading import Event, Lock
from uuid import UUID

import pytest

from accounts.guests import Guest, Person
from chatproject.errors import DomainError
from rooms.models import Message, Room
from rooms.operations.changing import edit_message, react
from rooms.operations.deleting import delete_message
from rooms.operations.messages import mark_read, post_message
from tests.rooms.conftest import at_once
from tests.rooms.nothing_lost.browser import Browser
from tests.rooms.nothing_lost.net import Line, Net
from tests.rooms.nothing_lost.truth import assert_gapless, assert_level

pytestmark = pytest.mark.django_db(transaction=True)

ACTIONS = 25  # of each person
LOSS = 0.3
BUSY = "😀😁😂🤣"


class SharedNet(Net):
    """One that several threads publish to."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()

    def submit(self, call: Callable[[], None]) -> None:
        with self._lock:
            call()


class Writer:
    """Somebody who does something to messages, again and again; some of it is refused."""

    def __init__(self, who: Person, rooms: list[Room], seed: int) -> None:
        self.who, self.rooms, self.random = who, rooms, Random(seed)
        self.refused = 0

    def __call__(self) -> None:
        for _ in range(ACTIONS):
            act = self.random.choice(
                [self._post, self._post, self._react, self._edit, self._delete, self._read]
            )
            try:
                act()
            except DomainError:
                self.refused += 1

    def _post(self) -> None:
        # Few ids: some are repeats, which may come in the same moment for another room.
        client_id = UUID(int=self.random.randrange(ACTIONS))
        room = self.random.choice(self.rooms)
        post_message(person=self.who, room=room.pk, client_id=client_id, body="posted")

    def _react(self) -> None:
        emoji, on = self.random.choice(BUSY), self.random.random() < 0.7
        react(person=self.who, message=self._some(), emoji=emoji, on=on)

    def _edit(self) -> None:
        edit_message(person=self.who, message=self._some(own=True), body=f"edit {self.random.random()}")

    def _delete(self) -> None:
        if self.random.random() < 0.3:
            delete_message(person=self.who, message=self._some(own=True))

    def _read(self) -> None:
        mark_read(person=self.who, room=self.random.choice(self.rooms).pk, seq=self.random.randrange(20))

    def _some(self, *, own: bool = False) -> int:
        messages = Message.objects.by(self.who) if own else Message.objects.all()
        latest = list(messages.order_by("-pk").values_list("pk", flat=True)[:5])
        return self.random.choice(latest or [1])


def catch_up_until(done: Event, line: Line, random: Random) -> None:
    """A page on a bad line that asks what it missed as often as it can."""
    while not done.wait(0.01):
        line.deliver(random, loss=LOSS)
        line.browser.sync()


def write(writers: list[Writer], done: Event) -> None:
    try:
        outcomes = at_once(*writers)
    finally:
        done.set()
    assert outcomes == [None] * len(writers)


@pytest.mark.parametrize("seed", range(3))
def test_who_catches_up_while_others_write_misses_nothing(owner, member, lobby, den, settings, seed):
    settings.SYNC_LIMIT = 12
    people: list[Person] = [owner, member, Guest(name="Gus", key="0" * 32), owner, member]
    writers = [Writer(who, [lobby, den], 100 * seed + n) for n, who in enumerate(people)]
    with SharedNet() as net:
        net.lines = [Line(Browser(who, net, steady=False)) for who in people[:3]]
        for line in net.lines:
            net.connect(line)
            line.browser.sync()
            for room in list(line.browser.rooms):
                line.browser.open(room)
        done = Event()
        pages = [partial(catch_up_until, done, line, Random(seed)) for line in net.lines]
        assert at_once(partial(write, writers, done), *pages) == [None] * 4
        for told in net.versions.values():
            told.sort()  # two commits may be told of in another order
        assert_gapless(net)
        assert sum(len(told) for told in net.versions.values()) > 30
        for line in net.lines:
            line.browser.sync()
            assert_level(line.browser)
            line.deliver(Random(seed))
            assert_level(line.browser)
