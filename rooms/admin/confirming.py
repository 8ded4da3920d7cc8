"""Bulk actions that say first what they will do, and ask what has to be said with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from chatproject.errors import DomainError
from rooms.models.sanction import REASON_LENGTH

from .bases import AnyPages

MOST = 500  # objects of one action: each of them is locked until it is done


class NothingToSay(forms.Form):
    """For what needs no more than a yes."""


class ReasonForm(forms.Form):
    """Why something is done; it is told to whom it is done to, and kept."""

    reason = forms.CharField(
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )


@dataclass(frozen=True)
class Question:
    """What the page says: "Archive 12 rooms?", and what becomes of them."""

    title: str
    does: str
    facts: Sequence[str]  # "12 rooms", "431 members", "37 live sockets"
    form: type[forms.Form] = NothingToSay
    button: str = "Yes, I am sure"
    is_harmful: bool = False


class Confirming(AnyPages):
    """Pages whose actions are confirmed on one in between."""

    def ask(
        self,
        request: HttpRequest,
        chosen: QuerySet[Any],
        question: Callable[[list[Any]], Question],
        perform: Callable[[list[Any], dict[str, Any]], str],
    ) -> TemplateResponse | None:
        """The page that asks; once it is answered `perform` is carried out, and what it returns is told.

        What an operation refuses is told too, and then nothing of it is done.
        """
        found = list(chosen[: MOST + 1])
        if len(found) > MOST:
            self.message_user(request, f"At most {MOST} at once. Nothing was done.", messages.ERROR)
            return None
        if not found:
            self.message_user(request, "None of them is yours to change.", messages.WARNING)
            return None
        asked = question(found)
        form = asked.form(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            try:
                self.message_user(request, perform(found, form.cleaned_data), messages.SUCCESS)
            except DomainError as error:
                self.message_user(request, f"Nothing was done. {error}", messages.ERROR)
            return None
        return TemplateResponse(
            request, "admin/confirm_action.html", self._context(request, found, asked, form)
        )

    def _context(
        self, request: HttpRequest, found: list[Any], asked: Question, form: forms.Form
    ) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": asked.title,
            "question": asked,
            "form": form,
            "objects": found,
            "opts": self.opts,
            "action": request.POST["action"],
            "checkbox": ACTION_CHECKBOX_NAME,
            "media": self.media,
        }


def counted(number: int, one: str, many: str = "") -> str:
    """`1 room`, `12 rooms`, `1,200 rooms`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
