"""Rooms, memberships, messages, invitations."""

from rooms.models.community import Community, Invitation
from rooms.models.message import Message
from rooms.models.room import Membership, Room

__all__ = ["Community", "Invitation", "Membership", "Message", "Room"]
