"""Who belongs to a room."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Conflict, Forbidden, Invalid, NotFound
from rooms.events import publications
from rooms.models import Membership, Room, Sanction, Stay
from rooms.operations.access import find, find_to_manage, require_account
from rooms.operations.scene import find_below
from rooms.operations.standing import MODERATE, require_above, require_permission, standing_of
from rooms.operations.texts import checked_reason


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
        _require_leavable(place.room)
        _end(place.room, place.membership, Stay.End.LEFT)
    return place.room


@transaction.atomic
def add_members(*, person: Person, room: int | str, users: Collection[int]) -> Room:
    """Makes people members; those whom it adds are in the audit.

    Raises what `find_to_manage` and `add_people` raise.
    """
    by, place = find_to_manage(person, room)
    before = {*place.room.memberships.filter(user__in=users).values_list("user_id", flat=True)}
    add_people(place.room, users)
    if added := sorted({*users} - before):
        audit.record(
            "add_members", actor=by, target=place.room, room_id=place.room.pk, after={"users": added}
        )
    return place.room


@transaction.atomic
def remove_member(*, person: Person, room: int | str, user: int, reason: str = "") -> Room:
    """Ends somebody's membership, and tells them why; again does nothing.

    Raises `NotFound`, `Unauthenticated`, `Invalid`, for oneself too: that is leaving, and `Forbidden` for
    who does not moderate the room or does not stand above the person there.
    """
    reason = checked_reason(reason, needed=False)
    by, removed, found = find_below(person, user, room)
    remove(found, removed, by=by, reason=reason)
    return found


@transaction.atomic
def set_role(*, person: Person, room: int | str, user: int, role: str) -> Room:
    """Makes a member an owner, a moderator or just a member of a room; again does nothing.

    Owners step down themselves. Raises `NotFound`, `Invalid`, `Conflict` if the room would be without an
    owner, and `Forbidden` for who does not manage the room or does not stand above the member there.
    """
    if role not in Membership.Role.values:
        raise Invalid({"role": "A role is owner, moderator or member."})
    by, place = find_to_manage(person, room)
    membership = place.room.memberships.filter(user=user).select_related("user").first()
    if membership is None:
        raise NotFound("There is no such person in this room.")
    is_owner = membership.role == Membership.Role.OWNER
    if membership.user != by or not is_owner:
        require_above(by, membership.user, place.room)
    if is_owner and role != Membership.Role.OWNER and _owners(place.room).count() == 1:
        raise Conflict("Make somebody else an owner first: a room has one.")
    change_role(membership, role=role, by=by)
    return place.room


@transaction.atomic
def clear_room(*, by: Person, room: int | str) -> Room:
    """Ends the memberships of all below the standing of `by` but its owners and moderators; visitors go, too.

    In rooms for everybody they come back when they next open the chat. Audited with how many left. Raises
    `NotFound`, `Forbidden` for who is not staff who moderate.
    """
    staff, place = find_to_manage(require_permission(require_account(by), MODERATE), room)
    cleared = place.room
    leaving = _whom_clearing_ends(cleared, staff)
    staying = [*cleared.memberships.exclude(pk__in=leaving).values_list("user_id", flat=True)]
    people = User.objects.filter(memberships__in=leaving)
    ended = {"left_at": timezone.now(), "end": Stay.End.REMOVED}
    cleared.stays.filter(left_at=None, user__in=people).update(**ended)
    count, _ = leaving.delete()
    _keep_an_owner(cleared)
    publications.room_cleared(cleared, person=staff, staying=staying, count=count)
    audit.record("clear_room", actor=staff, target=cleared, room_id=cleared.pk, after={"members": count})
    return cleared


@transaction.atomic
def remove(room: Room, user: User, *, by: User | None, reason: str = "") -> None:
    """Ends a membership, for callers that have decided that it may end: `remove_member`, Django's admin.

    Tells the person why, and is audited. Again does nothing. Raises `Forbidden` in rooms for everybody.
    """
    room = Room.objects.select_for_update().get(pk=room.pk)
    _require_leavable(room)
    if expel(room, user, end=Stay.End.REMOVED):
        publications.removed(user, room=room, reason=reason)
        publications.activity("remove_member", person=by, room=room, detail=user.name)
        audit.record("remove_member", actor=by, target=user, room_id=room.pk, reason=reason)


@transaction.atomic
def expel(room: Room, user: User, *, end: Stay.End) -> bool:
    """Ends a membership in any room, if there is one; returns whether there was.

    For callers that have decided that it may end, and that say and record why.
    """
    room = Room.objects.select_for_update().get(pk=room.pk)
    membership = Membership.objects.filter(room=room, user=user).select_related("user").first()
    if membership is not None:
        _end(room, membership, end)
    return membership is not None


@transaction.atomic
def change_role(membership: Membership, *, role: str, by: User | None) -> None:
    """Gives a member another role, for callers that have decided that it may be: Django's admin."""
    room = Room.objects.select_for_update().get(pk=membership.room_id)
    before = Membership.objects.values_list("role", flat=True).get(pk=membership.pk)
    if role == before:
        return
    membership.role = role
    membership.save(update_fields=["role"])
    publications.member_changed(room, membership)
    _keep_an_owner(room)
    publications.activity("change_role", person=by, room=room, detail=f"{membership.user.name}: {role}")
    audit.record(
        "change_role",
        actor=by,
        target=membership.user,
        room_id=room.pk,
        before={"role": before},
        after={"role": role},
    )


