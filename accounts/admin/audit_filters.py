"""Filters of the audit's list: by what was done, and by whom."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import Max, QuerySet
from django.http import HttpRequest

from accounts.models import AuditEntry


class ActionFilter(SimpleListFilter):
    title = parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        actions = AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct()
        return [(action, action_name(action)) for action in actions]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class ActorFilter(SimpleListFilter):
    """Everybody who did something, by the name that they had the last time."""

    title, parameter_name = "who", "who"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        people = AuditEntry.objects.exclude(actor_id=None).order_by().values("actor_id")
        named = people.annotate(name=Max("actor_name")).order_by("name").values_list("actor_id", "name")
        return [(str(pk), name) for pk, name in named]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        value = self.value()
        return queryset.filter(actor_id=int(value)) if value and value.isdecimal() else queryset


def action_name(action: str) -> str:
    """`mute_user` as people read it."""
    return action.replace("_", " ").capitalize()
