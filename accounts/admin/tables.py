"""Small tables on pages of Django's admin."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join

from accounts.models import User

TABLE = '<table class="facts"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table whose rows are named by their first cell."""
    cells = '<tr><th scope="row">{}</th>' + "<td>{}</td>" * (len(heads) - 1) + "</tr>"
    return format_html(
        TABLE,
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        format_html_join("", cells, rows),
    )


def sessions_table(user: User) -> str:
    """The browsers in which a person is signed in, each with a link to its session; no keys."""
    lasting = user.sessions.filter(expire_date__gt=timezone.now()).order_by("-last_seen")
    rows = [
        (
            format_html(
                '<a href="{}"><bdi>{}</bdi></a>',
                reverse("admin:accounts_session_change", args=[session.pk]),
                session.agent or "unknown browser",
            ),
            session.address,
            localize(timezone.localtime(session.last_seen)),
            localize(timezone.localtime(session.expire_date)),
        )
        for session in lasting
    ]
    return table(("Browser", "Address", "Last seen", "Ends"), rows) if rows else "nowhere"
