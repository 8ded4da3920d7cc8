"""People and their sessions in Django's admin."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm, UsernameField
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from .forms import StaffLogInForm, UnusedNameForm
from .models import Session, User
from .names import folded

if TYPE_CHECKING:
    PersonAdminBase = UserAdmin[User]
    SessionAdminBase = admin.ModelAdmin[Session]
    AddForm = AdminUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
else:
    PersonAdminBase = UserAdmin
    SessionAdminBase = admin.ModelAdmin
    AddForm = AdminUserCreationForm
    ChangeForm = UserChangeForm


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


admin.site.login_form = StaffLogInForm

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class PersonAdmin(PersonAdminBase):
    """People; what staff may do, and staff themselves, are changed by superusers only.

    Else whoever may change people could give themselves every right, or take the place of somebody with it.
    """

    form = ChangePersonForm
    add_form = AddPersonForm
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
        closed = () if _is_superuser(request) else RIGHTS
        return (*super().get_readonly_fields(request, obj), *closed)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        lasting = Q(sessions__expire_date__gt=timezone.now())
        return super().get_queryset(request).annotate(session_count=Count("sessions", filter=lasting))

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


@admin.register(Session)
class SessionAdmin(SessionAdminBase):
    """To look at, and to delete, which signs that browser out at once. Neither key nor data are shown."""

    list_display = ("__str__", "user", "address", "agent", "last_seen", "expire_date")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__display_name", "address", "agent")
    ordering = ("-last_seen",)
    fields = ("user", "address", "agent", "last_seen", "expire_date")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return False


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    return _is_superuser(request) or user is None or not (user.is_staff or user.is_superuser)
