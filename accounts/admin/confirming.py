"""Bulk actions that are confirmed, on a page that says what they will do, before an operation does it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts.models.audit import REASON_LENGTH
from chatproject.errors import Invalid

from .refusals import RefusalsAsMessages

CONFIRMED = "confirmed"
MOST = 500  # objects of one action: each of them is locked until it is done
NAMED = 100  # objects that the page names; of more, how many there are


class Question(NamedTuple):
    """`title` asks, `effects` are sentences on what will happen, `button` says it in a word or two.

    `left_out` are sentences on what was chosen and is not touched.
    """

    title: str
    effects: Sequence[str]
    button: str
    left_out: Sequence[str] = ()


class NothingToSay(forms.Form):
    """For what needs no more than a yes."""


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(
        max_length=REASON_LENGTH,
        required=False,
        help_text="It is kept in the audit.",
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
        form = form_class(request.POST if _is_confirmed(request) else None)
        if not found or not form.is_valid():
            return _ask(self, request, found, question(found), form)
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


def _is_confirmed(request: HttpRequest) -> bool:
    """Whether the page was answered with its button."""
    return CONFIRMED in request.POST


def _ask(
    pages: ModelAdmin[Any],
    request: HttpRequest,
    objects: Collection[Any],
    question: Question,
    form: forms.Form | None = None,
) -> TemplateResponse:
    """The page, for an action to return; its button calls the same action again, with the same objects.

    A `form` asks what has to be known besides; what it is told comes with the answer.
    """
    context = {
        **pages.admin_site.each_context(request),
        "title": question.title,
        "question": question,
        "form": form,
        "objects": list(objects)[:NAMED],
        "more": max(0, len(objects) - NAMED),
        "keys": [obj.pk for obj in objects],
        "checkbox": ACTION_CHECKBOX_NAME,
        "action": request.POST.get("action", ""),
        "confirmed": CONFIRMED,
        "opts": pages.opts,
        "media": pages.media,
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)
