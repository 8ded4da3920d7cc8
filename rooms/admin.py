"""Django's admin for rooms, messages and invitations; it changes things by the operations of the chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html

from accounts.models import User
from chatproject.errors import DomainError
from rooms.events.payloads import member_count
from rooms.models import Community, Invitation, Membership, Message, Revision, Room
from rooms.operations.memberships import add_people, change_role, remove
from rooms.operations.revisions import MODERATE
from rooms.operations.rooms import change_room, create_room
from rooms.operations.texts import checked_name, checked_topic

if TYPE_CHECKING:
    RoomModelForm = forms.ModelForm[Room]
    MembershipModelForm = forms.ModelForm[Membership]
    MembershipRowsForm = forms.BaseInlineFormSet[Membership, Room, MembershipModelForm]
    MembershipRows = admin.TabularInline[Membership, Room]
    RevisionRows = admin.TabularInline[Revision, Message]
    RoomPages = admin.ModelAdmin[Room]
    MessagePages = admin.ModelAdmin[Message]
    InvitationPages = admin.ModelAdmin[Invitation]
    CommunityPages = admin.ModelAdmin[Community]
else:
    RoomModelForm = MembershipModelForm = forms.ModelForm
    MembershipRowsForm = forms.BaseInlineFormSet
    MembershipRows = RevisionRows = admin.TabularInline
    RoomPages = MessagePages = InvitationPages = CommunityPages = admin.ModelAdmin


class RoomForm(RoomModelForm):
    """Checks what the operations check, so that it is said beside the field."""

    def clean_name(self) -> str:
        return _checked(checked_name, self.cleaned_data["name"])

    def clean_topic(self) -> str:
        return _checked(checked_topic, self.cleaned_data["topic"])

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
    """Whose a membership is stays: another person is another row."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk and "user" in self.fields:
            self.fields["user"].disabled = True

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
    model = Membership
    form = MembershipForm
    formset = MembershipFormSet
    fields = ("user", "role", "joined_at")
    readonly_fields = ("joined_at",)
    autocomplete_fields = ("user",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user").order_by("user__username")


@admin.register(Room)
class RoomAdmin(RoomPages):
    """Rooms: what is changed here reaches open browsers as soon as it is saved."""

    form = RoomForm
    list_display = ("name", "kind", "members", "message_count", "last_message_at", "archived")
    list_filter = ("kind", "archived", "read_only", "everyone", "guests_may_read")
    search_fields = ("name", "slug", "topic", "memberships__user__username")
    search_help_text = "Name, address, topic, or a member's username"
    show_facets = admin.ShowFacets.ALWAYS
    ordering = ("name",)
    actions = ("archive", "restore")
    inlines = (MembershipInline,)
    fields = (
        "name",
        "topic",
        "kind",
        "everyone",
        ("guests_may_read", "guests_may_post"),
        ("read_only", "archived"),
        ("slug", "message_count", "last_message_at", "created_at"),
    )
    readonly_fields = ("slug", "message_count", "last_message_at", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        return Room.objects.with_member_count()

    @admin.display(description="members", ordering="member_count")
    def members(self, room: Room) -> int:
        return member_count(room)

    @admin.display(description="messages", ordering="last_seq")
    def message_count(self, room: Room) -> int:
        return room.last_seq

    def has_delete_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return False  # what was said is kept: a room is archived

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        try:
            # One transaction: of what an operation refuses in the middle nothing is saved.
            return super().changeform_view(request, *args, **options)
        except DomainError as error:  # what the forms could not see: somebody else was quicker
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Room, form: Any, change: bool) -> None:
        data = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            change_room(obj, person=_staff(request), **data)
            return
        made = create_room(person=_staff(request), name=data.pop("name"), kind=data.pop("kind", obj.kind))
        obj.__dict__.update(change_room(made, person=_staff(request), **data).__dict__)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        room: Room = form.instance
        for membership in formset.deleted_objects:
            remove(room, membership.user, by=_staff(request))
        for membership, _ in formset.changed_objects:
            change_role(membership, role=membership.role, by=_staff(request))
        for membership in formset.new_objects:
            add_people(room, [membership.user_id], role=membership.role)

    @admin.action(description="Archive the selected rooms", permissions=["change"])
    def archive(self, request: HttpRequest, rooms: QuerySet[Room]) -> None:
        self._set_archived(request, rooms, archived=True)

    @admin.action(description="Restore the selected rooms", permissions=["change"])
    def restore(self, request: HttpRequest, rooms: QuerySet[Room]) -> None:
        self._set_archived(request, rooms, archived=False)

    def _set_archived(self, request: HttpRequest, rooms: QuerySet[Room], *, archived: bool) -> None:
        verb = "Archived" if archived else "Restored"
        changed = [room for room in rooms.order_by("pk") if room.archived != archived]
        for room in changed:
            change_room(room, person=_staff(request), archived=archived)
            self.log_change(request, room, verb)
        names = ", ".join(room.name for room in changed) or "nothing"
        self.message_user(request, f"{verb}: {names}.", messages.SUCCESS)


class ReadOnlyAdmin:
    """Nothing is added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RevisionInline(ReadOnlyAdmin, RevisionRows):
    """What a message said before, for staff who moderate."""

    model = Revision
    fields = ("body", "until")
    readonly_fields = fields
    verbose_name_plural = "earlier texts"
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _staff(request).has_perm(MODERATE)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin, MessagePages):
    """Messages, to be read; staff who own nothing see those of rooms that they may read."""

    list_display = ("place", "who", "excerpt", "created_at")
    list_select_related = ("room", "author")
    list_filter = ("room__kind", "created_at")
    search_fields = ("body", "room__name", "author__username", "author_name")
    show_full_result_count = False
    ordering = ("-pk",)
    fields = ("room", "seq", "who", "body", "created_at", "edited_at", "deleted_at")
    readonly_fields = ("who",)
    inlines = (RevisionInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        found = super().get_queryset(request)
        staff = _staff(request)
        return found if staff.is_superuser else found.filter(room__in=Room.objects.visible_to(staff))

    @admin.display(description="message", ordering="room")
    def place(self, message: Message) -> str:
        return f"{message.room.name} #{message.seq}"

    @admin.display(description="author", ordering="author_name")
    def who(self, message: Message) -> str:
        if message.author:
            return message.author.name
        return f"{message.author_name} ({'guest' if message.guest_key else 'account deleted'})"

    @admin.display(description="text")
    def excerpt(self, message: Message) -> str:
        return message.body[:80]


@admin.register(Invitation)
class InvitationAdmin(InvitationPages):
    """Links that let people sign up; made here, used up or revoked."""

    list_display = ("__str__", "link", "used", "expires_at", "revoked", "created_by")
    list_filter = ("revoked",)
    search_fields = ("note",)
    list_select_related = ("created_by",)
    readonly_fields = ("link", "uses", "created_by", "created_at")
    fields = ("note", "expires_at", "max_uses", "revoked", *readonly_fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        site = settings.SITE_URL or request.build_absolute_uri("/").rstrip("/")
        return super().get_queryset(request).annotate(site=Value(site))

    @admin.display(description="link")
    def link(self, invitation: Any) -> str:
        """The whole address, to be copied and sent."""
        if not invitation.pk:
            return "Made when it is saved"
        return format_html('<a href="{0}">{0}</a>', invitation.site + invitation.get_absolute_url())

    @admin.display(description="used", ordering="uses")
    def used(self, invitation: Invitation) -> str:
        return f"{invitation.uses} of {invitation.max_uses}" if invitation.max_uses else str(invitation.uses)

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = _staff(request)
        super().save_model(request, obj, form, change)


@admin.register(Community)
class CommunityAdmin(CommunityPages):
    """Whether anybody may sign up; one row."""

    list_display = ("__str__", "signup_open", "founded_at")
    fields = ("signup_open", "founded_at")
    readonly_fields = ("founded_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Community | None = None) -> bool:
        return False


def _checked(check: Any, value: str) -> str:
    try:
        checked: str = check(value)
    except DomainError as error:
        raise forms.ValidationError(str(error)) from None
    return checked


def _staff(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the admin site lets in only people who are signed in")
    return request.user
