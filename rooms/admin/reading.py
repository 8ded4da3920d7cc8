"""Pages that show what was said: of private rooms to whoever may read them, and the audit keeps who did."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from accounts import audit
from accounts.admin.audited import staff_of
from rooms.models import Message, Room

from .bases import AnyPages

SAID = frozenset({"body", "html"})


class ReadAndRecorded(AnyPages):
    """Annotates `is_shown`: whether whoever asks may read the message in the chat, where nothing is recorded.

    A page of anything else is recorded when it is opened.
    """

    message_path: ClassVar[str] = ""  # the way from the model to its message; "" for messages themselves

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        room = f"{self.message_path}__room" if self.message_path else "room"
        readable = Room.objects.visible_to(staff_of(request)).filter(pk=OuterRef(room))
        found: QuerySet[Any] = super().get_queryset(request).annotate(is_shown=Exists(readable))
        return found

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        # A list that is filtered by what was said would tell it, and nothing would be recorded.
        return SAID.isdisjoint(lookup.split("__")) and super().lookup_allowed(lookup, value, request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **options: Any) -> Any:
        answer = super().change_view(request, object_id, *args, **options)
        if answer.status_code == HTTPStatus.OK:
            self._record(request, self.get_object(request, object_id))
        return answer

    def _record(self, request: HttpRequest, found: Any) -> None:
        if found is not None and not found.is_shown:
            message: Message = getattr(found, self.message_path) if self.message_path else found
            staff = staff_of(request)
            audit.record("read_message", actor=staff, target=message, room_id=message.room_id)
