"""Making, changing and archiving rooms."""

from __future__ import annotations

from collections.abc import Collection
from typing import NotRequired, TypedDict, Unpack

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Conflict, Forbidden, Invalid
from rooms.events import publications
from rooms.models import Membership, Room, Sanction
from rooms.operations.access import find_to_manage, require_account
from rooms.operations.memberships import add_people
from rooms.operations.slugs import chosen_slug, free_slug
from rooms.operations.texts import checked_name, checked_topic


class Changes(TypedDict):
    """What may be changed about a room; what is missing stays as it is."""

    name: NotRequired[str]
    topic: NotRequired[str]
    kind: NotRequired[str]
    guests_may_read: NotRequired[bool]
    guests_may_post: NotRequired[bool]
    read_only: NotRequired[bool]
    archived: NotRequired[bool]
    everyone: NotRequired[bool]
    slow_mode: NotRequired[int]


FIRST_ROOM = "Lobby"
SLUG_ATTEMPTS = 3
LONGEST_SLOW_MODE = 21_600  # seconds


@transaction.atomic
def create_room(
    *,
    person: Person,
    name: str,
    kind: str = Room.Kind.PUBLIC,
    slug: str | None = None,
    topic: str = "",
    guests_may_read: bool = False,
    guests_may_post: bool = False,
    users: Collection[int] = (),
) -> Room:
    """A new room with `person` as its owner and `users` as members.

    Raises `Unauthenticated` for guests, `Invalid`, and `Conflict` if the chosen `slug` is taken.
    """
    owner = require_account(person)
    room = Room(name=checked_name(name), topic=checked_topic(topic), kind=kind)
    _set_guests(room, read=guests_may_read or guests_may_post, post=guests_may_post)
    _save_with_slug(room, slug)
    publications.room_created(room, person=owner)
    add_people(room, [owner.pk], role=Membership.Role.OWNER)
    add_people(room, [pk for pk in users if pk != owner.pk])
    after = {name: getattr(room, name) for name in ("kind", "guests_may_read", "guests_may_post")}
    audit.record("create_room", actor=owner, target=room, room_id=room.pk, after=after)
    return room


@transaction.atomic
def update_room(*, person: Person, room: int | str, **changes: Unpack[Changes]) -> Room:
    """Changes a room. Raises `Invalid`, and what `find_to_manage` raises."""
    by, place = find_to_manage(person, room)
    return change_room(place.room, person=by, **changes)


@transaction.atomic
def change_room(room: Room, *, person: Person | None, **changes: Unpack[Changes]) -> Room:
    """Changes a room, for callers that have decided that it may be: Django's admin, and `update_room`.

    Raises `Invalid`. Who may not see it any more loses it at once. What changed is audited.
    """
    room = Room.objects.select_for_update().get(pk=room.pk)
    before = _state(room)
    if "name" in changes:
        room.name = checked_name(changes["name"])
    if "topic" in changes:
        room.topic = checked_topic(changes["topic"])
    room.everyone = changes.get("everyone", room.everyone)
    _set_kind(room, changes.get("kind", room.kind))
    _set_guests(
        room,
        # Who takes reading away takes posting with it; who gives posting gives reading.
        read=changes.get("guests_may_read", room.guests_may_read or changes.get("guests_may_post", False)),
        post=changes.get("guests_may_post", room.guests_may_post and changes.get("guests_may_read", True)),
    )
    room.read_only = changes.get("read_only", room.read_only)
    room.archived = changes.get("archived", room.archived)
    room.slow_mode = _slow_mode(changes.get("slow_mode", room.slow_mode))
    after = _state(room)
    changed = sorted(name for name, value in after.items() if value != before[name])
    if changed:
        room.save(update_fields=changed)
        if room.everyone and not before["everyone"]:
            everybody = User.objects.filter(is_active=True)
            banned = Sanction.objects.bans().active().filter(room=room)
            add_people(room, everybody.exclude(sanctions__in=banned).values_list("pk", flat=True))
        _close_doors(room, before)  # first: who is shown out does not hear what it is called now
        publications.room_changed(room, person=person, detail=", ".join(changed))
        audit.record(
            "update_room",
            actor=person if isinstance(person, User) else None,
            target=room,
            room_id=room.pk,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
    return room


def make_first_room() -> Room | None:
    """The room that everybody finds at first; None where there are rooms already."""
    if Room.objects.exists():
        return None
    room, _ = Room.objects.get_or_create(
        slug=free_slug(FIRST_ROOM),
        defaults={
            "name": FIRST_ROOM,
            "topic": "Where everybody meets",
            "everyone": True,
            "guests_may_read": True,
            "guests_may_post": True,
        },
    )
    return room


def _state(room: Room) -> dict[str, object]:
    return {name: getattr(room, name) for name in Changes.__annotations__}


def _slow_mode(seconds: int) -> int:
    if not 0 <= seconds <= LONGEST_SLOW_MODE:
        raise Invalid({"slow_mode": f"From 0 to {LONGEST_SLOW_MODE:,} seconds."})
    return seconds


def _set_kind(room: Room, kind: str) -> None:
    if kind not in Room.Kind.values:
        raise Invalid({"kind": "A room is public or private."})
    if kind == Room.Kind.PRIVATE and room.everyone:
        raise Forbidden("A room for everybody cannot be private.")
    room.kind = kind


def _set_guests(room: Room, *, read: bool, post: bool) -> None:
    _set_kind(room, room.kind)
    if room.kind != Room.Kind.PUBLIC:
        read = post = False
    if post and not read:
        raise Invalid({"guests_may_post": "Guests can only post where they can read."})
    room.guests_may_read, room.guests_may_post = read, post


def _close_doors(room: Room, before: dict[str, object]) -> None:
    """Those who only looked in lose what they may not see any more."""
    if room.kind != Room.Kind.PUBLIC and before["kind"] == Room.Kind.PUBLIC:
        publications.room_closed_to_visitors(room)
    elif before["guests_may_read"] and not room.guests_may_read:
        publications.room_closed_to_guests(room)
    if not Room.objects.for_guests().exists():
        publications.guests_sent_away()


def _save_with_slug(room: Room, slug: str | None) -> None:
    if slug is not None:
        room.slug = chosen_slug(slug)
    for _ in range(SLUG_ATTEMPTS):
        if slug is None:
            room.slug = free_slug(room.name)
        try:
            with transaction.atomic():
                room.save(force_insert=True)
                return
        except IntegrityError:
            room.pk = None  # somebody took the slug in the same moment
    raise Conflict("A room with this address was made in this moment. Try again.")
