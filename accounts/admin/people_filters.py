"""Filters of the list of people."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User


class BannedFilter(SimpleListFilter):
    """By whether a ban keeps a person out now; one that is over counts no more."""

    title = parameter_name = "banned"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("1", "Yes"), ("0", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        banned = Q(banned_until__gt=timezone.now())
        chosen = {"1": queryset.filter(banned), "0": queryset.exclude(banned)}
        return chosen.get(self.value() or "", queryset)
