"""Reports in Django's admin: to be read; they are resolved in the live console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.audited import staff_of
from accounts.admin.readonly import ReadOnlyAdmin
from rooms.models import Report

from . import cells
from .bases import ReportPages
from .filters import choice_filter
from .reading import ReadAndRecorded
from .scope import OfRooms

StateFilter = choice_filter(
    "state",
    "state",
    ("open", "Open", lambda: Q(resolved_at=None)),
    ("resolved", "Resolved", lambda: Q(resolved_at__isnull=False)),
)


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin, ReadAndRecorded, OfRooms, ReportPages):
    """What people pointed out, and what became of it.

    Not for owners of rooms, who may be whom it is about: it says who reported.
    """

    room_path = "message__room"
    message_path = "message"
    list_display = (
        "place", "author", "reason", "said_by", "created_at", "outcome", "console",
    )  # fmt: skip
    list_select_related = ("message__room", "message__author", "reporter", "resolved_by")
    list_filter = (StateFilter, "action", "message__room__kind")
    list_per_page = 50
    search_fields = ("reporter_name", "reason", "message__room__name", "message__author__username_folded")
    search_help_text = "Who reported, why, a room, or the author of the message"
    show_facets = admin.ShowFacets.ALWAYS
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    fields = (
        "place", "author", "body", "reason", "said_by", "created_at", "outcome", "resolved_at", "resolution",
        "console",
    )  # fmt: skip
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.oversees(staff_of(request))

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        own = {"message__room__id__exact", "message__author__id__exact", "message__id__exact"}
        return lookup in own or super().lookup_allowed(lookup, value, request)

    @admin.display(description="message", ordering="message")
    def place(self, report: Report) -> SafeString:
        return cells.isolated(f"{report.message.room.name} #{report.message.seq}")

    @admin.display(description="author")
    def author(self, report: Report) -> SafeString:
        return cells.isolated(cells.author_of(report.message))

    @admin.display(description="reported by", ordering="reporter_name")
    def said_by(self, report: Report) -> SafeString:
        return cells.isolated(report.reporter_name)

    @admin.display(description="outcome", ordering="resolved_at")
    def outcome(self, report: Report) -> SafeString:
        """What became of it, and who saw to that."""
        if report.resolved_at is None:
            return cells.mark("Open", "strong")
        by = cells.person_link(report.resolved_by) if report.resolved_by else "somebody"
        return format_html("{} by {}", report.get_action_display() or "Resolved", by)

    @admin.display(description="console")
    def console(self, report: Report) -> SafeString:
        return format_html('<a href="{}">In the console</a>', cells.console_address("reports", report.pk))
