"""Posting, many messages at a time: those that come together share their queries and one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID, uuid4

from django.utils import timezone

from accounts.events import optional_time
from accounts.guests import Person
from accounts.models import User
from chatproject.errors import DomainError, Forbidden, Invalid
from rooms.events import publications
from rooms.markup import render
from rooms.models import Message, Room, Sanction
from rooms.models.together import (
    NewMessage,
    memberships_of,
    messages_called,
    mutes_of,
    store_counters,
    store_last_read,
    store_messages,
)
from rooms.operations.access import Place, find, find_all, found
from rooms.operations.slow_mode import SlowMode
from rooms.operations.texts import checked_body

# Who said it, and what they called it: the same message however often it is sent.
Name: TypeAlias = tuple[int | str, UUID]


class Text(NamedTuple):
    """What somebody says, and how it is shown."""

    body: str
    html: str


def text_of(body: str) -> Text:
    """A message's text, checked and rendered; the worst takes a quarter of a second. Raises `Invalid`."""
    return Text(checked_body(body), render(body))


@dataclass(slots=True, kw_only=True)
class Post:
    """What somebody wants to say in a room."""

    person: Person
    room: int | str
    client_id: UUID
    text: Text
    reply_to: int | None = None
    # Where it was asked for: what is published leaves out the socket that posts.
    context: Context = field(default_factory=copy_context, repr=False, compare=False)

    @property
    def name(self) -> Name | None:
        """None for a visitor without a session, who is nobody yet and repeats nothing."""
        owner = self.person.pk if isinstance(self.person, User) else self.person.key
        return (owner, self.client_id) if owner else None


def post_messages(posts: Sequence[Post]) -> list[Message | DomainError]:
    """Says things in rooms, in this order, each as its room's next message; in a transaction of the caller's.

    Gives for each the message, or the error that `post_message` raises. Takes as many queries for many as
    for one.
    """
    places = find_all([(post.person, post.room) for post in posts])
    table = _Table(posts, places)
    outcomes = [table.answer(post, place) for post, place in zip(posts, places, strict=True)]
    table.keep()
    return [outcome.message if isinstance(outcome, _New) else outcome for outcome in outcomes]


def post_as_staff(rooms: Sequence[Room], *, by: User, text: Text) -> list[Message]:
    """Says the same in several rooms, also where `by` does not belong; under their row locks.

    For callers that have decided that it may be: announcements.
    """
    memberships = memberships_of({(room.pk, by.pk) for room in rooms})
    table = _Table([], [])
    for room in rooms:
        post = Post(person=by, room=room.pk, client_id=uuid4(), text=text)
        table.add(post, Place(room, memberships.get((room.pk, by.pk))))
    return table.keep()


def require_voice(person: Person, place: Place) -> None:
    """Raises `Forbidden`, or `Invalid` for a guest without a name, unless `person` may say something now."""
    require_post(person, place)
    pairs = [(place.room.pk, person.pk)] if isinstance(person, User) else []
    _require_unmuted(mutes_of(pairs, at=timezone.now()).get((place.room.pk, person.id or 0)))


def require_post(person: Person, place: Place) -> None:
    """The same but for mutes, which say that somebody may not post for a while."""
    room, membership = place
    if room.archived:
        raise Forbidden("This room is archived: it can be read, and nothing more is said in it.")
    if room.read_only:
        raise Forbidden("This room is read-only.")
    if not room.may_be_posted_in_by(person, membership):
        raise Forbidden("Join the room to post." if person.is_authenticated else "Sign in to post here.")
    if not person.name:
        raise Invalid({"name": "Choose a name first."})


def _require_unmuted(mute: Sanction | None) -> None:
    if mute is not None:
        where = "everywhere" if mute.room_id is None else "in this room"
        raise Forbidden(f"You are muted {where}.", until=optional_time(mute.until), reason=mute.reason)


