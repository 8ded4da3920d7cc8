"""Pages of Django's admin whose changes are recorded in the audit."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest

from accounts.audit import record
from accounts.models import User

if TYPE_CHECKING:
    Pages = admin.ModelAdmin[Any]
else:
    Pages = object

# Of these the audit says that they were changed, never what they are.
SECRETS = frozenset(
    {"password", "password1", "password2", "usable_password", "session_key", "session_data", "token"}
)
CHANGED = "changed"


class Told(list[Any]):
    """Django's own message about a form that was saved, with what it changed: values before and after."""

    def __init__(self, message: Iterable[Any], form: forms.BaseForm | None) -> None:
        super().__init__(message)
        self.before, self.after = _changes(form) if form else ({}, {})
        self.reason = str(form.cleaned_data.get("reason") or "") if form else ""
        if rows := [item for item in self if any("name" in said for said in item.values())]:
            self.after["rows"] = rows  # those below the form


class AuditedAdmin(Pages):
    """Additions, changes and deletions leave an entry each, in the transaction that makes them.

    For models whose operations do not record by themselves. A sentence that is given to `log_change` is for
    Django's history only: it tells of an operation.
    """

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        # A list that is filtered by a secret gives it away, a character at a time.
        return SECRETS.isdisjoint(lookup.split("__")) and super().lookup_allowed(lookup, value, request)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        return Told(super().construct_change_message(request, form, formsets, add), form)

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        logged = super().log_addition(request, obj, message)
        if isinstance(message, Told):
            _record(request, "add", obj, after=message.after, reason=message.reason)
        return logged

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        logged = super().log_change(request, obj, message)
        if isinstance(message, Told) and message.after:
            told = {"before": message.before, "after": message.after, "reason": message.reason}
            _record(request, "change", obj, **told)
        return logged

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        gone = copy.copy(obj)  # deleting takes the key from the object
        with transaction.atomic():
            super().delete_model(request, obj)
            _record(request, "delete", gone, before=_values_of(gone))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        with transaction.atomic():
            gone = list(queryset)
            super().delete_queryset(request, queryset)
            for obj in gone:
                _record(request, "delete", obj, before=_values_of(obj))


def _record(request: HttpRequest, verb: str, obj: models.Model, **told: Any) -> None:
    record(f"{verb}_{obj._meta.model_name}", actor=staff_of(request), target=obj, **told)


def staff_of(request: HttpRequest) -> User:
    """Who is signed in to the admin site."""
    if not isinstance(request.user, User):
        raise TypeError("the admin site lets in only people who are signed in")
    return request.user


def _values_of(obj: models.Model) -> dict[str, Any]:
    """What the audit keeps of an object that is deleted: its own fields that are filled in, no secrets."""
    fields = [field for field in obj._meta.concrete_fields if field.name not in SECRETS]
    values = {field.name: field.value_from_object(obj) for field in fields if not field.primary_key}
    return {name: _value(value) for name, value in values.items() if value not in (None, "")}


def _changes(form: forms.BaseForm) -> tuple[dict[str, Any], dict[str, Any]]:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name in form.changed_data:
        if name in SECRETS:
            after["password" if "password" in name else name] = CHANGED
            continue
        if name in form.initial:
            before[name] = _value(_chosen(form.fields[name], form.initial[name]))
        after[name] = _value(form.cleaned_data.get(name))
    return before, after


def _chosen(field: forms.Field, value: Any) -> Any:
    """What a key stands for, where a form holds the key of what was chosen before."""
    if isinstance(field, forms.ModelChoiceField) and not isinstance(field, forms.ModelMultipleChoiceField):
        try:
            return field.to_python(value)
        except ValidationError:  # deleted meanwhile, or no longer to be chosen
            return value
    return value


def _value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, models.Model):
        return {"id": value.pk, "name": str(value)}
    if isinstance(value, list | tuple | set | models.QuerySet):
        return sorted((_value(item) for item in value), key=str)
    return value.isoformat() if isinstance(value, date) else str(value)
