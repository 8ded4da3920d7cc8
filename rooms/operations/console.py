"""What staff see and do in the live console: who may, what they hear, and how they reach sockets."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import audit
from accounts import operations as accounts
from accounts.models import User
from accounts.reasons import Reason
from chatproject.errors import NotFound
from rooms.events import channels, publications
from rooms.models import Message, Room
from rooms.models.room import BIGGEST_ID
from rooms.operations.standing import MODERATE, require_above, require_permission

PAGE = 100  # rooms in one answer

SEE = "rooms.use_console"
SEE_PRIVATE = "rooms.view_private_rooms"

# What staff who may see the console hear there, and the permission that each takes.
HEARD_WITH = {
    channels.STAFF: SEE,
    channels.STAFF_OF_PRIVATE_ROOMS: SEE_PRIVATE,
    channels.MODERATORS: MODERATE,
}


def channels_of(staff: Collection[int]) -> dict[int, set[str]]:
    """What each of `staff` may hear in the console, by id, as the database has them now; a query for each."""
    heard: dict[int, set[str]] = {pk: set() for pk in staff}
    watching = _with_permission(staff, SEE)
    for channel, permission in HEARD_WITH.items():
        for pk in _with_permission(watching, permission) if permission != SEE else watching:
            heard[pk].add(channel)
    return heard


def may_be_watched(pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of the pairs of a staff person's and a room's id where the room may be read by them now."""
    rooms: dict[int, set[int]] = {}
    for user_id, room_id in pairs:
        rooms.setdefault(user_id, set()).add(room_id)
    return {
        (user.pk, room_id)
        for user in User.objects.filter(pk__in=_with_permission(rooms, SEE))
        for room_id in Room.objects.for_staff(user).filter(pk__in=rooms[user.pk]).values_list("pk", flat=True)
    }


def find_as_staff(staff: User, room: int | str) -> Room:
    """The room with this id or slug, if the staff person may see it. Raises `NotFound` else."""
    found = Room.objects.for_staff(staff).named(room).first()
    if found is None:
        raise NotFound("There is no such room, or it is not yours to see.")
    return found


class Busy(NamedTuple):
    """A room, with its `member_count`, and how much is said in it."""

    room: Room
    messages_per_minute: int


def list_rooms(
    *, by: User, query: str = "", room: int | str | None = None, cursor: int = 0
) -> tuple[list[Busy], int | None]:
    """A page of the rooms that the staff person may see and whose name holds `query`, as they were made.

    With `room`, that one alone. Gives the cursor of the next page, too. Raises `Forbidden`.
    """
    by = require_permission(by, SEE)
    rooms = Room.objects.for_staff(by).filter(name__icontains=query, pk__gt=min(cursor, BIGGEST_ID))
    if room is not None:
        rooms = rooms.named(room)
    found = list(rooms.with_member_count().order_by("pk")[: PAGE + 1])
    before = _seqs_a_minute_ago(found)
    page = [Busy(room, room.last_seq - before[room.pk]) for room in found[:PAGE]]
    return page, found[PAGE - 1].pk if len(found) > PAGE else None


@transaction.atomic
def watch_room(*, by: User, room: int | str) -> Room:
    """Notes that a staff person begins to read a room live, without being in it. Nobody in it is told.

    Raises `Forbidden`, and `NotFound` for a room that they may not see.
    """
    by = require_permission(by, SEE)
    found = find_as_staff(by, room)
    audit.record("watch_room", actor=by, target=found, room_id=found.pk)
    return found


@transaction.atomic
def disconnect_user(*, by: User, user: int, sign_out: bool = False) -> None:
    """Closes all of a person's connections; with `sign_out` the sessions end, else they come back.

    Raises `Forbidden`, also for somebody of equal or higher standing, `Invalid` for oneself, `NotFound`.
    """
    by = require_permission(by, MODERATE)
    person = User.objects.filter(pk=user).first()
    if person is None:
        raise NotFound("There is no such person.")
    require_above(by, person)
    if sign_out:
        accounts.end_sessions(user=person, reason=Reason.REVOKED)
    else:
        publications.disconnected(person)
    publications.activity("disconnect_user", person=by, detail=person.name)
    audit.record("disconnect_user", actor=by, target=person, after={"sign_out": sign_out})


@transaction.atomic
def disconnect_socket(*, by: User, sid: str, user: User | None, name: str, address: str) -> None:
    """Closes the one connection that the socket `sid` belongs to; its client comes back by itself.

    `user` is whose it is, None for a guest, who is called `name`. Raises as `disconnect_user` does.
    """
    by = require_permission(by, MODERATE)
    if user is not None:
        require_above(by, user)
    publications.socket_disconnected(sid)
    publications.activity("disconnect_socket", person=by, detail=name)
    audit.record("disconnect_socket", actor=by, target=user, after={"name": name, "address": address})


def _seqs_a_minute_ago(rooms: Iterable[Room]) -> dict[int, int]:
    """What was the last message of each room a minute ago, by the room's id; one query."""
    # Found from the end, by the index of `seq`: it takes as long as there are messages to be counted.
    since = timezone.now() - timedelta(minutes=1)
    before = Message.objects.filter(room=OuterRef("pk"), created_at__lt=since).order_by("-seq")
    seq = Coalesce(Subquery(before.values("seq")[:1]), 0)
    found = Room.objects.filter(pk__in=[room.pk for room in rooms])
    return dict(found.order_by().annotate(seq_before=seq).values_list("pk", "seq_before"))


def _with_permission(people: Iterable[int], permission: str) -> set[int]:
    found = User.objects.with_perm(permission, is_active=True, include_superusers=True)
    return set(found.filter(pk__in=people, is_staff=True).values_list("pk", flat=True))
