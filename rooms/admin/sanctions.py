"""Mutes and bans in Django's admin: to be read, and lifted."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.admin.audited import staff_of
from accounts.admin.confirming import Question
from accounts.admin.readonly import ReadOnlyAdmin
from accounts.models import User
from chatproject.sockets import sockets_in
from chatproject.sockets.channels import user_room
from rooms.models import Sanction
from rooms.models.room import RoomQuerySet
from rooms.models.together import lock_rooms
from rooms.operations.sanctions import lift

from . import cells
from .bases import SanctionPages
from .confirming import Confirming, counted, listed
from .filters import choice_filter
from .scope import OfRooms, may_manage


def _holding() -> Q:
    now = timezone.now()
    return Q(Q(until=None) | Q(until__gt=now), lifted_at=None)


HoldsFilter = choice_filter(
    "state",
    "state",
    ("active", "Holds now", _holding),
    ("lifted", "Lifted", lambda: Q(lifted_at__isnull=False)),
    ("over", "Over by itself", lambda: Q(lifted_at=None, until__lte=timezone.now())),
)
WhereFilter = choice_filter(
    "where",
    "where",
    ("everywhere", "Everywhere", lambda: Q(room=None)),
    ("room", "In a room", lambda: Q(room__isnull=False)),
)


@admin.register(Sanction)
class SanctionAdmin(ReadOnlyAdmin, Confirming, OfRooms, SanctionPages):
    """Set in the live console and in the chat, where one sees why; owners find those of their rooms."""

    list_display = ("whom", "kind", "where", "reason", "by_name", "created_at", "until", "state")
    list_select_related = ("user", "room")
    list_filter = (HoldsFilter, "kind", WhereFilter)
    list_per_page = 50
    search_fields = ("user__username_folded", "user_name", "by_name", "room__name", "reason")
    search_help_text = "Whom it concerns, who set it, a room, or words of the reason"
    show_facets = admin.ShowFacets.ALWAYS
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    fields = (
        "whom", "kind", "where", "reason", "by", "created_at", "until", "state", "lifted_at", "lifted_by",
        "networks",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("lift",)

    def within(self, rooms: RoomQuerySet, user: User) -> Q:
        found = super().within(rooms, user)
        return found | Q(room=None) if self.oversees(user) else found

    # --- Columns --------------------------------------------------------------------------------
    @admin.display(description="whom", ordering="user_name")
    def whom(self, sanction: Sanction) -> SafeString:
        if sanction.user is None:
            return cells.isolated(f"{sanction.user_name} (guest)")
        return cells.person_link(sanction.user)

    @admin.display(description="where", ordering="room__name")
    def where(self, sanction: Sanction) -> SafeString | str:
        return cells.room_link(sanction.room) if sanction.room else "Everywhere"

    @admin.display(description="state")
    def state(self, sanction: Sanction) -> SafeString:
        if sanction.is_active:
            return cells.mark("Holds now", "strong")
        return cells.mark("Lifted" if sanction.lifted_at else "Over")

    @admin.display(description="networks kept out")
    def networks(self, sanction: Sanction) -> str:
        return ", ".join(sanction.networks.values_list("network", flat=True)) or "none"

    # --- What is done ---------------------------------------------------------------------------
    def has_lift_permission(self, request: HttpRequest) -> bool:
        return may_manage(staff_of(request))

    @admin.action(description="Lift…", permissions=["lift"])
    def lift(self, request: HttpRequest, found: QuerySet[Sanction]) -> TemplateResponse | None:
        return self.confirm(request, found.filter(_holding()), _question, partial(self._lift, request))

    def _lift(self, request: HttpRequest, found: list[Sanction], data: dict[str, Any]) -> str:
        # What one of them locks is locked for all before the first is recorded: rooms, people, sanctions.
        lock_rooms(sanction.room_id for sanction in found if sanction.room_id)
        people = User.objects.filter(pk__in={each.user_id for each in found if each.user_id})
        list(people.select_for_update(no_key=True).order_by("pk"))
        list(Sanction.objects.filter(pk__in=[each.pk for each in found]).select_for_update().order_by("pk"))
        for sanction in found:
            lift(by=staff_of(request), sanction=sanction.pk)
            self.log_change(request, sanction, "Lifted")
        return f"Lifted: {listed([str(sanction) for sanction in found])}."


def _question(found: list[Sanction]) -> Question:
    if not found:
        return Question("None of these holds any more", [], "Lift")
    what = counted(len(found), "sanction")
    people = {sanction.user_id for sanction in found if sanction.user_id}
    live = sockets_in([user_room(pk) for pk in people])
    concerned = f"{what} of {counted(len(people), 'person', 'people')}, {counted(live, 'live socket')}."
    does = (
        "They may post, or come in, again at once, unless something else keeps them from it; they are told."
    )
    return Question(f"Lift {what}?", [concerned, does], "Lift")
