"""A room over time, in Django's admin: who was there, what was done, and who could read at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.core.validators import MinValueValidator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.admin.audit_filters import action_name
from accounts.admin.audited import staff_of
from accounts.models import AuditEntry
from rooms.models import Room, Stay
from rooms.operations.standing import MODERATE
from rooms.operations.timeline import Readers, readers_at

from .scope import OfRooms

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # nothing happened before, and a span fits in front of it
SPAN = timedelta(days=7)  # until now, unless another is asked for
ROWS = 50  # of each table on a page
FORMAT = "%Y-%m-%dT%H:%M"


def _moment(**options: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=FORMAT)
    validators = [MinValueValidator(EARLIEST)]
    return forms.DateTimeField(widget=widget, required=False, validators=validators, **options)


class SpanForm(forms.Form):
    """The span that is shown, and the moment that is asked about; all of it in the site's time zone."""

    since = _moment(label="From")
    until = _moment(label="To")
    moment = _moment(label="Who could read at")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        until = data.get("until") or timezone.now()
        since = data.get("since") or until - SPAN
        if since > until:
            self.add_error("since", "A span begins before it ends.")
        return {**data, "since": since, "until": until}


class Done(NamedTuple):
    """An entry of the audit, and what it says of values before and after."""

    entry: AuditEntry
    action: str
    changes: list[str]


class RoomTimeline(OfRooms):
    """The page, for staff who moderate, of rooms that they find on the admin site."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.timeline_view)
        own = path("<int:pk>/timeline/", view, name="rooms_room_timeline")
        urls: list[URLPattern] = super().get_urls()
        return [own, *urls]

    def timeline_view(self, request: HttpRequest, pk: int) -> TemplateResponse:
        """Answers in the same number of queries, however much happened."""
        if not staff_of(request).has_perm(MODERATE):
            raise PermissionDenied
        room = self.get_object(request, str(pk))
        if room is None:
            raise Http404("There is no such room, or it is not yours to see.")
        now = timezone.now()
        form = SpanForm({"since": now - SPAN, "until": now, **request.GET.dict()})
        context = {
            **self.admin_site.each_context(request),
            "title": f"Timeline of {room.name}",
            "opts": self.opts,
            "room": room,
            "form": form,
            "now": now,
        }
        if form.is_valid():
            context |= self._happenings(request, room, **form.cleaned_data)
        return TemplateResponse(request, "admin/rooms/room/timeline.html", context)

    def _happenings(
        self, request: HttpRequest, room: Room, *, since: Any, until: Any, moment: Any
    ) -> dict[str, Any]:
        there = Stay.objects.filter(room=room).during(since, until).select_related("user")
        done = AuditEntry.objects.filter(room_id=room.pk, at__gte=since, at__lte=until)
        entries = _page(request, "entries", done.order_by("-number"))
        found: dict[str, Any] = {
            "since": since,
            "until": until,
            "stays": _page(request, "stays", there.order_by("-joined_at", "-pk")),
            "entries": entries,
            "acts": [_done(entry) for entry in entries],
        }
        if moment:
            readers = readers_at(room, moment)
            members = readers.members.select_related("user").order_by("user_name", "pk")
            banned = list(readers.banned.order_by("user_name").values_list("user_name", flat=True)[:ROWS])
            found |= {
                "moment": moment,
                "readers": readers,
                "banned": banned,
                "members": _page(request, "members", members),
                "answer": _answer(readers),
            }
        return found


def _done(entry: AuditEntry) -> Done:
    names = dict.fromkeys([*entry.before, *entry.after])
    values = [(name.replace("_", " "), _said(entry.before, name), _said(entry.after, name)) for name in names]
    changes = [f"{name}: {before} → {after}" for name, before, after in values if before != after]
    return Done(entry, action_name(entry.action), changes)


def _said(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None or value == "" else str(value)  # noqa: RUF001


def _answer(readers: Readers) -> str:
    if not readers.existed:
        return "There was no such room yet."
    if readers.guests:
        return "Everybody could read, also guests without an account."
    return "Everybody with an account could read." if readers.everybody else "Only its members could read."


def _page(request: HttpRequest, name: str, rows: QuerySet[Any]) -> Page[Any]:
    page = Paginator(rows, ROWS).get_page(request.GET.get(name))
    page.parameter = name  # type: ignore[attr-defined]
    return page
