"""Rooms in Django's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from accounts.admin.audited import staff_of
from chatproject.sockets import sockets_in
from rooms.events import channels
from rooms.events.payloads import member_count
from rooms.models import Membership, Report, Room
from rooms.operations.console import SEE
from rooms.operations.rooms import change_room, create_room
from rooms.operations.standing import MODERATE

from . import cells
from .bases import RoomPages
from .filters import ActivityFilter, MembersFilter, OpenReportsFilter, OwnerFilter
from .memberships import add_member, give_role, take_out
from .room_actions import RoomActions
from .room_form import MOST_MEMBERS, MembershipInline, RoomForm
from .scope import OfRooms, may_manage, oversees_changes
from .timeline import RoomTimeline


@admin.register(Room)
class RoomAdmin(RoomActions, RoomTimeline, OfRooms, RoomPages):
    """Rooms: what is changed here reaches open browsers as soon as it is saved."""

    room_path = "pk"
    form = RoomForm
    list_display = (
        "name", "sort", "owner", "members", "message_count", "last_message", "live_now", "open_reports",
        "places",
    )  # fmt: skip
    list_filter = (
        "kind", "archived", "read_only", "everyone", "guests_may_read", OwnerFilter, MembersFilter,
        ActivityFilter, OpenReportsFilter,
    )  # fmt: skip
    list_per_page = 50
    search_fields = ("name", "slug", "topic", "memberships__user__username_folded")
    search_help_text = "Name, address, topic, or a member's username"
    show_facets = admin.ShowFacets.ALWAYS
    date_hierarchy = "last_message_at"
    ordering = ("name",)
    actions = ("archive", "restore", "close", "open", "slow_down", "clear", "notify")
    readonly_fields = (
        "slug", "id", "members", "message_count", "last_message_at", "created_at", "live_now", "open_reports",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("name", "topic", "kind", "everyone", ("guests_may_read", "guests_may_post"))}),
        ("Order", {"fields": (("read_only", "archived"), "slow_mode")}),
        ("Now", {"fields": (("members", "live_now", "open_reports"), ("message_count", "last_message_at"))}),
        ("Never changes", {"fields": (("slug", "id", "created_at"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        rooms: Any = super().get_queryset(request)
        owners = Membership.objects.filter(room=OuterRef("pk"), role=Membership.Role.OWNER)
        first = owners.order_by("joined_at", "pk").values("user__username")[:1]
        reports = Report.objects.filter(message__room=OuterRef("pk"), resolved_at=None).order_by()
        counts = reports.values("message__room").annotate(count=Count("pk")).values("count")
        found: QuerySet[Room] = rooms.with_member_count().annotate(
            owner_name=Subquery(first), report_count=Coalesce(Subquery(counts), 0)
        )
        return found

    def view_on_site(self, obj: Room) -> str:
        return obj.get_absolute_url()

    # --- Columns --------------------------------------------------------------------------------
    @admin.display(description="kind", ordering="kind")
    def sort(self, room: Room) -> SafeString:
        """The kind, and in a word each what is special about the room."""
        marks = {
            "Archived": room.archived, "Read-only": room.read_only, "Slow mode": bool(room.slow_mode),
            "Everybody": room.everyone,
        }  # fmt: skip
        words = format_html_join("", " {}", ((cells.mark(text),) for text, is_so in marks.items() if is_so))
        return format_html("{}{}", room.get_kind_display(), words)

    @admin.display(description="last message", ordering="last_message_at")
    def last_message(self, room: Room) -> str | None:
        return date_format(localtime(room.last_message_at), "j M Y, H:i") if room.last_message_at else None

    @admin.display(description="owner", ordering="owner_name")
    def owner(self, room: Any) -> str | None:
        return cells.isolated(room.owner_name) if room.owner_name else None

    @admin.display(description="members", ordering="member_count")
    def members(self, room: Any) -> SafeString:
        if not room.pk:  # it is being made
            return cells.isolated(0)
        address = cells.list_address("membership", room__id__exact=room.pk)
        return cells.link(f"{member_count(room):,}", address)

    @admin.display(description="messages", ordering="last_seq")
    def message_count(self, room: Any) -> SafeString:
        if not room.pk:  # it is being made
            return cells.isolated(0)
        return cells.link(f"{room.last_seq:,}", cells.list_address("message", room__id__exact=room.pk))

    @admin.display(description="live")
    def live_now(self, room: Room) -> int:
        """Sockets that hear the room in this process."""
        return sockets_in(channels.everybody_in(room.pk)) if room.pk else 0

    @admin.display(description="reports", ordering="report_count")
    def open_reports(self, room: Any) -> SafeString | int:
        if not (room.pk and room.report_count):
            return 0
        address = cells.list_address("report", message__room__id__exact=room.pk, state="open")
        return cells.link(room.report_count, address)

    @admin.display(description="open")
    def places(self, room: Room) -> SafeString:
        return format_html(
            '<a href="{}">Room</a> <a href="{}">Console</a>',
            room.get_absolute_url(),
            cells.console_address("rooms", room.pk),
        )

    # --- Who may --------------------------------------------------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return may_manage(staff_of(request), obj.pk if obj else None)

    def get_readonly_fields(self, request: HttpRequest, obj: Room | None = None) -> tuple[str, ...]:
        # Everybody is not an owner's to bring in.
        closed = () if oversees_changes(staff_of(request)) else ("everyone",)
        return (*super().get_readonly_fields(request, obj), *closed)

    def has_delete_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return False  # what was said is kept: a room is archived

    # --- One room -------------------------------------------------------------------------------
    def get_inlines(self, request: HttpRequest, obj: Room | None) -> list[Any]:
        # Thousands of rows would be no page to work with; their list is.
        is_long = obj is not None and obj.memberships.count() > MOST_MEMBERS
        return [] if is_long else [MembershipInline]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        links = self._links(request, object_id) if object_id else []
        # One transaction: of what an operation refuses in the middle nothing is saved.
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), "links": links}
        )

    def _links(self, request: HttpRequest, pk: str) -> list[tuple[str, str]]:
        user, audit = staff_of(request), reverse("admin:accounts_auditentry_changelist")
        links = [
            ("Members", cells.list_address("membership", room__id__exact=pk), True),
            ("Messages", cells.list_address("message", room__id__exact=pk), True),
            ("Timeline", "../timeline/", user.has_perm(MODERATE)),
            ("Audit", f"{audit}?room_id={pk}", user.has_perm("accounts.view_auditentry")),
            ("Live console", f"{cells.console_address('rooms')}/{pk}", user.has_perm(SEE)),
        ]
        return [(label, address) for label, address, is_open in links if is_open]

    def save_model(self, request: HttpRequest, obj: Room, form: Any, change: bool) -> None:
        staff = staff_of(request)
        data = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            change_room(obj, person=staff, **data)
            return
        made = create_room(person=staff, name=data.pop("name"), kind=data.pop("kind", obj.kind))
        obj.__dict__.update(change_room(made, person=staff, **data).__dict__)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        staff = staff_of(request)
        for membership in formset.deleted_objects:
            take_out(membership, by=staff)
        for membership, _ in formset.changed_objects:
            give_role(membership, membership.role, by=staff)
        for membership in formset.new_objects:
            add_member(form.instance, membership.user, role=membership.role, by=staff)
