"""Four people and a guest with their pages, and what is done to all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

from django.db import transaction
from django.test import TestCase

from accounts.guests import Guest, Person
from accounts.models import User
from chatproject.errors import DomainError
from chatproject.sockets.publishing import sender
from rooms.models import Membership, Message, Room
from tests.rooms.nothing_lost.browser import Browser
from tests.rooms.nothing_lost.net import Line, Net
from tests.rooms.nothing_lost.truth import assert_gapless, assert_level, assert_never_behind
from tests.support.people import person, room

T = TypeVar("T")

LOSS = 0.3  # of what a bad line carries


class World:
    """Everybody has a page on a good line, the first five, and one on a bad line; `close` undoes it all."""

    def __init__(self) -> None:
        self._undo = transaction.atomic()
        self._undo.__enter__()
        self.net = Net()
        self.net.__enter__()
        self.people: list[Person] = [
            *(person(name) for name in ("owner", "member", "outsider")),
            person("staff", is_staff=True, is_superuser=True),
            Guest(name="Gus", key="0" * 32),
        ]
        self._found_rooms(*self.people[:2])
        self.lines = self.net.lines = [
            Line(Browser(who, self.net, steady=steady)) for steady in (True, False) for who in self.people
        ]
        for line in self.lines:
            self.net.connect(line)
            line.browser.sync()
            for place in list(line.browser.rooms):
                line.browser.open(place)

    def _found_rooms(self, owner: Person, member: Person) -> None:
        assert isinstance(owner, User) and isinstance(member, User)
        room("lobby", owner=owner, members=(member,), guests_may_read=True, guests_may_post=True)
        room("hall", owner=owner, members=(member,))
        room("den", owner=owner, members=(member,), kind=Room.Kind.PRIVATE)

    def close(self) -> None:
        self.net.__exit__()
        transaction.set_rollback(True)
        self._undo.__exit__(None, None, None)

    # --- Who and what -----------------------------------------------------------------------------

    def browser(self, page: int) -> Browser:
        return self.lines[page].browser

    def user(self, number: int) -> User:
        return pick([who for who in self.people if isinstance(who, User)], number)

    def room(self, number: int) -> Room:
        return pick(list(Room.objects.order_by("pk")), number)

    def message(self, number: int) -> Message | None:
        """The latest for 0."""
        found = list(Message.objects.order_by("-pk"))
        return pick(found, number) if found else None

    def pages(self, suits: Callable[[Person], bool]) -> list[int]:
        """The pages of those who suit."""
        return [page for page, line in enumerate(self.lines) if suits(line.browser.person)]

    # --- What happens -----------------------------------------------------------------------------

    def do(self, page: int, operation: Callable[..., Any], **asked: Any) -> Any:
        """What comes of an operation that is asked for from a page; None if it is refused."""
        line = self.lines[page]
        token = sender.set(line if line.channels else None)  # type: ignore[arg-type]
        try:
            return committed(operation, person=line.browser.person, **asked)
        finally:
            sender.reset(token)

    def answer(self, page: int, message: Message | None, heard: bool, *, posted: bool) -> None:
        """The answer arrives, on a good line in any case."""
        browser = self.browser(page)
        if message and (heard or browser.steady):
            browser.take(self.net.as_told(message), posted=posted)

    def catch_up(self, line: Line, random: Random) -> None:
        """What is on its way arrives in part; a line that is cut is made anew; then the page asks."""
        browser = line.browser
        line.deliver(random, loss=LOSS)
        browser.take_late_answer()
        late, line.waiting = line.waiting, []
        if not line.channels:
            self.net.connect(line)
        if not line.channels:
            return  # no room is open to guests
        browser.sync()
        if browser.place:
            browser.open(browser.place)
        assert_level(browser)
        # What comes later than its own answer tells nothing new.
        line.waiting = late
        line.deliver(random)
        assert_level(browser)

    def look(self) -> None:
        """All numbers are there, and who has heard everything is right without asking."""
        assert_gapless(self.net)
        for line in self.lines:
            if line.browser.steady and line.channels:
                line.browser.take_late_answer()
                assert_never_behind(line.browser)


def may_post(place: Room, who: Person) -> bool:
    return place.may_be_posted_in_by(who, Membership.objects.filter(room=place, user_id=who.id or 0).first())


def pick(some: Sequence[T], number: int) -> T:
    return some[number % len(some)]


def committed(operation: Callable[..., Any], *given: Any, **asked: Any) -> Any:
    """What comes of an operation, after all have been told; None if it is refused."""
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            return operation(*given, **asked)
    except DomainError:
        return None