@dataclass(slots=True)
class _New:
    """What is said for the first time; `message` is there once it is stored."""

    post: Post
    place: Place
    row: NewMessage
    message: Message = field(init=False)


class _Table:
    """The messages of one transaction: what was said before it, and what is added."""

    def __init__(self, posts: Sequence[Post], places: Sequence[Place | None]) -> None:
        self._said: dict[Name, Message | _New] = {
            **messages_called({post.name for post in posts if post.name})
        }
        self._replied_to = _rooms_of({post.reply_to for post in posts if post.reply_to is not None})
        self._now = timezone.now()
        asked = [(post.person, place) for post, place in zip(posts, places, strict=True)]
        members = {
            (place.room.pk, place.membership.user_id) for _, place in asked if place and place.membership
        }
        self._mutes = mutes_of(members, at=self._now)
        self._slow_mode = SlowMode(asked, at=self._now)
        self._new: list[_New] = []

    def answer(self, post: Post, place: Place | None) -> Message | _New | DomainError:
        """What comes of a post, now or before, or the reason why nothing does."""
        try:
            place = found(place)
            # Before anything else: what is stored must not look failed because the room was archived since.
            return self._repeated(post) or self._add(post, place)
        except DomainError as error:
            return error

    def keep(self) -> list[Message]:
        """Stores what was added, and tells of it; returns the messages."""
        if not self._new:
            return []
        self._slow_mode.keep()
        messages = store_messages([new.row for new in self._new])
        store_counters({new.place.room for new in self._new}, at=self._now)
        store_last_read({new.place.membership for new in self._new if new.place.membership})
        for new, message in zip(self._new, messages, strict=True):
            new.message = message
            new.post.context.run(_tell, new)
        return messages

    def _repeated(self, post: Post) -> Message | _New | None:
        said = self._said.get(post.name) if post.name else None
        if isinstance(said, Message):
            find(post.person, said.room_id)  # it may stand elsewhere, to be seen only while that may be seen
        return said

    def _add(self, post: Post, place: Place) -> _New:
        require_post(post.person, place)
        _require_unmuted(self._mutes.get((place.room.pk, post.person.id or 0)))
        if post.reply_to is not None and self._replied_to.get(post.reply_to) != place.room.pk:
            raise Invalid({"reply_to": "There is no such message in this room."})
        self._slow_mode.take_turn(post.person, place)
        return self.add(post, place)

    def add(self, post: Post, place: Place) -> _New:
        """Takes a post that may be: its room's next message."""
        new = _New(post, place, _next_row(post, place, at=self._now))
        self._new.append(new)
        if post.name:
            self._said[post.name] = new
        return new


def _rooms_of(message_ids: Collection[int]) -> dict[int, int]:
    """Message -> room, for those that are there to be replied to."""
    if not message_ids:
        return {}
    there = Message.objects.filter(pk__in=message_ids, deleted_at=None)
    return dict(there.values_list("pk", "room_id"))


def _next_row(post: Post, place: Place, *, at: datetime) -> NewMessage:
    """Raises both of the room's counters; under the room's row lock."""
    room, author = place.room, place.person(post.person)
    room.last_seq += 1
    room.version += 1
    if place.membership:
        place.membership.last_read = room.last_seq
    return NewMessage(
        room_id=room.pk,
        seq=room.last_seq,
        version=room.version,
        client_id=post.client_id,
        author_id=author.id,
        author_name=author.name,
        guest_key="" if isinstance(author, User) else author.key,
        body=post.text.body,
        html=post.text.html,
        reply_to_id=post.reply_to,
        created_at=at,
    )


def _tell(new: _New) -> None:
    room, membership = new.place
    author = new.place.person(new.post.person)
    if isinstance(author, User):
        new.message.author = author
    if membership:
        publications.room_read(membership, seq=new.message.seq, unread=0)
    publications.message_posted(new.message, person=author, room=room)
