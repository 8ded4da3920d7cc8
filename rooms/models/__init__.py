"""Rooms, memberships, messages with their reactions and earlier bodies, invitations; and what keeps order."""

from rooms.models.community import Community, Invitation
from rooms.models.deletion import Deletion
from rooms.models.message import Message
from rooms.models.reaction import Reaction
from rooms.models.report import Report
from rooms.models.revision import Revision
from rooms.models.room import Membership, Room
from rooms.models.sanction import Sanction, SanctionNetwork
from rooms.models.slow_post import SlowPost
from rooms.models.stay import Stay

__all__ = [
    "Community", "Deletion", "Invitation", "Membership", "Message", "Reaction", "Report", "Revision", "Room",
    "Sanction", "SanctionNetwork", "SlowPost", "Stay",
]  # fmt: skip
