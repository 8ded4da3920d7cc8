"""Posting, reading and typing, one at a time."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.guests import Person
from chatproject.errors import good
from rooms.events import publications
from rooms.models import Message
from rooms.operations.access import find
from rooms.operations.marking import Read, Reading, mark_reads
from rooms.operations.posting import Post, post_messages, require_voice, text_of


def post_message(
    *, person: Person, room: int | str, client_id: UUID, body: str, reply_to: int | None = None
) -> Message:
    """Says something in a room, as its next message.

    The same `client_id` from the same person again gives the message that exists, and changes nothing,
    as long as its room may be read. Raises `NotFound`, `Forbidden` (no member, archived, read-only, guests
    not let), `Invalid`.
    """
    post = Post(person=person, room=room, client_id=client_id, text=text_of(body), reply_to=reply_to)
    try:
        return _post(post)
    except IntegrityError:
        # It came twice in one moment for two rooms, whose locks do not exclude each other: now it is there.
        return _post(post)


def mark_read(*, person: Person, room: int | str, seq: int) -> Read:
    """Moves the person's place in a room forward to `seq`, never back; returns it and what is left unread.

    Raises `NotFound`, `Unauthenticated`, and `Forbidden` for who does not belong to the room.
    """
    with transaction.atomic():
        (outcome,) = mark_reads([Reading(person=person, room=room, seq=seq)])
    return good(outcome)


def set_typing(*, person: Person, room: int | str, typing: bool) -> None:
    """Lets the others in a room know that somebody is writing. Raises as `post_message` does."""
    place = find(person, room)
    require_voice(person, place)
    publications.typing_changed(place.room, place.person(person), typing=typing)


def _post(post: Post) -> Message:
    with transaction.atomic():
        (outcome,) = post_messages([post])
    return good(outcome)
