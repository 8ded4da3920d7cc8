"""Posting and reading."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Forbidden, Invalid
from rooms.events import publications
from rooms.markup import render
from rooms.models import Membership, Message, Room
from rooms.operations.access import Place, find, require_account
from rooms.operations.texts import checked_body


class Text(NamedTuple):
    """What somebody says, and how it is shown."""

    body: str
    html: str


def post_message(
    *, person: Person, room: int | str, client_id: UUID, body: str, reply_to: int | None = None
) -> Message:
    """Says something in a room, as its next message.

    The same `client_id` from the same person again gives the message that exists, and changes nothing,
    as long as its room may be read. Raises `NotFound`, `Forbidden` (no member, archived, read-only, guests
    not let), `Invalid`.
    """
    # Made before the room is locked: the worst of texts takes a quarter of a second.
    text = Text(checked_body(body), render(body))
    try:
        return _post(person, room, client_id=client_id, text=text, reply_to=reply_to)
    except IntegrityError:
        # It came twice in one moment for two rooms, whose locks do not exclude each other.
        if repeated := _find_repeated(person, client_id):
            return repeated
        raise


@transaction.atomic
def _post(person: Person, room: int | str, *, client_id: UUID, text: Text, reply_to: int | None) -> Message:
    place = find(person, room, lock=True)
    # Before anything else: what is stored must not look failed because the room was archived since.
    if repeated := _find_repeated(person, client_id):
        return repeated
    _require_post(person, place)
    author = place.person(person)
    message = _append(
        place.room, author, client_id=client_id, text=text, reply_to=_find_reply_to(place.room, reply_to)
    )
    if place.membership:
        _move_last_read(place.membership, message.seq)
        publications.room_read(place.membership, unread=0)
    publications.message_posted(message, person=author, room=place.room)
    return message


@transaction.atomic
def mark_read(*, person: Person, room: int | str, seq: int) -> tuple[Membership, int]:
    """Moves the person's place in a room forward to `seq`, never back; returns it and what is left unread.

    Raises `NotFound`, `Unauthenticated`, and `Forbidden` for who does not belong to the room.
    """
    require_account(person)
    place = find(person, room, lock=True)
    if place.membership is None:
        raise Forbidden("Only members of a room have a place in it.")
    seq = min(seq, place.room.last_seq)
    unread = place.room.last_seq - max(seq, place.membership.last_read)
    if seq > place.membership.last_read:
        _move_last_read(place.membership, seq)
        publications.room_read(place.membership, unread=unread)
    return place.membership, unread


def set_typing(*, person: Person, room: int | str, typing: bool) -> None:
    """Lets the others in a room know that somebody is writing. Raises as `post_message` does."""
    place = find(person, room)
    _require_post(person, place)
    publications.typing_changed(place.room, place.person(person), typing=typing)


def _require_post(person: Person, place: Place) -> None:
    room, membership = place
    if room.archived:
        raise Forbidden("This room is archived: it can be read, and nothing more is said in it.")
    if room.read_only:
        raise Forbidden("This room is read-only.")
    if not room.may_be_posted_in_by(person, membership):
        raise Forbidden("Join the room to post." if person.is_authenticated else "Sign in to post here.")
    if not person.name:
        raise Invalid({"name": "Choose a name first."})


def _find_repeated(person: Person, client_id: UUID) -> Message | None:
    message = Message.objects.by(person).filter(client_id=client_id).select_related("author").first()
    if message is not None:
        find(person, message.room_id)  # it may stand in another room, to be seen only while that may be seen
    return message


def _find_reply_to(room: Room, message_id: int | None) -> Message | None:
    if message_id is None:
        return None
    message = Message.objects.filter(room=room, pk=message_id, deleted_at=None).first()
    if message is None:
        raise Invalid({"reply_to": "There is no such message in this room."})
    return message


def _append(room: Room, person: Person, *, client_id: UUID, text: Text, reply_to: Message | None) -> Message:
    """Raises both of the room's counters, and keeps the message; under the room's row lock."""
    now = timezone.now()
    room.last_seq += 1
    room.version += 1
    room.last_message_at = now
    room.save(update_fields=["last_seq", "version", "last_message_at"])
    message = Message(
        room=room,
        seq=room.last_seq,
        version=room.version,
        client_id=client_id,
        author_name=person.name,
        body=text.body,
        html=text.html,
        reply_to=reply_to,
        created_at=now,
    )
    if isinstance(person, User):
        message.author = person
    else:
        message.guest_key = person.key
    message.save(force_insert=True)
    return message


def _move_last_read(membership: Membership, seq: int) -> None:
    membership.last_read = seq
    membership.save(update_fields=["last_read"])
