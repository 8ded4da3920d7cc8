"""The audit in Django's admin."""

from typing import TYPE_CHECKING

from django.contrib import admin

from accounts.models import AuditEntry

from .readonly import ReadOnlyAdmin

if TYPE_CHECKING:
    AuditPages = admin.ModelAdmin[AuditEntry]
else:
    AuditPages = admin.ModelAdmin


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin, AuditPages):
    """Who did what, to be read."""

    list_display = ("number", "at", "actor_name", "action", "target_name", "reason", "face")
    show_full_result_count = False
