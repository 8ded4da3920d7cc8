"""Sessions in Django's admin."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import Session
from accounts.standing import may_touch

from .audited import AuditedAdmin, staff_of

if TYPE_CHECKING:
    SessionPages = admin.ModelAdmin[Session]
else:
    SessionPages = admin.ModelAdmin


@admin.register(Session)
class SessionAdmin(AuditedAdmin, SessionPages):
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

    def has_delete_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None or obj.user in (None, request.user) or may_touch(staff_of(request), obj.user)
        )
