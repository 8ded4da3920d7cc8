"""Which rooms somebody finds on the admin site: staff who oversee all of them, and owners their own."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.admin.audited import staff_of
from accounts.models import User
from rooms.models import Membership, Room
from rooms.models.room import RoomQuerySet
from rooms.operations.standing import MODERATE

from .bases import AnyPages


def owned_by(user: User) -> RoomQuerySet:
    """The rooms that somebody owns."""
    owned = Membership.objects.filter(user=user, role=Membership.Role.OWNER)
    return Room.objects.filter(pk__in=owned.values("room"))


def oversees_changes(user: User) -> bool:
    """Whether somebody may change all rooms that they find there."""
    return user.has_perm(MODERATE) or user.has_perm("rooms.change_room")


def may_manage(user: User, room_id: int | None = None) -> bool:
    """Whether somebody may change a room that they find there, or any of them."""
    if oversees_changes(user):
        return True
    owned = owned_by(user)
    return (owned if room_id is None else owned.filter(pk=room_id)).exists()


class OfRooms(AnyPages):
    """Pages about rooms, or about what is in them.

    Staff who moderate, or have Django's permission for the model, find those of all rooms that staff may see;
    owners of rooms those of their own. Objects are found as lists are: what is not listed cannot be opened.
    """

    room_path: ClassVar[str] = "room"  # the way from the model to its room

    def rooms_for(self, request: HttpRequest) -> RoomQuerySet:
        """The rooms that this page is about for whoever asks."""
        user = staff_of(request)
        return Room.objects.for_staff(user) if self.oversees(user) else owned_by(user)

    def oversees(self, user: User) -> bool:
        """Whether somebody finds more here than what belongs to their own rooms."""
        name = self.opts.model_name
        return any(user.has_perm(each) for each in (MODERATE, f"rooms.view_{name}", f"rooms.change_{name}"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.filter(self.within(self.rooms_for(request), staff_of(request)))

    def within(self, rooms: RoomQuerySet, user: User) -> Q:
        """What of the model belongs to these rooms, or else to somebody who asks."""
        return Q(**{f"{self.room_path}__in": rooms})

    def has_module_permission(self, request: HttpRequest) -> bool:
        if not request.user.is_authenticated:  # the log-in page asks, too
            return False
        return super().has_module_permission(request) or self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = staff_of(request)
        return self.oversees(user) or owned_by(user).exists()
