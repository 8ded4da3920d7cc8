"""The doors: every operation finds its room through one of these."""

from __future__ import annotations

from typing import NamedTuple

from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Forbidden, NotFound, Unauthenticated
from rooms.models import Membership, Room


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
    if room is None:
        raise NotFound("There is no such room, or it is not yours to see.")
    return Place(room, _membership(person, room))


def find_to_manage(person: Person, key: int | str) -> Place:
    """The same, locked; raises `Forbidden` unless `person` may manage it."""
    if isinstance(person, User):
        # What a socket knows of its person may be older than the loss of a permission.
        person = User.objects.get(pk=person.pk)
    place = find(person, key, lock=True)
    if not place.room.may_be_managed_by(person, place.membership):
        raise Forbidden("Only the room's owners may do this.")
    return place


def require_account(person: Person) -> User:
    """The person, if they have an account. Raises `Unauthenticated` for guests."""
    if isinstance(person, User):
        return person
    raise Unauthenticated("Sign in to do this.")


def _membership(person: Person, room: Room) -> Membership | None:
    if not isinstance(person, User):
        return None
    return Membership.objects.filter(room=room, user=person).select_related("user").first()
