"""What a client needs to show its rooms: which they are, who is in them, what was said there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf

from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Invalid
from rooms.models import Membership, Message, Room
from rooms.models.message import MessageQuerySet
from rooms.operations.access import Place, find
from rooms.operations.answers import Allowance

PAGE = 50  # messages
LONGEST_PAGE = 100  # messages
PEOPLE_SHOWN = 500


class Page(NamedTuple):
    """Messages in ascending order of `seq`, and whether there are more where they were cut."""

    messages: list[Message]
    has_more: bool


def list_rooms(person: Person, named: Iterable[int] = ()) -> list[Place]:
    """The person's rooms, and those of the `named` ones that they may read all the same; by name."""
    ids = {*Room.objects.of(person).values_list("pk", flat=True)}
    ids |= {*Room.objects.visible_to(person).filter(pk__in=named).values_list("pk", flat=True)}
    rooms = Room.objects.filter(pk__in=ids).with_member_count()
    memberships = _memberships(person)
    return [Place(room, memberships.get(room.pk)) for room in rooms]


def newest_page(room: Room) -> Page:
    """The latest messages of a room."""
    return _page_before(_messages(room), Allowance(PAGE))


def page_around(room: Room, seq: int, limit: int) -> Page:
    """The message `seq` and those before and after it, `limit` in all."""
    return _page_around(_messages(room), seq, limit)


def read_history(
    *,
    person: Person,
    room: int | str,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = PAGE,
) -> Page:
    """Messages before, after or around a `seq`, the newest if none is given.

    At most `LONGEST_PAGE`, and fewer of them if they are very long. `before` and `after` leave the named one
    out. Raises `NotFound`, and `Invalid` for more than one of them.
    """
    if sum(bound is not None for bound in (before, after, around)) > 1:
        raise Invalid({"around": "Only one of before, after and around can be asked for."})
    messages = _messages(find(person, room).room)
    limit = min(limit, LONGEST_PAGE)
    if after is not None:
        return _page_after(messages.filter(seq__gt=after), Allowance(limit))
    if around is not None:
        return _page_around(messages, around, limit)
    return _page_before(messages if before is None else messages.filter(seq__lt=before), Allowance(limit))


def list_members(room: Room) -> list[Membership]:
    """Who belongs to a room, by the name that others see; the first `PEOPLE_SHOWN`."""
    shown = Coalesce(NullIf("user__display_name_folded", Value("")), "user__username_folded")
    members = Membership.objects.filter(room=room, user__is_active=True).select_related("user")
    return list(members.order_by(shown, "pk")[:PEOPLE_SHOWN])


def _messages(room: Room) -> MessageQuerySet:
    return Message.objects.filter(room=room).in_full()


def _page_around(messages: MessageQuerySet, seq: int, limit: int) -> Page:
    newer = _page_after(messages.filter(seq__gte=seq), Allowance(limit - limit // 2, parts=2))
    older = _page_before(messages.filter(seq__lt=seq), Allowance(limit // 2, parts=2))
    return Page(older.messages + newer.messages, older.has_more or newer.has_more)


def _page_before(messages: MessageQuerySet, allowance: Allowance) -> Page:
    found, has_more = _page_after(messages, allowance, by="-seq")
    return Page(found[::-1], has_more)


def _page_after(messages: MessageQuerySet, allowance: Allowance, by: str = "seq") -> Page:
    found = list(messages.order_by(by)[: allowance.messages + 1])
    taken = allowance.take(found)
    return Page(taken, len(taken) < len(found))


def _memberships(person: Person) -> dict[int, Membership]:
    if not isinstance(person, User):
        return {}
    return {membership.room_id: membership for membership in Membership.objects.filter(user=person)}
