"""Rooms, memberships, messages with their reactions and earlier bodies, invitations."""

from rooms.models.community import Community, Invitation
from rooms.models.message import Message
from rooms.models.reaction import Reaction
from rooms.models.revision import Revision
from rooms.models.room import Membership, Room

__all__ = ["Community", "Invitation", "Membership", "Message", "Reaction", "Revision", "Room"]
