"""Who may act on whom: nobody on themselves, nor on somebody of their own standing or above."""

from __future__ import annotations

from enum import IntEnum

from accounts.models import User
from chatproject.errors import Forbidden, Invalid
from rooms.models import Membership, Room

MODERATE = "rooms.moderate_rooms"
BAN = "rooms.ban_users"


class Standing(IntEnum):
    """How much somebody has to say; the first three only in the room that it is about."""

    MEMBER = 0  # and everybody else
    MODERATOR = 1
    OWNER = 2
    STAFF = 3
    ADMINISTRATOR = 4  # staff who may ban people
    SUPERUSER = 5


_OF_ROLE = {Membership.Role.OWNER: Standing.OWNER, Membership.Role.MODERATOR: Standing.MODERATOR}


def standing_of(user: User, room: Room | None = None) -> Standing:
    """What somebody's standing is, in a room or everywhere."""
    if user.is_superuser:
        return Standing.SUPERUSER
    if user.is_staff:
        return Standing.ADMINISTRATOR if user.has_perm(BAN) else Standing.STAFF
    if room is None:
        return Standing.MEMBER
    role = Membership.objects.filter(room=room, user=user).values_list("role", flat=True).first()
    return _OF_ROLE.get(Membership.Role(role), Standing.MEMBER) if role else Standing.MEMBER


def require_permission(by: User, permission: str) -> User:
    """The staff person as the database has them now. Raises `Forbidden` without the permission."""
    now = User.objects.filter(pk=by.pk, is_active=True, is_staff=True).first()
    if now is None or not now.has_perm(permission):
        raise Forbidden("This needs a permission that you do not have.")
    return now


def require_above(by: User, user: User, room: Room | None = None) -> None:
    """Raises `Forbidden` unless `by` stands above `user`, and `Invalid` (`user`) for oneself.

    Both as the database has them; in a `room` what they are there counts too.
    """
    if user.pk == by.pk:
        raise Invalid({"user": "You cannot do this to yourself."})
    if standing_of(by, room) <= standing_of(user, room):
        raise Forbidden("You may not do this to somebody of your own standing or above.")
