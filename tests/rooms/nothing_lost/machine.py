"""What people may do, in any order, with pages that hear of it over good and bad lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from accounts.guests import Person
from rooms.models import Deletion, Message, Room
from rooms.operations import changing, deleting, memberships, messages, rooms
from tests.rooms.nothing_lost.world import LOSS, World, committed, may_post, pick

EMOJI = ["👍", "🎉", "❤️"]
KINDS = [*["_post"] * 5, *["_edit"] * 3, *["_react"] * 3, "_delete", "_undo", "_read", "_post_again"]
MOST_ROOMS = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

pages = st.integers(0, 9)
numbers = st.integers(0, 30)
flags = st.booleans()
randoms = st.randoms(use_true_random=False)


def _delete_message(**asked: Any) -> Message:
    return deleting.delete_message(**asked)[0]


def _delete_messages(*, person: Person, **asked: Any) -> None:
    deleting.delete_messages(by=person, **asked)


def _undo_deletion(*, person: Person, **asked: Any) -> None:
    deleting.undo_deletion(by=person, **asked)


class Saying(NamedTuple):
    """Something that is done to messages: by which page and to which, and whether its answer arrives."""

    kind: str
    page: int
    target: int
    number: int
    heard: bool


class Conversation(RuleBasedStateMachine):
    """Pages 0 to 4 are on good lines, 5 to 9 on bad ones."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.posted: list[tuple[int, UUID]] = []

    def teardown(self) -> None:
        try:
            self.world.look()
            for line in self.world.lines:
                if not line.browser.steady:
                    self.world.catch_up(line, Random(0))
        finally:
            self.world.close()

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
        place = self.world.room(saying.target)
        page = self._page_of(saying, lambda who: may_post(place, who))
        client_id = UUID(int=len(self.posted) + 1)
        self.posted.append((page, client_id))
        self._say(page, place, client_id, saying.heard)

    def _post_again(self, saying: Saying) -> None:
        if self.posted:
            page, client_id = pick(self.posted, saying.number)
            self._say(page, self.world.room(saying.target), client_id, saying.heard)

    def _edit(self, saying: Saying) -> None:
        self._change(saying, changing.edit_message, body=f"*edit* {saying.number % 5}")

    def _delete(self, saying: Saying) -> None:
        self._change(saying, _delete_message)

    def _undo(self, saying: Saying) -> None:
        if found := list(Deletion.objects.order_by("-pk")):
            deletion = pick(found, saying.target)
            page = self._page_of(saying, lambda who: who == deletion.by)
            self.world.do(page, _undo_deletion, deletion=deletion.pk)

    def _react(self, saying: Saying) -> None:
        emoji, on = pick(EMOJI, saying.number), saying.number % 4 > 0
        self._change(saying, changing.react, emoji=emoji, on=on)

    def _read(self, saying: Saying) -> None:
        place = self.world.room(saying.target)
        page = self._page_of(saying, lambda who: may_post(place, who))
        seq = saying.number % (place.last_seq + 1)
        if self.world.do(page, messages.mark_read, room=place.pk, seq=seq):
            self.world.browser(page).hear("room_read", {"room": place.pk, "seq": seq})

    def _say(self, page: int, place: Room, client_id: UUID, heard: bool) -> None:
        body = f"**{client_id.int}**"
        said = self.world.do(page, messages.post_message, room=place.pk, client_id=client_id, body=body)
        self.world.answer(page, said, heard, posted=True)

    def _change(self, saying: Saying, operation: Callable[..., Message], **asked: Any) -> None:
        if found := self.world.message(saying.target):
            author = operation is not changing.react
            page = self._page_of(
                saying, lambda who: found.is_by(who) if author else may_post(found.room, who)
            )
            changed = self.world.do(page, operation, message=found.pk, **asked)
            self.world.answer(page, changed, saying.heard, posted=False)

    def _page_of(self, saying: Saying, suits: Callable[[Person], bool]) -> int:
        """A page of somebody who may do it; now and then, of anybody."""
        suiting = self.world.pages(suits)
        return pick(suiting, saying.page) if suiting and saying.number % 10 else saying.page

    @rule(page=pages, place=numbers)
    def join(self, page: int, place: int) -> None:
        self.world.do(page, memberships.join_room, room=self.world.room(place).pk)

    @rule(page=pages, place=numbers)
    def leave(self, page: int, place: int) -> None:
        self.world.do(page, memberships.leave_room, room=self.world.room(place).pk)

    @rule(page=pages, place=numbers, who=numbers)
    def add_member(self, page: int, place: int, who: int) -> None:
        self.world.do(
            page, memberships.add_members, room=self.world.room(place).pk, users=[self.world.user(who).pk]
        )

    @rule(page=pages, place=numbers, who=numbers)
    def remove_member(self, page: int, place: int, who: int) -> None:
        self.world.do(
            page, memberships.remove_member, room=self.world.room(place).pk, user=self.world.user(who).pk
        )

    @rule(page=pages, place=numbers, who=numbers)
    def delete_all(self, page: int, place: int, who: int) -> None:
        self.world.do(
            page, _delete_messages, room=self.world.room(place).pk, user=self.world.user(who).pk, since=EPOCH
        )

    @precondition(lambda self: Room.objects.count() < MOST_ROOMS)
    @rule(page=pages, private=flags, guests=flags, who=numbers)
    def create_room(self, page: int, private: bool, guests: bool, who: int) -> None:
        kind = Room.Kind.PRIVATE if private else Room.Kind.PUBLIC
        self.world.do(
            page,
            rooms.create_room,
            name="Another",
            kind=kind,
            guests_may_read=guests and not private,
            users=[self.world.user(who).pk],
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
        committed(rooms.change_room, self.world.room(place), person=None, **change)

    # --- What pages do ----------------------------------------------------------------------------

    @rule(page=pages, place=numbers)
    def open(self, page: int, place: int) -> None:
        if self.world.lines[page].channels:
            self.world.browser(page).open(self.world.room(place).pk)

    @rule(page=pages)
    def scroll_up(self, page: int) -> None:
        if self.world.lines[page].channels:
            self.world.browser(page).read_older()

    @rule(page=pages)
    def ask(self, page: int) -> None:
        if self.world.lines[page].channels:
            self.world.browser(page).ask()

    @rule(page=pages)
    def answer(self, page: int) -> None:
        self.world.browser(page).take_late_answer()

    # --- What lines do ----------------------------------------------------------------------------

    @rule(line=st.integers(5, 9), random=randoms)
    def deliver(self, line: int, random: Random) -> None:
        self.world.lines[line].deliver(random, loss=LOSS)

    @rule(line=st.integers(5, 9))
    def cut(self, line: int) -> None:
        self.world.net.cut(self.world.lines[line])

    @rule(line=st.integers(5, 9), random=randoms)
    def catch_up(self, line: int, random: Random) -> None:
        self.world.catch_up(self.world.lines[line], random)

    @rule()
    def look(self) -> None:
        self.world.look()
