"""Bulk actions that are confirmed, on a page that says what they will do, before an operation does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts.admin.confirming import Question, ask, is_confirmed
from accounts.admin.refusals import RefusalsAsMessages
from chatproject.errors import Invalid
from rooms.models.sanction import REASON_LENGTH

MOST = 500  # objects of one action: each of them is locked until it is done


class NothingToSay(forms.Form):
    """For what needs no more than a yes."""


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(
        max_length=REASON_LENGTH,
        required=False,
        help_text="It is shown to whom it concerns, and kept in the audit.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class Confirming(RefusalsAsMessages):
    """Pages whose actions are confirmed on a page in between."""

    def confirm(
        self,
        request: HttpRequest,
        chosen: QuerySet[Any],
        question: Callable[[list[Any]], Question],
        perform: Callable[[list[Any], dict[str, Any]], str],
        form_class: type[forms.Form] = NothingToSay,
    ) -> TemplateResponse | None:
        """Asks; once that is answered carries out `perform`, in one transaction, and says what it returns.

        Raises `Invalid` for too many at once, and what `perform` raises: then nothing of it is done.
        """
        found = list(chosen.order_by("pk")[: MOST + 1])
        if len(found) > MOST:
            raise Invalid({}, f"At most {MOST} at once. Nothing was done.")
        form = form_class(request.POST if is_confirmed(request) else None)
        if not found or not form.is_valid():
            return ask(self, request, found, question(found), form)
        with transaction.atomic():
            said = perform(found, form.cleaned_data)
        self.message_user(request, said, messages.SUCCESS)
        return None


def counted(number: int, one: str, many: str = "") -> str:
    """`1 room`, `12 rooms`, `1,200 rooms`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: list[str]) -> str:
    """Names for a sentence: some of them, if there are many."""
    more = len(names) - 10
    return ", ".join(names[:10]) + (f" and {more} more" if more > 0 else "") or "nothing had to be done"
