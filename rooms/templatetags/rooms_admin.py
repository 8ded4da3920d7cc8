"""What the templates of Django's admin need of rooms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils import timezone

from chatproject.sockets import people_here, sockets_in
from rooms.models import Message
from rooms.operations.console import SEE
from rooms.operations.reports import count_open
from rooms.operations.standing import MODERATE

register = template.Library()

MOST_MESSAGES = 1_000  # that are looked at for a figure; of more it says that there are more
SECTIONS = ("overview", "people", "rooms", "activity", "reports")


@register.inclusion_tag("admin/rooms/figures.html", takes_context=True)
def live_figures(context: dict[str, Any]) -> dict[str, Any]:
    """How the place is doing now, with ways into the live console; nothing for who may not see that."""
    user = context["user"]
    if not (user.is_staff and user.has_perm(SEE)):
        return {"figures": []}
    messages, is_more = messages_since(timezone.now() - timedelta(hours=1))
    figures = [
        ("people", "People", f"{len(people_here()):,}"),
        ("overview", "Connections", f"{sockets_in():,}"),
        ("activity", "Messages in the last hour", f"{messages:,}{'+' if is_more else ''}"),
    ]
    if user.has_perm(MODERATE):
        figures.append(("reports", "Open reports", f"{count_open():,}"))
    return {"figures": figures, "sections": SECTIONS}


def messages_since(moment: Any) -> tuple[int, bool]:
    """How many of the latest messages were posted since; and whether there may be more of them."""
    latest = Message.objects.order_by("-pk")[:MOST_MESSAGES]
    count = Message.objects.filter(pk__in=latest.values("pk"), created_at__gte=moment).count()
    return count, count == MOST_MESSAGES


@register.simple_tag(takes_context=True)
def querystring_with(context: dict[str, Any], name: str, value: object) -> str:
    """The query of this page with another value for one of its parameters."""
    query = context["request"].GET.copy()
    query[name] = str(value)
    return f"?{query.urlencode()}"
