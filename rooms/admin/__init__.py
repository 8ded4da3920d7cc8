"""Rooms, their members and messages, moderation and invitations in Django's admin.

What is changed there is changed by the operations of the chat: it reaches open browsers, and is audited.
"""

from . import invitations, memberships, messages, reports, rooms, sanctions

__all__ = ["invitations", "memberships", "messages", "reports", "rooms", "sanctions"]
