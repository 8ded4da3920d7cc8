"""Invitations and the community in Django's admin."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.utils.html import format_html

from accounts.admin.audited import AuditedAdmin, staff_of
from rooms.models import Community, Invitation
from rooms.operations.community import revoke_invitations

from .bases import CommunityPages, InvitationPages
from .confirming import counted


@admin.register(Invitation)
class InvitationAdmin(AuditedAdmin, InvitationPages):
    """Links that let people sign up; made here, used up or revoked."""

    list_display = ("__str__", "link", "used", "expires_at", "revoked", "created_by")
    list_filter = ("revoked",)
    search_fields = ("note",)
    list_select_related = ("created_by",)
    readonly_fields = ("link", "uses", "created_by", "created_at")
    fields = ("note", "expires_at", "max_uses", "revoked", *readonly_fields)
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        site = settings.SITE_URL or request.build_absolute_uri("/").rstrip("/")
        found: QuerySet[Invitation] = super().get_queryset(request).annotate(site=Value(site))
        return found

    def view_on_site(self, obj: Invitation) -> str:
        return obj.get_absolute_url()

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
            obj.created_by = staff_of(request)
        super().save_model(request, obj, form, change)

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, invitations: QuerySet[Invitation]) -> None:
        revoked = revoke_invitations(
            by=staff_of(request), invitations=invitations.values_list("pk", flat=True)
        )
        for invitation in revoked:
            self.log_change(request, invitation, "Revoked")
        text = f"Revoked {counted(len(revoked), 'invitation')}: their links let nobody in any more."
        self.message_user(request, text, messages.SUCCESS)


@admin.register(Community)
class CommunityAdmin(AuditedAdmin, CommunityPages):
    """Whether anybody may sign up; one row."""

    list_display = ("__str__", "signup_open", "founded_at")
    fields = ("signup_open", "founded_at")
    readonly_fields = ("founded_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Community | None = None) -> bool:
        return False
