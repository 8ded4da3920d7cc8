"""Messages in Django's admin: to be read, and deleted, by the operations of the chat."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts.admin.audited import staff_of
from accounts.admin.readonly import ReadOnlyAdmin
from rooms.models import Message, Report, Revision
from rooms.operations.standing import MODERATE

from . import cells
from .bases import MessagePages, RevisionRows
from .confirming import counted
from .filters import choice_filter
from .message_actions import MessageActions
from .paging import BoundedPaginator
from .reading import ReadAndRecorded
from .scope import OfRooms

EXCERPT = 80  # code points

DeletedFilter = choice_filter(
    "deleted",
    "deleted",
    ("yes", "Deleted", lambda: Q(deleted_at__isnull=False)),
    ("no", "Not deleted", lambda: Q(deleted_at=None)),
)
ReportedFilter = choice_filter(
    "reported",
    "reported",
    ("open", "Waits for somebody", lambda: Q(Exists(_reports().filter(resolved_at=None)))),
    ("yes", "Was ever reported", lambda: Q(Exists(_reports()))),
)


def _reports() -> QuerySet[Report]:
    return Report.objects.filter(message=OuterRef("pk"))


class RevisionInline(ReadOnlyAdmin, RevisionRows):
    """What a message said before, for staff who moderate."""

    model = Revision
    fields = ("body", "until")
    readonly_fields = fields
    verbose_name_plural = "earlier texts"
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_of(request).has_perm(MODERATE)


@admin.register(Message)
class MessageAdmin(MessageActions, ReadOnlyAdmin, ReadAndRecorded, OfRooms, MessagePages):
    """What was said in private rooms is shown in lists, and searched, only for who belongs there.

    Others who may read private rooms read it on the message's own page, and the audit keeps that they did.
    """

    list_display = ("place", "who", "excerpt", "state", "created_at")
    list_select_related = ("room", "author")
    list_filter = ("room__kind", DeletedFilter, ReportedFilter)
    list_per_page = 50
    search_fields = ("room__name", "room__slug", "author__username_folded", "author_name")
    search_help_text = "A room's or an author's name, or words of the text"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    ordering = ("-pk",)
    fields = ("place", "seq", "who", "body", "created_at", "edited_at", "deleted_at", "links")
    readonly_fields = fields
    inlines = (RevisionInline,)
    actions = ("delete_messages", "undo")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        found: QuerySet[Message] = super().get_queryset(request)
        counts = _reports().order_by().values("message").annotate(count=Count("pk")).values("count")
        return found.annotate(report_count=Coalesce(Subquery(counts), 0))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        found, has_doubles = super().get_search_results(request, queryset, search_term)
        words = search_term.split()
        if not words:
            return found, has_doubles
        said = Q(is_shown=True)
        for word in words:
            said &= Q(body__icontains=word)
        return found | queryset.filter(said), has_doubles

    # --- Columns --------------------------------------------------------------------------------
    @admin.display(description="message", ordering="room")
    def place(self, message: Message) -> SafeString:
        return cells.isolated(f"{message.room.name} #{message.seq}")

    @admin.display(description="author", ordering="author_name")
    def who(self, message: Message) -> SafeString:
        return cells.isolated(cells.author_of(message))

    @admin.display(description="text")
    def excerpt(self, message: Any) -> SafeString:
        if not message.is_shown:
            return cells.mark("Private: open it to read")
        return cells.isolated(message.body[:EXCERPT])

    @admin.display(description="state")
    def state(self, message: Any) -> SafeString:
        marks = {
            "Deleted": message.deleted_at is not None,
            "Edited": message.edited_at is not None and message.deleted_at is None,
            counted(message.report_count, "report"): message.report_count > 0,
        }
        return format_html_join(" ", "{}", ((cells.mark(text),) for text, is_so in marks.items() if is_so))

    @admin.display(description="see also")
    def links(self, message: Message) -> SafeString:
        found = [
            (message.room.get_absolute_url(), "Room in the chat"),
            (cells.list_address("message", room__id__exact=message.room_id), "All messages of the room"),
        ]
        if message.author_id:
            by_author = cells.list_address("message", author__id__exact=message.author_id)
            found.append((by_author, "All messages of the author"))
        if message.report_count:  # type: ignore[attr-defined]
            found.append((cells.list_address("report", message__id__exact=message.pk), "Reports"))
        return format_html_join(" · ", '<a href="{}">{}</a>', found)
