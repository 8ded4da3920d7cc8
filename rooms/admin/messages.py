"""Messages in Django's admin: to be read, and deleted, by the operations of the chat."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields import BooleanField
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts import audit
from accounts.admin.audited import staff_of
from accounts.admin.readonly import ReadOnlyAdmin
from chatproject.errors import DomainError
from chatproject.sockets import sockets_in
from rooms.events import channels
from rooms.models import Message, Report, Revision, Room
from rooms.models.together import lock_rooms
from rooms.operations.deleting import delete_message, undo_deletion
from rooms.operations.standing import MODERATE

from . import cells
from .bases import MessagePages, RevisionRows
from .confirming import Confirming, Question, ReasonForm, counted
from .filters import choice_filter
from .paging import BoundedPaginator
from .scope import OfRooms, may_manage

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
class MessageAdmin(ReadOnlyAdmin, Confirming, OfRooms, MessagePages):
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
    show_facets = cells.NEVER
    paginator = BoundedPaginator
    ordering = ("-pk",)
    fields = ("place", "seq", "who", "body", "created_at", "edited_at", "deleted_at", "links")
    readonly_fields = fields
    inlines = (RevisionInline,)
    actions = ("delete_messages", "undo")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        found: QuerySet[Message] = super().get_queryset(request)
        readable = Room.objects.visible_to(staff_of(request)).filter(pk=OuterRef("room"))
        counts = _reports().order_by().values("message").annotate(count=Count("pk")).values("count")
        return found.annotate(
            is_shown=ExpressionWrapper(Exists(readable), output_field=BooleanField()),
            report_count=Coalesce(Subquery(counts), 0),
        )

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

    # --- One message ----------------------------------------------------------------------------
    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **options: Any) -> HttpResponse:
        message: Any = self.get_object(request, object_id)
        if message is not None and not message.is_shown and self.has_view_permission(request, message):
            audit.record("read_message", actor=staff_of(request), target=message, room_id=message.room_id)
        return super().change_view(request, object_id, *args, **options)

    # --- What is done ---------------------------------------------------------------------------
    def has_moderate_permission(self, request: HttpRequest) -> bool:
        user = staff_of(request)
        return user.has_perm(MODERATE) or may_manage(user)

    @admin.action(description="Delete…", permissions=["moderate"])
    def delete_messages(self, request: HttpRequest, found: QuerySet[Message]) -> TemplateResponse | None:
        return self.ask(request, found.filter(deleted_at=None), _question, partial(self._delete, request))

    def _delete(self, request: HttpRequest, found: list[Message], data: dict[str, Any]) -> str:
        staff = staff_of(request)
        with transaction.atomic():
            lock_rooms(message.room_id for message in found)
            for message in found:
                delete_message(person=staff, message=message.pk, reason=data["reason"])
                self.log_change(request, message, "Deleted")
        return f"Deleted {counted(len(found), 'message')}. For a minute this can be undone here."

    @admin.action(description="Undo deleting", permissions=["moderate"])
    def undo(self, request: HttpRequest, found: QuerySet[Message]) -> None:
        """Brings back what the person deleted within the last minute, with all that went together with it."""
        revisions = Revision.objects.filter(message__in=found.values("pk"), deletion__undone_at=None)
        deletions = (
            revisions.exclude(deletion=None).order_by("message__room").values_list("deletion", flat=True)
        )
        try:
            with transaction.atomic():
                lock_rooms(found.values_list("room", flat=True).distinct())
                count = sum(
                    undo_deletion(by=staff_of(request), deletion=pk) for pk in dict.fromkeys(deletions)
                )
        except DomainError as error:
            self.message_user(request, f"Nothing was done. {error}", messages.ERROR)
            return
        self.message_user(request, f"Brought back {counted(count, 'message')}.", messages.SUCCESS)


def _question(found: list[Message]) -> Question:
    rooms = {message.room_id for message in found}
    live = sockets_in([name for pk in rooms for name in channels.everybody_in(pk)])
    what = counted(len(found), "message")
    return Question(
        f"Delete {what}?",
        "What they say goes at once for everybody who has the room open. Their places stay;"
        " staff can still read what they said.",
        (what, counted(len(rooms), "room"), counted(live, "live socket")),
        ReasonForm,
        is_harmful=True,
    )
