"""Links to what entries of the audit name, where it still exists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.admin import AdminSite, ModelAdmin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.models import AuditEntry


class Kept(NamedTuple):
    """What an entry names: the kind (a model's name in lower case), and the key as text."""

    kind: str
    key: str


class Links:
    """Where `entries` lead whoever asks; a query for each kind of thing, however many entries there are."""

    def __init__(self, request: HttpRequest, site: AdminSite, entries: Iterable[AuditEntry]) -> None:
        self._urls: dict[Kept, str] = {}
        self._names: dict[Kept, str] = {}
        wanted: dict[str, set[str]] = defaultdict(set)
        for entry in entries:
            for kind, key in (actor_of(entry), target_of(entry), room_of(entry)):
                wanted[kind].add(key)
        for model in apps.get_models():
            kind = model._meta.model_name or ""
            if kind in wanted and site.is_registered(model):
                self._find(request, site.get_model_admin(model), kind, wanted[kind])

    def to(self, kept: Kept, name: str) -> str:
        """`name`, or else what the thing is called now or its key; a link if there is a page to go to."""
        name = name or self._names.get(kept, kept.key)
        if url := self._urls.get(kept):
            return format_html('<a href="{}"><bdi>{}</bdi></a>', url, name)
        return format_html("<bdi>{}</bdi>", name)

    def _find(self, request: HttpRequest, pages: ModelAdmin[Any], kind: str, keys: set[str]) -> None:
        if not pages.has_view_permission(request):
            return
        opts = pages.model._meta
        found = pages.get_queryset(request).filter(pk__in=_keys(opts.pk, keys))
        page = f"{pages.admin_site.name}:{opts.app_label}_{opts.model_name}_change"
        name = "name" if any(field.name == "name" for field in opts.concrete_fields) else "pk"
        for key, called in found.values_list("pk", name):
            self._urls[Kept(kind, str(key))] = reverse(page, args=[key])
            self._names[Kept(kind, str(key))] = str(called)


def actor_of(entry: AuditEntry) -> Kept:
    return Kept("user", str(entry.actor_id or ""))


def target_of(entry: AuditEntry) -> Kept:
    return Kept(entry.target_type, entry.target_id)


def room_of(entry: AuditEntry) -> Kept:
    return Kept("room", str(entry.room_id or ""))


def _keys(field: models.Field[Any, Any], keys: set[str]) -> list[Any]:
    """The keys as `field` keeps them, without what cannot be one."""
    found = []
    for key in keys:
        try:
            found.append(field.to_python(key))
        except ValidationError:
            continue
    return [key for key in found if key not in (None, "")]
