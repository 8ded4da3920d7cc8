"""Filters of lists, with counts that the database makes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from rooms.models import Membership, Report

Choice = tuple[str, str, Callable[[], Q]]  # as it stands in the address, and on the page; which rows it keeps


def choice_filter(heading: str, parameter: str, *choices: Choice) -> type[admin.SimpleListFilter]:
    """A filter each of whose choices is a condition; it is asked for when it is used, since time goes on."""
    conditions = {value: condition for value, _, condition in choices}

    class Filter(admin.SimpleListFilter):
        title = heading
        parameter_name = parameter

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(value, label) for value, label, _ in choices]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            condition = conditions.get(self.value() or "")
            return queryset.filter(condition()) if condition else queryset

    return Filter


def _ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def _today() -> datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def _owned() -> Q:
    return Q(Exists(Membership.objects.filter(room=OuterRef("pk"), role=Membership.Role.OWNER)))


def _reported() -> Q:
    return Q(Exists(Report.objects.filter(message__room=OuterRef("pk"), resolved_at=None)))


ActivityFilter = choice_filter(
    "last message",
    "activity",
    ("today", "Today", lambda: Q(last_message_at__gte=_today())),
    ("week", "In the last 7 days", lambda: Q(last_message_at__gte=_ago(7))),
    ("month", "In the last 30 days", lambda: Q(last_message_at__gte=_ago(30))),
    ("older", "Longer ago", lambda: Q(last_message_at__lt=_ago(30))),
    ("never", "Never", lambda: Q(last_message_at=None)),
)
OwnerFilter = choice_filter(
    "owner", "owned", ("yes", "Has an owner", _owned), ("no", "Has none", lambda: ~_owned())
)
MembersFilter = choice_filter(
    "members",
    "empty",
    ("no", "Has members", lambda: Q(Exists(Membership.objects.filter(room=OuterRef("pk"))))),
    ("yes", "Empty", lambda: ~Q(Exists(Membership.objects.filter(room=OuterRef("pk"))))),
)
OpenReportsFilter = choice_filter(
    "open reports", "reported", ("yes", "Has some", _reported), ("no", "Has none", lambda: ~_reported())
)