@transaction.atomic
def leave_all_rooms(user: User) -> None:
    """Ends all memberships of somebody whose account is about to be deleted."""
    memberships = Membership.objects.filter(user=user).select_related("user")
    for room in Room.objects.select_for_update(of=("self",)).filter(memberships__user=user).order_by("pk"):
        _end(room, memberships.get(room=room), Stay.End.DELETED)


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
    """Makes a person a member of each room that is for everybody; returns the memberships that are new.

    Rooms that they are banned from wait until the ban is over.
    """
    ids = places_of([person.pk])[0].missing
    if not ids:
        return []
    rooms = list(Room.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    bans = Sanction.objects.bans().active().filter(user=person, room__in=ids)
    banned = {*bans.values_list("room_id", flat=True)}
    open_rooms = (room for room in rooms if room.pk not in banned)
    return [membership for room in open_rooms for membership in add_people(room, [person.pk])]


def add_people(room: Room, users: Collection[int], *, role: str = Membership.Role.MEMBER) -> list[Membership]:
    """Memberships for `users`, new or not; under the room's row lock. What was said before counts as read.

    Raises `Invalid` for people who do not exist or are not active, `Forbidden` for who is banned from there.
    """
    people = {user.pk: user for user in User.objects.filter(pk__in=users, is_active=True)}
    if unknown := set(users) - set(people):
        raise Invalid({"users": f"There is nobody with the id {min(unknown)}."})
    if ban := Sanction.objects.bans().active().filter(room=room, user__in=people).first():
        raise Forbidden(f"{people[ban.user_id or 0].name} is banned from this room.")
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
    Stay.objects.bulk_create(
        Stay(room=room, user=each.user, user_name=each.user.username, joined_at=each.joined_at)
        for each in added
    )
    for membership in added:
        publications.member_joined(room, membership)
    if added:
        publications.room_changed(room, person=None)
    return [*present.values(), *added]


def _require_leavable(room: Room) -> None:
    if room.everyone:
        raise Forbidden("Everybody belongs to this room.")


def _end(room: Room, membership: Membership, end: Stay.End) -> None:
    membership.delete()
    Stay.objects.filter(room=room, user=membership.user, left_at=None).update(left_at=timezone.now(), end=end)
    _keep_an_owner(room)
    publications.member_left(room, membership.user)
    publications.room_changed(room, person=None)


def _whom_clearing_ends(room: Room, staff: User) -> QuerySet[Membership]:
    members = room.memberships.filter(role=Membership.Role.MEMBER)
    people = members.filter(Q(user__is_staff=True) | Q(user__is_superuser=True)).select_related("user")
    mine = standing_of(staff)
    return members.exclude(user__in=[each.user_id for each in people if standing_of(each.user) >= mine])


def _owners(room: Room) -> QuerySet[Membership]:
    return room.memberships.filter(role=Membership.Role.OWNER)


def _keep_an_owner(room: Room) -> None:
    """A room whose last owner is gone goes to whoever has been in it longest."""
    if _owners(room).exists():
        return
    heir = room.memberships.select_related("user").order_by("joined_at", "pk").first()
    if heir is not None:
        heir.role = Membership.Role.OWNER
        heir.save(update_fields=["role"])
        publications.member_changed(room, heir)
