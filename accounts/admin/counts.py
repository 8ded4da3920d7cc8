"""How much there is of what hangs on people, counted for all of a page at once."""

from typing import Any, NamedTuple

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.models import User


class Place(NamedTuple):
    """The list that shows what was counted, and its filters; `{}` stands for the person."""

    page: str
    filters: str


PLACES = {
    "session_count": Place("admin:accounts_session_changelist", "user__id__exact={}"),
    "sanction_count": Place("admin:rooms_sanction_changelist", "user__id__exact={}&state=active"),
    "report_count": Place("admin:rooms_report_changelist", "message__author__id__exact={}&state=open"),
}


def with_counts(people: QuerySet[User]) -> QuerySet[User]:
    """People with how many sessions they have, sanctions that hold, and open reports about them."""
    now = timezone.now()
    holds = Q(sanctions__lifted_at=None) & (Q(sanctions__until=None) | Q(sanctions__until__gt=now))
    return people.annotate(
        session_count=_number("sessions", Q(sessions__expire_date__gt=now)),
        sanction_count=_number("sanctions", holds),
        report_count=_number("messages__reports", Q(messages__reports__resolved_at=None)),
    )


def count_of(name: str, user: Any) -> str:
    """One of the numbers, as a link to what was counted."""
    page, filters = PLACES[name]
    return format_html('<a href="{}?{}">{}</a>', reverse(page), filters.format(user.pk), getattr(user, name))


def _number(relation: str, which: Q) -> Subquery:
    # One subquery each: joined together they would multiply one another.
    one = User.objects.order_by().filter(pk=OuterRef("pk"))
    return Subquery(one.annotate(number=Count(relation, filter=which)).values("number"))
