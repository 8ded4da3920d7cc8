"""Who acts on whom, and where: all of it found, locked and allowed, before anything is done.

Locks are taken in one order: the room, the person.
"""

from __future__ import annotations

from typing import NamedTuple

from accounts.guests import Person
from accounts.models import User
from chatproject.errors import NotFound
from rooms.models import Room, Sanction
from rooms.operations.access import find_to_moderate, require_account
from rooms.operations.standing import BAN, MODERATE, require_above, require_permission


class Scene(NamedTuple):
    """Who acts on whom, and where. `by` is None for whoever has the server's shell and may do anything."""

    by: User | None
    person: User
    room: Room | None


def scene_of(by: Person | None, user: int, room: int | str | None, *, permission: str) -> Scene:
    """Who acts on somebody in a room, or everywhere with a permission; as the database has all of them now.

    Raises `NotFound`, `Forbidden`, `Unauthenticated` for guests, and `Invalid` (`user`) for oneself.
    """
    actor, place = None, None
    if room is not None:
        actor, place = _moderator_of(by, room)
    elif by is not None:
        actor = require_permission(require_account(by), permission)
    return Scene(actor, _below(actor, user, place), place)


def find_below(by: Person, user: int, room: int | str) -> tuple[User, User, Room]:
    """Who keeps order in a room, somebody who stands below them there, and the room. Raises as `scene_of`."""
    actor, place = find_to_moderate(by, room)
    return actor, _below(actor, user, place.room), place.room


def find_to_lift(by: Person | None, sanction: int) -> tuple[User | None, Sanction]:
    """Who lifts a sanction, as somebody who may set such a one, and the sanction, which is locked too.

    Raises as `scene_of` does.
    """
    known = Sanction.objects.select_related("room").filter(pk=sanction).first()
    if known is None:
        raise _no_such_sanction()
    actor = _lifter_of(by, known)
    if known.user_id is not None:
        _below(actor, known.user_id, known.room)
    return actor, Sanction.objects.select_for_update(of=("self",)).in_full().get(pk=sanction)


def _lifter_of(by: Person | None, sanction: Sanction) -> User | None:
    if sanction.room_id is not None:
        try:
            return _moderator_of(by, sanction.room_id)[0]
        except NotFound:
            raise _no_such_sanction() from None
    if by is None:
        return None
    permission = BAN if sanction.kind == Sanction.Kind.BAN else MODERATE
    return require_permission(require_account(by), permission)


def _moderator_of(by: Person | None, room: int | str) -> tuple[User | None, Room]:
    if by is not None:
        actor, place = find_to_moderate(by, room)
        return actor, place.room
    named = Room.objects.named(room).select_for_update().first()
    if named is None:
        raise NotFound("There is no such room.")
    return None, named


def _below(by: User | None, user: int, room: Room | None) -> User:
    """The person, locked, who has to stand below `by`."""
    # Not the whole lock: messages of theirs, and sanctions that they set, only refer to them.
    person = User.objects.select_for_update(no_key=True).filter(pk=user).first()
    if person is None:
        raise NotFound("There is no such person.")
    if by is not None:
        require_above(by, person, room)
    return person


def _no_such_sanction() -> NotFound:
    return NotFound("There is no such sanction, or it is not yours to see.")
