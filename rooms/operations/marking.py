"""How far people have read, for many of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import NamedTuple

from accounts.guests import Person
from chatproject.errors import DomainError, Forbidden
from rooms.events import publications
from rooms.models import Membership
from rooms.models.together import store_last_read
from rooms.operations.access import Place, find_all, found, require_account


@dataclass(slots=True, kw_only=True)
class Reading:
    """How far somebody has read in a room: up to the message `seq`."""

    person: Person
    room: int | str
    seq: int
    # Where it was asked for: what is published leaves out the socket that tells.
    context: Context = field(default_factory=copy_context, repr=False, compare=False)


class Read(NamedTuple):
    """A person's place in a room, and how many messages are left."""

    membership: Membership
    unread: int


def mark_reads(readings: Sequence[Reading]) -> list[Read | DomainError]:
    """Moves people's places in rooms forward, never back, in this order; in a transaction of the caller's.

    Gives for each the place, or the error that `mark_read` raises. Takes as many queries for many as for one.
    """
    places = find_all([(reading.person, reading.room) for reading in readings])
    moved: set[Membership] = set()
    outcomes = [_mark(reading, place, moved) for reading, place in zip(readings, places, strict=True)]
    store_last_read(moved)
    return outcomes


def _mark(reading: Reading, place: Place | None, moved: set[Membership]) -> Read | DomainError:
    try:
        require_account(reading.person)
        room, membership = found(place)
        if membership is None:
            raise Forbidden("Only members of a room have a place in it.")
    except DomainError as error:
        return error
    seq = min(reading.seq, room.last_seq)
    unread = room.last_seq - max(seq, membership.last_read)
    if seq > membership.last_read:
        membership.last_read = seq
        moved.add(membership)
        reading.context.run(publications.room_read, membership, seq=seq, unread=unread)
    return Read(membership, unread)
