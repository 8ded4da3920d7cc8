"""The form of a room, and its members below it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.audited import staff_of
from accounts.models import User
from chatproject.errors import DomainError
from rooms.models import Membership, Room
from rooms.operations.rooms import LONGEST_SLOW_MODE
from rooms.operations.texts import checked_name, checked_topic

from .bases import MembershipModelForm, MembershipRows, MembershipRowsForm, RoomModelForm
from .scope import may_manage

MOST_MEMBERS = 50  # below the form of a room; of more there is only the link to their list


class RoomForm(RoomModelForm):
    """Checks what the operations check, so that it is said beside the field."""

    slow_mode = forms.IntegerField(
        min_value=0,
        max_value=LONGEST_SLOW_MODE,
        required=False,
        help_text="Seconds between two messages of one person; 0 for none.",
    )

    def clean_name(self) -> str:
        return _checked(checked_name, self.cleaned_data["name"])

    def clean_topic(self) -> str:
        return _checked(checked_topic, self.cleaned_data["topic"])

    def clean_slow_mode(self) -> int:
        return self.cleaned_data["slow_mode"] or 0

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        if data.get("guests_may_post") and not data.get("guests_may_read"):
            self.add_error("guests_may_post", "Guests can only post where they can read.")
        if data.get("kind") == Room.Kind.PRIVATE:
            for name in ("everyone", "guests_may_read"):
                if data.get(name):
                    self.add_error(name, "A private room is for its members only.")
        return data


class MembershipForm(MembershipModelForm):
    """Whose a membership is, and where, stays: another person is another row."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in {"room", "user"} & self.fields.keys() if self.instance.pk else ():
            there = getattr(self.instance, name)
            self.fields[name].disabled = True
            # Not the widget that looks people up: it would ask the database for each row.
            self.fields[name].widget = forms.Select(choices=[(there.pk, str(there))])

    def clean_user(self) -> User:
        user: User = self.cleaned_data["user"]
        if not (self.instance.pk or user.is_active):
            raise forms.ValidationError("This person's account is not active.")
        return user


class MembershipFormSet(MembershipRowsForm):
    def clean(self) -> None:
        super().clean()
        # The room is as this very form makes it.
        if self.instance.everyone and any(form.instance.pk for form in self.deleted_forms):
            raise forms.ValidationError("Everybody belongs to this room: nobody is removed from it.")


class MembershipInline(MembershipRows):
    """The members of a room that has few; whoever may change the room chooses them."""

    model = Membership
    form = MembershipForm
    formset = MembershipFormSet
    fields = ("user", "role", "joined_at")
    readonly_fields = ("joined_at",)
    autocomplete_fields: ClassVar = ("user",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "room").order_by("user__username")

    def has_view_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return True  # who may open the page of a room may see who belongs to it

    def has_add_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return may_manage(staff_of(request), obj.pk if obj else None)

    def has_change_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return self.has_add_permission(request, obj)


def _checked(check: Any, value: str) -> str:
    try:
        checked: str = check(value)
    except DomainError as error:
        raise forms.ValidationError(str(error)) from None
    return checked
