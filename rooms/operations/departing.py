"""Somebody's account is about to be deleted: what they leave behind in rooms."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from rooms.events import publications
from rooms.models import Message, Reaction, Room
from rooms.operations.memberships import leave_all_rooms
from rooms.operations.versions import count_changes


@transaction.atomic
def leave_for_good(user: User) -> None:
    """Ends all memberships of a person, and takes back all their reactions. What they said stays."""
    reacted = Message.objects.filter(reactions__user=user).values("room")
    own = Q(pk__in=user.memberships.values("room")) | Q(pk__in=reacted)
    # All of them first, lower ids first: whoever else locks several does the same.
    for room in list(Room.objects.select_for_update().filter(own).order_by("pk")):
        _take_back_reactions(room, user)
    leave_all_rooms(user)


def _take_back_reactions(room: Room, user: User) -> None:
    """Under the room's row lock."""
    messages = list(room.messages.filter(reactions__user=user, deleted_at=None).distinct().order_by("seq"))
    Reaction.objects.filter(message__room=room, user=user).delete()
    if not messages:
        return
    count_changes(messages, room)
    # One event for however many there are: who hears of the last misses those before it, and asks for them.
    publications.message_changed(room.messages.in_full().get(pk=messages[-1].pk), room=room)
