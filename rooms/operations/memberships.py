"""Who belongs to a room."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db import transaction

from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Forbidden, Invalid, NotFound
from rooms.events import publications
from rooms.models import Membership, Room
from rooms.operations.access import find, find_to_manage, require_account


class Places(NamedTuple):
    """Ids of rooms: those that somebody belongs to, and those for everybody that are missing there."""

    own: list[int]
    missing: list[int]


@transaction.atomic
def join_room(*, person: Person, room: int | str) -> tuple[Room, Membership]:
    """Makes the person a member of a public room; again does nothing. Raises `NotFound`, `Forbidden`."""
    user = require_account(person)
    place = find(person, room, lock=True)
    if place.membership is not None:
        return place.room, place.membership
    if place.room.archived:
        raise Forbidden("This room is archived: nobody joins it any more.")
    return place.room, add_people(place.room, [user.pk])[0]


@transaction.atomic
def leave_room(*, person: Person, room: int | str) -> Room:
    """Ends the person's membership; again does nothing. Raises `NotFound`, `Forbidden`."""
    require_account(person)
    place = find(person, room, lock=True)
    if place.membership is not None:
        _remove(place.room, place.membership)
    return place.room


@transaction.atomic
def add_members(*, person: Person, room: int | str, users: Collection[int]) -> Room:
    """Makes people members. Raises `NotFound`, `Forbidden`, and `Invalid` for people who do not exist."""
    place = find_to_manage(person, room)
    add_people(place.room, users)
    return place.room


@transaction.atomic
def remove_member(*, person: Person, room: int | str, user: int) -> Room:
    """Ends somebody's membership; again does nothing. Raises `NotFound`, `Forbidden`."""
    place = find_to_manage(person, room)
    membership = Membership.objects.filter(room=place.room, user=user).select_related("user").first()
    if membership is None and not User.objects.filter(pk=user).exists():
        raise NotFound("There is no such person.")
    if membership is not None:
        _remove(place.room, membership)
    return place.room


def expel(room: Room, user: User) -> None:
    """Ends a membership, for callers that have decided that it may end: Django's admin."""
    with transaction.atomic():
        room = Room.objects.select_for_update().get(pk=room.pk)
        membership = Membership.objects.filter(room=room, user=user).select_related("user").first()
        if membership is not None:
            _remove(room, membership)


@transaction.atomic
def change_role(membership: Membership, *, role: str) -> None:
    """Gives a member another role, for callers that have decided that it may be: Django's admin."""
    room = Room.objects.select_for_update().get(pk=membership.room_id)
    membership.role = role
    membership.save(update_fields=["role"])
    publications.member_changed(room, membership)
    _keep_an_owner(room)


@transaction.atomic
def leave_all_rooms(user: User) -> None:
    """Ends all memberships of somebody whose account is about to be deleted."""
    memberships = Membership.objects.filter(user=user).select_related("user")
    for room in Room.objects.select_for_update(of=("self",)).filter(memberships__user=user).order_by("pk"):
        _end(room, memberships.get(room=room))


def places_of(people: Collection[int]) -> list[Places]:
    """Where each of these people belongs; two queries, however many they are."""
    own: dict[int, list[int]] = {pk: [] for pk in people}
    for user_id, room_id in Membership.objects.filter(user__in=own).values_list("user_id", "room_id"):
        own[user_id].append(room_id)
    rooms = Room.objects.filter(everyone=True, archived=False).order_by("pk")
    everyones = list(rooms.values_list("pk", flat=True))
    return [Places(own[pk], [room_id for room_id in everyones if room_id not in own[pk]]) for pk in people]


@transaction.atomic
def join_rooms_for_everyone(*, person: User) -> list[Membership]:
    """Makes a person a member of each room that is for everybody; returns the memberships that are new."""
    ids = places_of([person.pk])[0].missing
    if not ids:
        return []
    rooms = Room.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return [membership for room in rooms for membership in add_people(room, [person.pk])]


def add_people(room: Room, users: Collection[int], *, role: str = Membership.Role.MEMBER) -> list[Membership]:
    """Memberships for `users`, new or not; under the room's row lock. What was said before counts as read.

    Raises `Invalid` for people who do not exist or are not active.
    """
    people = {user.pk: user for user in User.objects.filter(pk__in=users, is_active=True)}
    if unknown := set(users) - set(people):
        raise Invalid({"users": f"There is nobody with the id {min(unknown)}."})
    present = {
        membership.user_id: membership
        for membership in Membership.objects.filter(room=room, user__in=people).select_related("user")
    }
    added = [
        Membership(room=room, user=user, role=role, last_read=room.last_seq)
        for pk, user in people.items()
        if pk not in present
    ]
    Membership.objects.bulk_create(added)
    for membership in added:
        publications.member_joined(room, membership)
    if added:
        publications.room_changed(room, person=None)
    return [*present.values(), *added]


def _remove(room: Room, membership: Membership) -> None:
    if room.everyone:
        raise Forbidden("Everybody belongs to this room.")
    _end(room, membership)


def _end(room: Room, membership: Membership) -> None:
    membership.delete()
    _keep_an_owner(room)
    publications.member_left(room, membership.user)
    publications.room_changed(room, person=None)


def _keep_an_owner(room: Room) -> None:
    """A room whose last owner is gone goes to whoever has been in it longest."""
    if room.memberships.filter(role=Membership.Role.OWNER).exists():
        return
    heir = room.memberships.select_related("user").order_by("joined_at", "pk").first()
    if heir is not None:
        heir.role = Membership.Role.OWNER
        heir.save(update_fields=["role"])
        publications.member_changed(room, heir)
