"""The audit in Django's admin: to be read, filtered, and taken away as a file."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join

from accounts.audit import record
from accounts.models import AuditEntry

from .audit_export import FORMATS, PERMISSION, response
from .audit_filters import ActionFilter, ActorFilter, action_name
from .audited import staff_of
from .links import Links, actor_of, room_of, target_of
from .readonly import ReadOnlyAdmin
from .tables import table

if TYPE_CHECKING:
    AuditPages = admin.ModelAdmin[AuditEntry]
else:
    AuditPages = admin.ModelAdmin

NOBODY = "nobody who was signed in"
NOTHING = "–"  # noqa: RUF001


class LinkedChangeList(ChangeList):
    """Finds where all entries of a page lead at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: Any = _linked(request, self.model_admin, self.result_list)


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin, AuditPages):
    """Who did what to whom, where and why. Nobody changes or deletes an entry, superusers neither."""

    list_display = ("number", "when", "who", "what", "target", "room", "reason", "face")
    list_filter = (ActionFilter, "face", ActorFilter)
    date_hierarchy = "at"
    search_fields = ("=number", "actor_name", "target_name", "=target_id", "reason", "address")
    search_help_text = "Number, name of who did it or to whom, reason, or address"
    show_full_result_count = False
    fields = (
        "number", "when", "who", "what", "target", "room", "reason", "face", "address", "changes", "previous",
        "hash",
    )  # fmt: skip
    readonly_fields = fields

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return LinkedChangeList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> AuditEntry | None:
        entry = super().get_object(request, object_id, from_field)
        return _linked(request, self, [entry])[0] if entry else None

    @admin.display(description="at (UTC)", ordering="at")
    def when(self, entry: AuditEntry) -> str:
        return f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="who", ordering="actor_name")
    def who(self, entry: Any) -> Any:
        return NOBODY if entry.actor_id is None else entry.links.to(actor_of(entry), entry.actor_name)

    @admin.display(description="action", ordering="action")
    def what(self, entry: AuditEntry) -> str:
        return action_name(entry.action)

    @admin.display(description="target", ordering="target_name")
    def target(self, entry: Any) -> Any:
        return entry.links.to(target_of(entry), entry.target_name) if entry.target_type else NOTHING

    @admin.display(description="room", ordering="room_id")
    def room(self, entry: Any) -> Any:
        return entry.links.to(room_of(entry), "") if entry.room_id else NOTHING

    @admin.display(description="before and after")
    def changes(self, entry: AuditEntry) -> str:
        """A row for each value that was there before or is there now."""
        names = list(dict.fromkeys([*entry.before, *entry.after]))
        if not names:
            return NOTHING
        return table(
            ("What", "Before", "After"),
            (
                (name.replace("_", " "), _shown(entry.before.get(name)), _shown(entry.after.get(name)))
                for name in names
            ),
        )

    # --- Taking it away -------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export_view)
        return [path("export/<str:form>/", export, name="accounts_auditentry_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        formats = list(FORMATS) if staff_of(request).has_perm(PERMISSION) else []
        return super().changelist_view(request, {**(extra_context or {}), "formats": formats})

    def export_view(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """All entries that the list with the same filters shows, as a file. Leaves an entry itself."""
        staff = staff_of(request)
        if not (self.has_view_permission(request) and staff.has_perm(PERMISSION)):
            raise PermissionDenied
        if form not in FORMATS:
            raise Http404
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:accounts_auditentry_changelist"))
        filters = {name: values for name, values in request.GET.lists() if "\0" not in "".join(values)}
        told = {"format": form, "entries": listed.result_count, "filters": filters}
        own = record("export_audit", actor=staff, after=told)
        entries: QuerySet[AuditEntry] = listed.queryset
        return response(entries.filter(number__lt=own.number), form)


def _linked(request: HttpRequest, pages: Any, entries: Any) -> list[Any]:
    found = list(entries)
    links = Links(request, pages.admin_site, found)
    for entry in found:
        entry.links = links
    return found


def _shown(value: Any) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict) and value.keys() == {"id", "name"}:
        return format_html("<bdi>{}</bdi>", value["name"])
    if isinstance(value, list):
        return format_html_join(", ", "{}", ((_shown(item),) for item in value)) or NOTHING
    if isinstance(value, dict):
        return format_html("<code>{}</code>", json.dumps(value, ensure_ascii=False))
    return format_html("<bdi>{}</bdi>", value)
