"""The page between a bulk action and what it does: it says what will happen, and to what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest
from django.template.response import TemplateResponse

CONFIRMED = "confirmed"
NAMED = 100  # objects that the page names; of more, how many there are


class Question(NamedTuple):
    """`title` asks, `effects` are sentences on what will happen, `button` says it in a word or two.

    `left_out` are sentences on what was chosen and is not touched.
    """

    title: str
    effects: Sequence[str]
    button: str
    left_out: Sequence[str] = ()


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the page was answered with its button."""
    return CONFIRMED in request.POST


def ask(
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
