"""What is done to several rooms at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts.admin.audited import staff_of
from accounts.admin.confirming import Question
from accounts.models import User
from chatproject.sockets import sockets_in
from rooms.events import channels
from rooms.models import Room
from rooms.models.together import lock_rooms
from rooms.operations.announcing import announce
from rooms.operations.memberships import clear_room
from rooms.operations.rooms import LONGEST_SLOW_MODE, change_room
from rooms.operations.standing import MODERATE
from rooms.operations.texts import NOTICE_LENGTH

from .confirming import Confirming, NothingToSay, counted, listed
from .scope import OfRooms, may_manage, oversees_changes, owned_by

SLOW_MODES = (
    (0, "Off"),
    (10, "10 seconds"),
    (30, "30 seconds"),
    (60, "1 minute"),
    (300, "5 minutes"),
    (900, "15 minutes"),
    (3600, "1 hour"),
    (LONGEST_SLOW_MODE, "6 hours"),
)


class SlowModeForm(forms.Form):
    slow_mode = forms.TypedChoiceField(label="One message each", choices=SLOW_MODES, coerce=int, initial=30)


class NoticeForm(forms.Form):
    text = forms.CharField(
        max_length=NOTICE_LENGTH, widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})
    )


class Act(NamedTuple):
    """Something that is done to rooms; `perform` returns whether there was anything to do in this one."""

    title: str  # {} stands for the rooms, as in "2 rooms"
    does: str
    done: str  # for the history too
    button: str
    perform: Callable[[Room, User, dict[str, Any]], bool]
    form: type[forms.Form] = NothingToSay


def _change(room: Room, staff: User, data: dict[str, Any]) -> bool:
    changes: Any = {name: value for name, value in data.items() if value != getattr(room, name)}
    if changes:
        change_room(room, person=staff, **changes)
    return bool(changes)


def _setting(**values: Any) -> Callable[[Room, User, dict[str, Any]], bool]:
    return lambda room, staff, _: _change(room, staff, values)


def _clear(room: Room, staff: User, data: dict[str, Any]) -> bool:
    clear_room(by=staff, room=room.pk)
    return True


def _notify(room: Room, staff: User, data: dict[str, Any]) -> bool:
    announce(by=staff, room=room.pk, **data)
    return True


ARCHIVE = Act(
    "Archive {}?",
    "They stay readable; nobody posts in them or joins them until they are restored.",
    "Archived",
    "Archive",
    _setting(archived=True),
)
RESTORE = Act(
    "Restore {}?", "They can be posted in and joined again.", "Restored", "Restore", _setting(archived=False)
)
CLOSE = Act(
    "Make {} read-only?",
    "Everything can be read, and nobody posts until they are made writable again.",
    "Made read-only",
    "Make read-only",
    _setting(read_only=True),
)
OPEN = Act(
    "Make {} writable?",
    "Whoever may post in them may do so again. Archived rooms stay closed.",
    "Made writable",
    "Make writable",
    _setting(read_only=False),
)
SLOW_DOWN = Act(
    "Set slow mode for {}?",
    "Each person waits that long between two messages. Owners, moderators and staff who moderate do not.",
    "Set slow mode",
    "Set slow mode",
    _change,
    SlowModeForm,
)
CLEAR = Act(
    "Clear {}?",
    "All members leave, but owners, moderators and staff who stand no lower than you; visitors are shown out."
    " Messages stay. Rooms for everybody fill again when people come back, others when people join.",
    "Cleared",
    "Clear",
    _clear,
)
NOTIFY = Act(
    "Send a notice to {}?",
    "Whoever hears one of the rooms now is shown the text once. It is not kept as a message.",
    "Sent the notice",
    "Send",
    _notify,
    NoticeForm,
)


class RoomActions(Confirming, OfRooms):
    """Each action is one transaction: the rooms are locked, lower ids first, then done one by one."""

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return may_manage(staff_of(request))

    def has_announce_permission(self, request: HttpRequest) -> bool:
        return staff_of(request).has_perm("rooms.announce")

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return staff_of(request).has_perm(MODERATE)

    @admin.action(description="Archive…", permissions=["manage"])
    def archive(self, request: HttpRequest, rooms: QuerySet[Room]) -> TemplateResponse | None:
        return self._ask(request, self._manageable(request, rooms), ARCHIVE)

    @admin.action(description="Restore…", permissions=["manage"])
    def restore(self, request: HttpRequest, rooms: QuerySet[Room]) -> TemplateResponse | None:
        return self._ask(request, self._manageable(request, rooms), RESTORE)

    @admin.action(description="Make read-only…", permissions=["manage"])
    def close(self, request: HttpRequest, rooms: QuerySet[Room]) -> TemplateResponse | None:
        return self._ask(request, self._manageable(request, rooms), CLOSE)

    @admin.action(description="Make writable…", permissions=["manage"])
    def open(self, request: HttpRequest, rooms: QuerySet[Room]) -> TemplateResponse | None:
        return self._ask(request, self._manageable(request, rooms), OPEN)

    @admin.action(description="Slow mode…", permissions=["manage"])
    def slow_down(self, request: HttpRequest, rooms: QuerySet[Room]) -> TemplateResponse | None:
        return self._ask(request, self._manageable(request, rooms), SLOW_DOWN)

    @admin.action(description="Clear…", permissions=["moderate"])
    def clear(self, request: HttpRequest, rooms: QuerySet[Room]) -> TemplateResponse | None:
        return self._ask(request, rooms, CLEAR)

    @admin.action(description="Send a notice…", permissions=["announce"])
    def notify(self, request: HttpRequest, rooms: QuerySet[Room]) -> TemplateResponse | None:
        return self._ask(request, rooms, NOTIFY)

    def _manageable(self, request: HttpRequest, rooms: QuerySet[Room]) -> QuerySet[Room]:
        """Those of the rooms that are the person's to change."""
        user = staff_of(request)
        return rooms if oversees_changes(user) else rooms.filter(pk__in=owned_by(user))

    def _ask(self, request: HttpRequest, rooms: QuerySet[Room], act: Act) -> TemplateResponse | None:
        perform = partial(self._perform, request, act)
        return self.confirm(request, rooms, partial(_question, act), perform, act.form)

    def _perform(self, request: HttpRequest, act: Act, found: list[Room], data: dict[str, Any]) -> str:
        staff = staff_of(request)
        done = [room for room in lock_rooms(room.pk for room in found) if act.perform(room, staff, data)]
        for room in done:
            self.log_change(request, room, act.done)
        return f"{act.done}: {listed([room.name for room in done])}."


def _question(act: Act, found: list[Room]) -> Question:
    ids = [room.pk for room in found]
    people = User.objects.filter(is_active=True, memberships__room__in=ids).distinct().count()
    live = sockets_in([name for pk in ids for name in channels.everybody_in(pk)])
    rooms = counted(len(ids), "room")
    if not found:
        return Question("None of these rooms is yours to change", [], act.button)
    concerned = f"{rooms}, {counted(people, 'member')}, {counted(live, 'live socket')}."
    return Question(act.title.format(rooms), [concerned, act.does], act.button)
