"""Groups of staff in Django's admin."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from .audited import AuditedAdmin, staff_of

admin.site.unregister(Group)


@admin.register(Group)
class StaffGroupAdmin(AuditedAdmin, GroupAdmin):
    """Groups are for superusers to change: whoever else may change them could give themselves every right."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return staff_of(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_of(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_of(request).is_superuser
