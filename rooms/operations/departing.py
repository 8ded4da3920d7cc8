"""Somebody's account is about to be deleted: what they leave behind in rooms."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from rooms.events import publications
from rooms.models import Membership, Message, Reaction, Room
from rooms.operations.memberships import leave_all_rooms
from rooms.operations.versions import count_changes


@transaction.atomic
def leave_for_good(user: User, *, together_with: Iterable[User] = ()) -> None:
    """Ends all memberships of a person, and takes back all their reactions. What they said stays.

    The rooms of those who are deleted together are locked for all of them, before the first is left.
    """
    # All of them first, lower ids first: whoever else locks several does the same.
    if people := [each.pk for each in together_with]:
        list(_rooms_of(people).select_for_update().values_list("pk"))
    for room in list(_rooms_of([user.pk]).select_for_update()):
        _take_back_reactions(room, user)
    leave_all_rooms(user)


def _rooms_of(people: Collection[int]) -> QuerySet[Room]:
    """Where people belong, or have reacted to something; lower ids first."""
    members = Membership.objects.filter(user__in=people).values("room")
    reacted = Message.objects.filter(reactions__user__in=people).values("room")
    return Room.objects.filter(Q(pk__in=members) | Q(pk__in=reacted)).order_by("pk")


def _take_back_reactions(room: Room, user: User) -> None:
    """Under the room's row lock."""
    messages = list(room.messages.filter(reactions__user=user, deleted_at=None).distinct().order_by("seq"))
    Reaction.objects.filter(message__room=room, user=user).delete()
    if not messages:
        return
    count_changes(messages, room)
    # One event for however many there are: who hears of the last misses those before it, and asks for them.
    publications.message_changed(room.messages.in_full().get(pk=messages[-1].pk), room=room)
