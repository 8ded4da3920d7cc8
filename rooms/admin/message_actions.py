"""What is done to several messages at once."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts.admin.audited import staff_of
from accounts.admin.confirming import Question
from chatproject.sockets import sockets_in
from rooms.events import channels
from rooms.models import Message, Revision
from rooms.models.together import lock_rooms
from rooms.operations.deleting import delete_message, undo_deletion
from rooms.operations.standing import MODERATE

from .confirming import Confirming, ReasonForm, counted
from .scope import owned_by


class MessageActions(Confirming):
    """For staff who moderate, and owners in their rooms; nobody deletes what somebody above them said."""

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        user = staff_of(request)
        return user.has_perm(MODERATE) or owned_by(user).exists()

    @admin.action(description="Delete…", permissions=["moderate"])
    def delete_messages(self, request: HttpRequest, found: QuerySet[Message]) -> TemplateResponse | None:
        perform = partial(self._delete, request)
        return self.confirm(request, found.filter(deleted_at=None), _question, perform, ReasonForm)

    def _delete(self, request: HttpRequest, found: list[Message], data: dict[str, Any]) -> str:
        lock_rooms(message.room_id for message in found)
        for message in found:
            delete_message(person=staff_of(request), message=message.pk, reason=data["reason"])
            self.log_change(request, message, "Deleted")
        return f"Deleted {counted(len(found), 'message')}. For a minute this can be undone here."

    @admin.action(description="Undo deleting", permissions=["moderate"])
    def undo(self, request: HttpRequest, found: QuerySet[Message]) -> None:
        """Brings back what was deleted within the last minute, with all that was deleted together with it."""
        revisions = Revision.objects.filter(message__in=found.values("pk"), deletion__undone_at=None)
        deletions = revisions.exclude(deletion=None).values_list("deletion", flat=True)
        with transaction.atomic():
            lock_rooms(found.values_list("room", flat=True))
            count = sum(undo_deletion(by=staff_of(request), deletion=pk) for pk in sorted({*deletions}))
        self.message_user(request, f"Brought back {counted(count, 'message')}.", messages.SUCCESS)


def _question(found: list[Message]) -> Question:
    if not found:
        return Question("All of these messages are deleted already", [], "Delete")
    rooms = {message.room_id for message in found}
    live = sockets_in([name for pk in rooms for name in channels.everybody_in(pk)])
    what = counted(len(found), "message")
    concerned = f"{what} in {counted(len(rooms), 'room')}, {counted(live, 'live socket')}."
    does = (
        "What they say goes at once for everybody who has the room open. Their places stay, and staff who"
        " moderate can still read what they said."
    )
    return Question(f"Delete {what}?", [concerned, does], "Delete")
