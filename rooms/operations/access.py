"""The doors: every operation finds its room through one of these."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Forbidden, NotFound, Unauthenticated
from rooms.models import Membership, Message, Room, Sanction
from rooms.models.room import room_key
from rooms.models.together import lock_rooms, memberships_of

NO_MESSAGE = "There is no such message, or it is not yours to see."
NOBODY: frozenset[tuple[int, int]] = frozenset()


class Place(NamedTuple):
    """A room as one person finds it; `membership` is None for who does not belong to it."""

    room: Room
    membership: Membership | None

    def person(self, person: Person) -> Person:
        """`person` as the database has them now: a socket may be older than their present name."""
        return self.membership.user if self.membership else person


def find(person: Person, key: int | str, *, lock: bool = False) -> Place:
    """The room with this id or slug, if `person` may read it. Raises `NotFound` else, whatever the reason.

    `lock` takes the room's row lock until the transaction ends: for what raises its counters.
    """
    rooms = Room.objects.visible_to(person).named(key)
    room = (rooms.select_for_update(of=("self",)) if lock else rooms).first()
    place = Place(room, _membership(person, room)) if room else None
    # Who waited for the lock may have lost the room meanwhile.
    banned = _banned([(person, place)]) if lock else NOBODY
    return found(place if _is_readable(person, place, banned) else None)


def find_all(asked: Sequence[tuple[Person, int | str]]) -> list[Place | None]:
    """What `find` finds for many, all of it locked; None where it raises. Takes two queries, for members.

    Those who ask for the same room get the same object, and so do those who are the same person there.
    """
    rooms = {key: room for room in lock_rooms(key for _, key in asked) for key in (room.pk, room.slug)}
    wanted = [(rooms.get(room_key(key)), person) for person, key in asked]
    pairs = {(room.pk, person.pk) for room, person in wanted if room and isinstance(person, User)}
    memberships = memberships_of(pairs)
    places = [
        Place(room, memberships.get((room.pk, person.id or 0))) if room else None for room, person in wanted
    ]
    people = [person for person, _ in asked]
    banned = _banned(zip(people, places, strict=True))
    return [
        place if _is_readable(person, place, banned) else None
        for person, place in zip(people, places, strict=True)
    ]


def found(place: Place | None) -> Place:
    """The place, if there is one. Raises `NotFound`."""
    if place is None:
        raise NotFound("There is no such room, or it is not yours to see.")
    return place


def find_to_act(person: Person, key: int | str, *, lock: bool = True) -> tuple[User, Place]:
    """The person as the database has them now, and the room, locked, as they find it.

    Staff who moderate find all that staff may see. Raises `NotFound`, and `Unauthenticated` for guests.
    """
    by = User.objects.get(pk=require_account(person).pk)
    if not (by.is_staff and by.has_perm("rooms.moderate_rooms")):
        return by, find(by, key, lock=lock)
    rooms = Room.objects.for_staff(by).named(key)
    room = (rooms.select_for_update(of=("self",)) if lock else rooms).first()
    return by, found(Place(room, _membership(by, room)) if room else None)


def find_to_manage(person: Person, key: int | str) -> tuple[User, Place]:
    """The same; raises `Forbidden` unless they may manage it, as its owners and staff who moderate may."""
    by, place = find_to_act(person, key)
    if not place.room.may_be_managed_by(by, place.membership):
        raise Forbidden("Only the room's owners may do this.")
    return by, place


def find_to_moderate(person: Person, key: int | str, *, lock: bool = True) -> tuple[User, Place]:
    """The same for who may keep order there: its moderators may, too."""
    by, place = find_to_act(person, key, lock=lock)
    if not place.room.may_be_moderated_by(by, place.membership):
        raise Forbidden("Only the room's owners and moderators may do this.")
    return by, place


def find_message(person: Person, message: int, *, lock: bool = False) -> tuple[Place, Message]:
    """The message with this id, in full, if `person` may read its room. Raises `NotFound` else.

    `lock` takes the room's row lock until the transaction ends; the message is read under it.
    """
    stored = Message.objects.filter(pk=message)
    room_id = stored.values_list("room_id", flat=True).first()  # which never changes
    try:
        return find(person, room_id or 0, lock=lock), stored.in_full().get()
    except (NotFound, Message.DoesNotExist):
        raise NotFound(NO_MESSAGE) from None


def find_message_to_moderate(person: Person, message: int) -> tuple[User, Place, Message]:
    """What `find_to_moderate` finds for the room of a message, and the message, in full. Raises the same."""
    stored = Message.objects.filter(pk=message)
    room_id = stored.values_list("room_id", flat=True).first()
    try:
        by, place = find_to_moderate(person, room_id or 0)
        return by, place, stored.in_full().get()
    except (NotFound, Message.DoesNotExist):
        raise NotFound(NO_MESSAGE) from None


def as_stored(person: Person) -> Person:
    """`person` as the database has them: what a socket knows may be older than the loss of a permission."""
    return User.objects.get(pk=person.pk) if isinstance(person, User) else person


def require_account(person: Person) -> User:
    """The person, if they have an account. Raises `Unauthenticated` for guests."""
    if isinstance(person, User):
        return person
    raise Unauthenticated("Sign in to do this.")


def _is_readable(person: Person, place: Place | None, banned: Collection[tuple[int, int]]) -> bool:
    if place is None or not place.room.may_be_read_by(person, place.membership):
        return False
    return (place.room.pk, person.id or 0) not in banned


def _banned(asked: Iterable[tuple[Person, Place | None]]) -> Collection[tuple[int, int]]:
    """The pairs of a room's and a person's id where a ban holds. Members have none, and cost no query."""
    pairs = {
        (place.room.pk, person.pk)
        for person, place in asked
        if place and place.membership is None and isinstance(person, User)
    }
    if not pairs:
        return NOBODY
    rooms, people = zip(*pairs, strict=True)
    bans = Sanction.objects.bans().active().filter(room__in=rooms, user__in=people)
    return {(room_id, user_id) for room_id, user_id in bans.values_list("room_id", "user_id")}


def _membership(person: Person, room: Room) -> Membership | None:
    if not isinstance(person, User):
        return None
    return Membership.objects.filter(room=room, user=person).select_related("user").first()
