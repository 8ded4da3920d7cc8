"""People in Django's admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from accounts import operations
from accounts.channels import user_room
from accounts.forms import StaffLogInForm
from accounts.models import User
from accounts.models.user import FOREVER
from accounts.names import folded
from accounts.standing import may_touch
from chatproject.sockets import sockets_in

from .audited import AuditedAdmin, staff_of
from .counts import count_of, with_counts
from .forms import AddPersonForm, ChangePersonForm, OthersPasswordForm
from .people_actions import PeopleActions
from .people_filters import BannedFilter
from .tables import sessions_table

if TYPE_CHECKING:
    PersonPages = UserAdmin[User]
else:
    PersonPages = UserAdmin

admin.site.login_form = StaffLogInForm

STANDING = ("is_active", "is_staff", "is_superuser")
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
NOW = ("live_now", "browsers", "ban", "sanctions_now", "reports_about", "audit")


@admin.register(User)
class PersonAdmin(AuditedAdmin, PeopleActions, PersonPages):
    """People; what staff may do, and staff themselves, are changed by superusers only.

    Else whoever may change people could give themselves every right, or take the place of somebody with it.
    Nobody takes their own standing away, or deletes themselves.
    """

    form = ChangePersonForm
    add_form = AddPersonForm
    change_password_form = OthersPasswordForm
    list_display = (
        "username", "shown_as", "is_staff", "is_active", "live_now", "sessions", "sanctions_now",
        "reports_about", "logged_in",
    )  # fmt: skip
    list_filter = ("is_staff", "is_superuser", "is_active", BannedFilter, "is_bot", "groups")
    show_facets = admin.ShowFacets.ALWAYS
    search_fields = ("username_folded", "display_name_folded", "email")
    search_help_text = "Username, display name, or e-mail address"
    ordering = ("username_folded",)
    readonly_fields = ("last_login", "date_joined", *NOW)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("display_name", "email", "is_bot")}),
        ("Now", {"fields": NOW}),
        ("Rights", {"fields": ("is_active", *RIGHTS)}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "usable_password", "password1", "password2")}),
        ("Person", {"classes": ("wide",), "fields": ("display_name", "email", "is_bot")}),
    )

    # --- Who may do what ------------------------------------------------------------------------
    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        closed = () if staff_of(request).is_superuser else RIGHTS
        own = STANDING if obj == request.user else ()
        return (*super().get_readonly_fields(request, obj), *closed, *own)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or may_touch(staff_of(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or (obj != request.user and may_touch(staff_of(request), obj)))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        """What goes with an account needs no permission of its own: some of it nobody may delete by hand."""
        deleted, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, forbidden & {str(self.opts.verbose_name)}, protected

    # --- What is saved --------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change and not (obj.is_active and obj.is_superuser):
            operations.keep_an_owner(without=[obj.pk])
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        operations.keep_an_owner(without=[obj.pk])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        with transaction.atomic():
            operations.keep_an_owner(without=list(queryset.values_list("pk", flat=True)))
            super().delete_queryset(request, queryset)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        if request.method != "POST":
            return super().user_change_password(request, id, form_url)
        with transaction.atomic():  # the password together with its entry in the audit
            return super().user_change_password(request, id, form_url)

    # --- What is shown --------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return with_counts(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        return super().get_search_results(request, queryset, folded(search_term))

    @admin.display(description="shown as", ordering="display_name_folded")
    def shown_as(self, user: User) -> str:
        return user.display_name

    @admin.display(description="live")
    def live_now(self, user: User) -> int:
        """Connections of the chat in this process."""
        return sockets_in(user_room(user.pk))

    @admin.display(description="sessions", ordering="session_count")
    def sessions(self, user: Any) -> str:
        return count_of("session_count", user)

    @admin.display(description="signed in with")
    def browsers(self, user: User) -> str:
        """A row for each session that lasts, with a link to its page, where it can be ended."""
        return sessions_table(user)

    @admin.display(description="sanctions", ordering="sanction_count")
    def sanctions_now(self, user: Any) -> str:
        return count_of("sanction_count", user)

    @admin.display(description="reports", ordering="report_count")
    def reports_about(self, user: Any) -> str:
        return count_of("report_count", user)

    @admin.display(description="last login", ordering="last_login")
    def logged_in(self, user: User) -> str:
        return f"{user.last_login:%Y-%m-%d}" if user.last_login else ""

    @admin.display(description="banned")
    def ban(self, user: User) -> str:
        if not user.is_banned:
            return "no"
        end = "it is lifted" if user.banned_until == FOREVER else f"{user.banned_until:%Y-%m-%d %H:%M} UTC"
        return f"until {end}: {user.ban_reason}"

    @admin.display(description="audit")
    def audit(self, user: User) -> str:
        page = reverse("admin:accounts_auditentry_changelist")
        links = (
            '<a href="{0}?target_type=user&target_id={1}">done to them</a>, <a href="{0}?who={1}">by them</a>'
        )
        return format_html(links, page, user.pk)
