"""Who could read a room at some moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from accounts.models import AuditEntry
from rooms.models import Room, Sanction, Stay
from rooms.models.sanction import SanctionQuerySet
from rooms.models.stay import StayQuerySet

DOORS = ("kind", "guests_may_read")


class Readers(NamedTuple):
    """Who could read a room at a moment: its members, and whoever its doors let in, but the banned.

    Staff who may read private rooms could do so besides.
    """

    existed: bool
    members: StayQuerySet
    everybody: bool  # with an account, without belonging to it
    guests: bool
    banned: SanctionQuerySet


def readers_at(room: Room, moment: datetime) -> Readers:
    """Who could read a room then; its doors are those of now, less what the audit says was changed since."""
    doors = _doors_at(room, moment)
    existed = room.created_at <= moment
    is_public = existed and doors["kind"] == Room.Kind.PUBLIC
    return Readers(
        existed=existed,
        members=Stay.objects.filter(room=room).during(moment, moment),
        everybody=is_public,
        guests=is_public and doors["guests_may_read"],
        banned=Sanction.objects.bans().held_at(moment).filter(room=room),
    )


def _doors_at(room: Room, moment: datetime) -> dict[str, Any]:
    changes = AuditEntry.objects.filter(room_id=room.pk, action="update_room", at__gt=moment)
    doors: dict[str, Any] = {}
    # What the first change after it found is what there was.
    for before in changes.order_by("number").values_list("before", flat=True):
        doors = {name: before[name] for name in DOORS if name in before} | doors
        if len(doors) == len(DOORS):
            break
    return {name: getattr(room, name) for name in DOORS} | doors
