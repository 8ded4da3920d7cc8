"""What keeps a person from posting for now in rooms where they may post at other times."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from accounts.guests import Person
from accounts.models import User
from rooms.models.room import Membership, Room
from rooms.models.sanction import Sanction
from rooms.models.slow_post import SlowPost


class Restraint(NamedTuple):
    """A mute that holds, and the time at which slow mode lets somebody post again; None for neither."""

    mute: Sanction | None = None
    may_post_at: datetime | None = None


def restraints_of(person: Person, places: Collection[tuple[Room, Membership | None]]) -> dict[int, Restraint]:
    """What restrains a person in each of some rooms, by the room's id; two queries at most."""
    mutes = _mutes_of(person, [room for room, _ in places])
    turns = _turns_of(person, places)
    return {room.pk: Restraint(mutes.get(room.pk), turns.get(room.pk)) for room, _ in places}


def longest(mutes: Iterable[Sanction]) -> Sanction | None:
    """The one that ends last; one without an end is longer than any other."""
    return max(mutes, key=lambda mute: (mute.until is None, mute.until or mute.created_at), default=None)


def is_exempt(room: Room, person: Person, membership: Membership | None) -> bool:
    """Whether slow mode, if there is any, does not hold somebody up: whoever keeps order there."""
    return not room.slow_mode or room.may_be_moderated_by(person, membership)


def _mutes_of(person: Person, rooms: Collection[Room]) -> dict[int, Sanction]:
    if not (isinstance(person, User) and rooms):
        return {}
    here = Q(room=None) | Q(room__in=[room.pk for room in rooms])
    held = list(Sanction.objects.mutes().active().filter(here, user=person))
    found = {room.pk: longest(mute for mute in held if mute.room_id in (None, room.pk)) for room in rooms}
    return {room_id: mute for room_id, mute in found.items() if mute}


def _turns_of(person: Person, places: Collection[tuple[Room, Membership | None]]) -> dict[int, datetime]:
    waits = {
        room.pk: timedelta(seconds=room.slow_mode)
        for room, membership in places
        if not is_exempt(room, person, membership)
    }
    if not waits:
        return {}
    posts = SlowPost.objects.of(person).filter(room__in=waits).values_list("room_id", "at")
    return {room_id: at + waits[room_id] for room_id, at in posts if at + waits[room_id] > timezone.now()}
