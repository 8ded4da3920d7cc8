"""What people may do, in any order, with pages that hear of it over good and bad lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import transaction
from django.test import TestCase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from accounts.guests import Guest, Person
from accounts.models import User
from chatproject.errors import DomainError
from chatproject.sockets.publishing import sender
from rooms.models import Membership, Message, Room
from rooms.operations import changing, memberships, messages, rooms
from tests.rooms.nothing_lost.browser import Browser
from tests.rooms.nothing_lost.net import Line, Net
from tests.rooms.nothing_lost.truth import assert_gapless, assert_level, assert_never_behind
from tests.support.people import person, room

T = TypeVar("T")

EMOJI = ["👍", "🎉", "❤️"]
KINDS = [*["_post"] * 5, *["_edit"] * 3, *["_react"] * 3, "_delete", "_read", "_post_again"]
MOST_ROOMS = 5
LOSS = 0.3  # of what a bad line carries

pages = st.integers(0, 9)
numbers = st.integers(0, 30)
flags = st.booleans()
randoms = st.randoms(use_true_random=False)


class Saying(NamedTuple):
    """Something that is done to messages: by which page and to which, and whether its answer arrives."""

    kind: str
    page: int
    target: int
    number: int
    heard: bool


class Conversation(RuleBasedStateMachine):
    """Four people and a guest, each with a page on a good line and one on a bad line."""

    def __init__(self) -> None:
        super().__init__()
        self._undo = transaction.atomic()
        self._undo.__enter__()
        self.net = Net()
        self.net.__enter__()
        self.people: list[Person] = [
            *(person(name) for name in ("owner", "member", "outsider")),
            person("staff", is_staff=True, is_superuser=True),
            Guest(name="Gus", key="0" * 32),
        ]
        owner, member, *_ = self.people
        assert isinstance(owner, User) and isinstance(member, User)
        room("lobby", owner=owner, members=(member,), guests_may_read=True, guests_may_post=True)
        room("hall", owner=owner, members=(member,))
        room("den", owner=owner, members=(member,), kind=Room.Kind.PRIVATE)
        self.posted: list[tuple[int, UUID]] = []
        self._enter()

    def _enter(self) -> None:
        self.net.lines = [
            Line(Browser(who, self.net, steady=steady)) for steady in (True, False) for who in self.people
        ]
        for line in self.net.lines:
            self.net.connect(line)
            line.browser.sync()
            for place in list(line.browser.rooms):
                line.browser.open(place)

    def teardown(self) -> None:
        try:
            self._everybody_is_level(Random(0))
        finally:
            self.net.__exit__()
            transaction.set_rollback(True)
            self._undo.__exit__(None, None, None)

    # --- What people do ---------------------------------------------------------------------------

    @rule(
        said=st.lists(
            st.builds(Saying, st.sampled_from(KINDS), pages, numbers, numbers, flags), min_size=1, max_size=12
        )
    )
    def talk(self, said: list[Saying]) -> None:
        for saying in said:
            getattr(self, saying.kind)(saying)

    def _post(self, saying: Saying) -> None:
        place = self._room(saying.target)
        page = self._page_of(saying, lambda who: _may_post(place, who))
        client_id = UUID(int=len(self.posted) + 1)
        self.posted.append((page, client_id))
        self._say(page, place, client_id, saying.heard)

    def _post_again(self, saying: Saying) -> None:
        if self.posted:
            page, client_id = _pick(self.posted, saying.number)
            self._say(page, self._room(saying.target), client_id, saying.heard)

    def _edit(self, saying: Saying) -> None:
        self._change(saying, changing.edit_message, body=f"*edit* {saying.number % 5}")

    def _delete(self, saying: Saying) -> None:
        self._change(saying, changing.delete_message)

    def _react(self, saying: Saying) -> None:
        emoji, on = _pick(EMOJI, saying.number), saying.number % 4 > 0
        self._change(saying, changing.react, emoji=emoji, on=on)

    def _read(self, saying: Saying) -> None:
        place = self._room(saying.target)
        page = self._page_of(saying, lambda who: _may_post(place, who))
        seq = saying.number % (place.last_seq + 1)
        if self._do(page, messages.mark_read, room=place.pk, seq=seq):
            self._browser(page).hear("room_read", {"room": place.pk, "seq": seq})

    def _say(self, page: int, place: Room, client_id: UUID, heard: bool) -> None:
        body = f"**{client_id.int}**"
        said = self._do(page, messages.post_message, room=place.pk, client_id=client_id, body=body)
        self._ack(page, said, heard, posted=True)

    def _change(self, saying: Saying, operation: Callable[..., Message], **asked: Any) -> None:
        if found := self._message(saying.target):
            author = operation is not changing.react
            page = self._page_of(
                saying, lambda who: found.is_by(who) if author else _may_post(found.room, who)
            )
            changed = self._do(page, operation, message=found.pk, **asked)
            self._ack(page, changed, saying.heard, posted=False)

    def _page_of(self, saying: Saying, suits: Callable[[Person], bool]) -> int:
        """A page of somebody who may do it; now and then, of anybody."""
        suiting = [page for page, line in enumerate(self.net.lines) if suits(line.browser.person)]
        return _pick(suiting, saying.page) if suiting and saying.number % 10 else saying.page

    @rule(page=pages, place=numbers)
    def join(self, page: int, place: int) -> None:
        self._do(page, memberships.join_room, room=self._room(place).pk)

    @rule(page=pages, place=numbers)
    def leave(self, page: int, place: int) -> None:
        self._do(page, memberships.leave_room, room=self._room(place).pk)

    @rule(page=pages, place=numbers, who=numbers)
    def add_member(self, page: int, place: int, who: int) -> None:
        self._do(page, memberships.add_members, room=self._room(place).pk, users=[self._user(who).pk])

    @rule(page=pages, place=numbers, who=numbers)
    def remove_member(self, page: int, place: int, who: int) -> None:
        self._do(page, memberships.remove_member, room=self._room(place).pk, user=self._user(who).pk)

    @precondition(lambda self: Room.objects.count() < MOST_ROOMS)
    @rule(page=pages, private=flags, guests=flags, who=numbers)
    def create_room(self, page: int, private: bool, guests: bool, who: int) -> None:
        kind = Room.Kind.PRIVATE if private else Room.Kind.PUBLIC
        self._do(
            page,
            rooms.create_room,
            name="Another",
            kind=kind,
            guests_may_read=guests and not private,
            users=[self._user(who).pk],
        )

    @rule(
        place=numbers,
        change=st.sampled_from(
            [
                {"name": "Renamed"},
                {"archived": True},
                {"archived": False},
                {"read_only": True},
                {"read_only": False},
                {"guests_may_read": False},
                {"guests_may_post": True},
                {"kind": Room.Kind.PRIVATE},
                {"kind": Room.Kind.PUBLIC},
                {"everyone": True},
            ]
        ),
    )
    def change_room(self, place: int, change: dict[str, Any]) -> None:
        with TestCase.captureOnCommitCallbacks(execute=True):
            _quietly(rooms.change_room, self._room(place), person=None, **change)

    # --- What pages do ----------------------------------------------------------------------------

    @rule(page=pages, place=numbers)
    def open(self, page: int, place: int) -> None:
        if self._line(page).channels:
            self._browser(page).open(self._room(place).pk)

    @rule(page=pages)
    def scroll_up(self, page: int) -> None:
        if self._line(page).channels:
            self._browser(page).read_older()

    @rule(page=pages)
    def ask(self, page: int) -> None:
        if self._line(page).channels:
            self._browser(page).ask()

    @rule(page=pages)
    def answer(self, page: int) -> None:
        self._browser(page).take_late_answer()

    # --- What lines do ----------------------------------------------------------------------------

    @rule(line=st.integers(5, 9), random=randoms)
    def deliver(self, line: int, random: Random) -> None:
        self._line(line).deliver(random, loss=LOSS)

    @rule(line=st.integers(5, 9))
    def cut(self, line: int) -> None:
        self.net.cut(self._line(line))

    @rule(line=st.integers(5, 9), random=randoms)
    def catch_up(self, line: int, random: Random) -> None:
        self._catch_up(self._line(line), random)

    @rule()
    def look(self) -> None:
        assert_gapless(self.net)
        for line in self.net.lines:
            if line.browser.steady and line.channels:
                line.browser.take_late_answer()
                assert_never_behind(line.browser)

    # --- The rest ---------------------------------------------------------------------------------

    def _catch_up(self, line: Line, random: Random) -> None:
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

    def _everybody_is_level(self, random: Random) -> None:
        assert_gapless(self.net)
        for line in self.net.lines:
            if line.browser.steady and line.channels:
                line.browser.take_late_answer()
                assert_never_behind(line.browser)
            self._catch_up(line, random)

    def _do(self, page: int, operation: Callable[..., Any], **asked: Any) -> Any:
        """What comes of an operation that is asked for from a page; None if it is refused."""
        line = self._line(page)
        token = sender.set(line if line.channels else None)  # type: ignore[arg-type]
        try:
            with TestCase.captureOnCommitCallbacks(execute=True):
                return _quietly(operation, person=line.browser.person, **asked)
        finally:
            sender.reset(token)

    def _ack(self, page: int, message: Message | None, heard: bool, *, posted: bool) -> None:
        """The answer arrives, on a good line in any case."""
        browser = self._browser(page)
        if message and (heard or browser.steady):
            browser.take(self.net.as_told(message), posted=posted)

    def _line(self, page: int) -> Line:
        return self.net.lines[page]

    def _browser(self, page: int) -> Browser:
        return self._line(page).browser

    def _user(self, number: int) -> User:
        return _pick([who for who in self.people if isinstance(who, User)], number)

    def _room(self, number: int) -> Room:
        return _pick(list(Room.objects.order_by("pk")), number)

    def _message(self, number: int) -> Message | None:
        found = list(Message.objects.order_by("-pk"))
        return _pick(found, number) if found else None


def _may_post(place: Room, who: Person) -> bool:
    return place.may_be_posted_in_by(who, Membership.objects.filter(room=place, user_id=who.id or 0).first())


def _pick(some: Sequence[T], number: int) -> T:
    return some[number % len(some)]


def _quietly(operation: Callable[..., Any], *given: Any, **asked: Any) -> Any:
    try:
        return operation(*given, **asked)
    except DomainError:
        return None
