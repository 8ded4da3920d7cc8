"""What a client needs to show a room, and to catch up with what it missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.conf import settings
from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf

from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Invalid
from rooms.models import Membership, Message, Room
from rooms.models.message import MessageQuerySet
from rooms.operations.access import Place, find

PAGE = 50  # messages
LONGEST_PAGE = 100  # messages
SYNC_PAGE = 100  # messages of one room in one answer
SYNC_TOTAL = 500  # messages of all rooms in one answer
PEOPLE_SHOWN = 500


class Page(NamedTuple):
    """Messages in ascending order of `seq`, and whether there are more where they were cut."""

    messages: list[Message]
    has_more: bool


class Changed(NamedTuple):
    """What changed in a room up to `version`; with `reset`, instead of it, the newest page."""

    messages: list[Message]
    version: int
    reset: bool


def list_rooms(person: Person, named: Iterable[int] = ()) -> list[Place]:
    """The person's rooms, and those of the `named` ones that they may read all the same; by name."""
    ids = {*Room.objects.of(person).values_list("pk", flat=True)}
    ids |= {*Room.objects.visible_to(person).filter(pk__in=named).values_list("pk", flat=True)}
    rooms = Room.objects.filter(pk__in=ids).with_member_count()
    memberships = _memberships(person)
    return [Place(room, memberships.get(room.pk)) for room in rooms]


def changes_since(places: Iterable[Place], held: Mapping[int, int]) -> dict[int, Changed]:
    """What changed in those of `places` whose version is in `held`, since that version.

    Bounded: a room whose answer is cut, or did not fit in, has a version below the room's own.
    """
    left = SYNC_TOTAL
    changes: dict[int, Changed] = {}
    for room, _ in places:
        if room.pk in held:
            changes[room.pk] = _changed(room, held[room.pk], min(left, SYNC_PAGE))
            left -= len(changes[room.pk].messages)
    return changes


def newest_page(room: Room, limit: int = PAGE) -> Page:
    """The latest messages of a room."""
    return _page_before(_messages(room), limit)


def read_history(
    *,
    person: Person,
    room: int | str,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = PAGE,
) -> Page:
    """Messages before, after or around a `seq`, the newest if none is given; at most `LONGEST_PAGE`.

    `before` and `after` leave the named one out. Raises `NotFound`, and `Invalid` for more than one of them.
    """
    if sum(bound is not None for bound in (before, after, around)) > 1:
        raise Invalid({"around": "Only one of before, after and around can be asked for."})
    messages = _messages(find(person, room).room)
    limit = min(limit, LONGEST_PAGE)
    if after is not None:
        return _page_after(messages.filter(seq__gt=after), limit)
    if around is not None:
        older = _page_before(messages.filter(seq__lt=around), limit // 2)
        newer = _page_after(messages.filter(seq__gte=around), limit - limit // 2)
        return Page(older.messages + newer.messages, older.has_more or newer.has_more)
    return _page_before(messages if before is None else messages.filter(seq__lt=before), limit)


def list_members(room: Room) -> list[Membership]:
    """Who belongs to a room, by the name that others see; the first `PEOPLE_SHOWN`."""
    shown = Coalesce(NullIf("user__display_name_folded", Value("")), "user__username_folded")
    members = Membership.objects.filter(room=room, user__is_active=True).select_related("user")
    return list(members.order_by(shown, "pk")[:PEOPLE_SHOWN])


def _changed(room: Room, version: int, limit: int) -> Changed:
    # A version from the future: the database is older than the client, restored from a backup.
    ahead = version > room.version
    far_behind = settings.SYNC_LIMIT and room.version - version > settings.SYNC_LIMIT
    if limit <= 0:
        return Changed([], 0 if ahead else version, reset=ahead)  # did not fit in: it is asked for again
    if far_behind or ahead:
        return Changed(newest_page(room, min(limit, PAGE)).messages, room.version, reset=True)
    if version == room.version:
        return Changed([], version, reset=False)
    found = list(_messages(room).since(version)[: limit + 1])
    messages = found[:limit]
    # What was committed since the room's row was read may be among them.
    reached = messages[-1].version if len(found) > limit else max([room.version, *(m.version for m in found)])
    return Changed(sorted(messages, key=lambda message: message.seq), reached, reset=False)


def _messages(room: Room) -> MessageQuerySet:
    return Message.objects.filter(room=room).in_full()


def _page_before(messages: MessageQuerySet, limit: int) -> Page:
    found = list(messages.order_by("-seq")[: limit + 1])
    return Page(found[:limit][::-1], len(found) > limit)


def _page_after(messages: MessageQuerySet, limit: int) -> Page:
    found = list(messages.order_by("seq")[: limit + 1])
    return Page(found[:limit], len(found) > limit)


def _memberships(person: Person) -> dict[int, Membership]:
    if not isinstance(person, User):
        return {}
    return {membership.room_id: membership for membership in Membership.objects.filter(user=person)}
