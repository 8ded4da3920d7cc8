"""People in Django's admin."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    UserChangeForm,
    UsernameField,
)
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.forms import StaffLogInForm, UnusedNameForm
from accounts.models import User
from accounts.names import folded

from .audited import AuditedAdmin
from .standing import is_superuser, may_touch

if TYPE_CHECKING:
    PersonAdminBase = UserAdmin[User]
    AddForm = AdminUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
    PasswordForm = AdminPasswordChangeForm[User]
else:
    PersonAdminBase = UserAdmin
    AddForm = AdminUserCreationForm
    ChangeForm = UserChangeForm
    PasswordForm = AdminPasswordChangeForm


class AddPersonForm(UnusedNameForm, AddForm):
    class Meta:
        model = User
        fields = ("username",)
        field_classes = {"username": UsernameField}


class ChangePersonForm(UnusedNameForm, ChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes = {"username": UsernameField}


class OthersPasswordForm(PasswordForm):
    """Whoever saves it changes the password: also who takes it away, where Django finds nothing changed."""

    changed_data = ["password"]


admin.site.login_form = StaffLogInForm

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class PersonAdmin(AuditedAdmin, PersonAdminBase):
    """People; what staff may do, and staff themselves, are changed by superusers only.

    Else whoever may change people could give themselves every right, or take the place of somebody with it.
    """

    form = ChangePersonForm
    add_form = AddPersonForm
    change_password_form = OthersPasswordForm
    list_display = (
        "username",
        "shown_as",
        "email",
        "is_staff",
        "is_active",
        "is_bot",
        "last_login",
        "sessions",
    )
    list_filter = ("is_staff", "is_superuser", "is_active", "is_bot", "groups")
    search_fields = ("username_folded", "display_name_folded", "email")
    ordering = ("username_folded",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("display_name", "email", "is_bot")}),
        ("Rights", {"fields": ("is_active", *RIGHTS)}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "usable_password", "password1", "password2")}),
        ("Person", {"classes": ("wide",), "fields": ("display_name", "email", "is_bot")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        closed = () if is_superuser(request) else RIGHTS
        return (*super().get_readonly_fields(request, obj), *closed)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        if request.method != "POST":
            return super().user_change_password(request, id, form_url)
        with transaction.atomic():  # the password together with its entry in the audit
            return super().user_change_password(request, id, form_url)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        lasting = Q(sessions__expire_date__gt=timezone.now())
        people: QuerySet[User] = super().get_queryset(request)
        return people.annotate(session_count=Count("sessions", filter=lasting))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        return super().get_search_results(request, queryset, folded(search_term))

    @admin.display(description="shown as", ordering="display_name_folded")
    def shown_as(self, user: User) -> str:
        return user.display_name

    @admin.display(description="sessions", ordering="session_count")
    def sessions(self, user: Any) -> str:
        url = reverse("admin:accounts_session_changelist")
        return format_html('<a href="{}?user__id__exact={}">{}</a>', url, user.pk, user.session_count)
