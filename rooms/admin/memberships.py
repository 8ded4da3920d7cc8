"""Memberships in Django's admin."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from accounts import audit
from accounts.admin.audited import staff_of
from accounts.admin.confirming import Question
from accounts.models import User
from chatproject.errors import Invalid
from chatproject.sockets import sockets_in
from chatproject.sockets.channels import user_room
from rooms.models import Membership, Room
from rooms.models.together import lock_rooms
from rooms.operations.memberships import add_people, change_role, remove
from rooms.operations.standing import require_above

from . import cells
from .bases import MembershipPages
from .confirming import Confirming, ReasonForm, counted, listed
from .room_form import MembershipForm
from .scope import OfRooms, may_manage, oversees_changes, owned_by


def add_member(room: Room, user: User, *, role: str, by: User) -> None:
    """Makes somebody a member of a room, whatever its kind. Raises `Invalid`, also for a role for oneself."""
    if user.pk == by.pk and role != Membership.Role.MEMBER:
        raise Invalid({"role": "You cannot give yourself a role."})
    with transaction.atomic():
        [room] = lock_rooms([room.pk])
        add_people(room, [user.pk], role=role)
        added = {"users": [user.pk], "role": role}
        audit.record("add_members", actor=by, target=room, room_id=room.pk, after=added)


def give_role(membership: Membership, role: str, *, by: User) -> None:
    """Gives a member another role. Raises `Forbidden` unless `by` stands above them; owners may step down."""
    steps_down = owned_by(by).filter(pk=membership.room_id).exists()
    if membership.user_id != by.pk or not steps_down:
        require_above(by, membership.user, membership.room)
    change_role(membership, role=role, by=by)


def take_out(membership: Membership, *, by: User, reason: str = "") -> None:
    """Ends a membership. Raises `Forbidden` in rooms for everybody, and unless `by` stands above them."""
    if membership.user_id != by.pk:
        require_above(by, membership.user, membership.room)
    remove(membership.room, membership.user, by=by, reason=reason)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Membership.Role.choices, initial=Membership.Role.MEMBER)


@admin.register(Membership)
class MembershipAdmin(Confirming, OfRooms, MembershipPages):
    """Who belongs where. Somebody of the same standing, or above, is nobody's to remove."""

    form = MembershipForm
    list_display = ("user", "shown_as", "place", "role", "joined_at")
    list_select_related = ("room", "user")
    list_filter = ("role", "room__kind", "room__everyone")
    list_per_page = 50
    search_fields = ("user__username_folded", "user__display_name_folded", "room__name", "room__slug")
    search_help_text = "A person's or a room's name"
    show_facets = admin.ShowFacets.ALWAYS
    show_full_result_count = False
    ordering = ("-joined_at", "-pk")
    autocomplete_fields: ClassVar = ("room", "user")
    fields = ("room", "user", "role", "joined_at")
    readonly_fields = ("joined_at",)
    actions = ("remove", "change_role")

    @admin.display(description="shown as", ordering="user__display_name_folded")
    def shown_as(self, membership: Membership) -> SafeString:
        return cells.isolated(membership.user.name)

    @admin.display(description="room", ordering="room__name")
    def place(self, membership: Membership) -> SafeString:
        return cells.room_link(membership.room)

    # --- Who may --------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_manage(staff_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return may_manage(staff_of(request), obj.room_id if obj else None)

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return self.has_change_permission(request, obj)

    # --- What is done ---------------------------------------------------------------------------
    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # Django's own would say nothing of what becomes of the people.
        return {
            name: made for name, made in super().get_actions(request).items() if name != "delete_selected"
        }

    @admin.action(description="Remove from the room…", permissions=["change"])
    def remove(self, request: HttpRequest, found: QuerySet[Membership]) -> TemplateResponse | None:
        does = (
            "They lose the rooms at once, in all their tabs, and are told why. Messages stay."
            " They may come back to public rooms."
        )
        question = partial(_question, "Remove {}?", does, "Remove")
        perform = partial(self._remove, request)
        return self.confirm(request, self._manageable(request, found), question, perform, ReasonForm)

    @admin.action(description="Change role…", permissions=["change"])
    def change_role(self, request: HttpRequest, found: QuerySet[Membership]) -> TemplateResponse | None:
        does = (
            "What they may do there changes at once. A room that loses its last owner goes to another member."
        )
        question = partial(_question, "Change the role of {}?", does, "Change role")
        perform = partial(self._give, request)
        return self.confirm(request, self._manageable(request, found), question, perform, RoleForm)

    def _manageable(self, request: HttpRequest, found: QuerySet[Membership]) -> QuerySet[Membership]:
        user = staff_of(request)
        return found if oversees_changes(user) else found.filter(room__in=owned_by(user))

    def _remove(self, request: HttpRequest, found: list[Membership], data: dict[str, Any]) -> str:
        lock_rooms(membership.room_id for membership in found)
        self.log_deletions(request, found)  # type: ignore[arg-type]
        for membership in found:
            take_out(membership, by=staff_of(request), reason=data["reason"])
        return f"Removed: {listed([str(membership) for membership in found])}."

    def _give(self, request: HttpRequest, found: list[Membership], data: dict[str, Any]) -> str:
        role = Membership.Role(data["role"])
        changed = [membership for membership in found if membership.role != role]
        lock_rooms(membership.room_id for membership in changed)
        for membership in changed:
            give_role(membership, role, by=staff_of(request))
            self.log_change(request, membership, f"Made {role.label.lower()}")
        return f"Made {role.label.lower()}: {listed([str(membership) for membership in changed])}."

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        staff = staff_of(request)
        if change:
            give_role(obj, obj.role, by=staff)
            return
        add_member(obj.room, obj.user, role=obj.role, by=staff)
        obj.pk = Membership.objects.values_list("pk", flat=True).get(room=obj.room_id, user=obj.user_id)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        take_out(obj, by=staff_of(request))


def _question(title: str, does: str, button: str, found: list[Membership]) -> Question:
    if not found:
        return Question("None of these memberships is yours to change", [], button)
    people = {membership.user_id for membership in found}
    live = sockets_in([user_room(pk) for pk in people])
    memberships, who = counted(len(found), "membership"), counted(len(people), "person", "people")
    concerned = f"{memberships} of {who}, {counted(live, 'live socket')}."
    return Question(title.format(memberships), [concerned, does], button)
