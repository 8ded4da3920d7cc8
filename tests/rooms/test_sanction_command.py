"""`manage.py sanction`: what the server's shell does to people."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AuditEntry, User
from rooms.models import Sanction

pytestmark = pytest.mark.django_db


def sanction(*arguments):
    out = StringIO()
    call_command("sanction", *arguments, stdout=out)
    return out.getvalue()


def test_the_shell_acts_on_anybody_and_stands_in_the_audit(administrator, lobby):
    assert "holds" in sanction("ban", "Administrator", "--until", "7d", "--reason", "Key lost")
    assert User.objects.get(pk=administrator.pk).is_banned
    assert "lifted" in sanction("lift", "administrator")
    assert not User.objects.get(pk=administrator.pk).is_banned
    entries = AuditEntry.objects.order_by("number").values_list("action", "actor_id", "face", "target_name")
    assert list(entries) == [
        ("ban_user", None, "command", "administrator"),
        ("lift", None, "command", "administrator"),
    ]


@pytest.mark.parametrize(
    ("until", "hours"), [("30m", 0.5), ("2h", 2), ("7d", 7 * 24), ("2w", 14 * 24), (None, None)]
)
def test_how_long_is_said_in_words_of_one_letter(member, lobby, until, hours):
    sanction("mute", "member", "--room", "lobby", *(("--until", until) if until else ()))
    mute = Sanction.objects.get()
    assert (mute.room, mute.by, mute.by_name) == (lobby, None, "")
    assert (mute.until is None) == (hours is None)
    if mute.until:
        assert abs(mute.until - timezone.now() - timedelta(hours=hours)) < timedelta(minutes=1)


def test_a_time_has_a_zone_or_is_in_utc(member):
    for until in ("2999-03-01T09:30", "2999-03-01T10:30+01:00"):
        sanction("mute", "member", "--until", until)
    assert len({mute.until for mute in Sanction.objects.all()}) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("mute", "nobody"),
        ("mute", "member", "--room", "nowhere"),
        ("mute", "member", "--until", "tomorrow"),
        ("mute", "member", "--until", "2020-01-01"),
        ("mute", "member", "--reason", ""),
        ("lift", "member"),
        ("lift", "member", "--room", "lobby"),
    ],
)
def test_what_cannot_be_is_said(member, lobby, arguments):
    with pytest.raises(CommandError):
        sanction(*arguments)
    assert not Sanction.objects.exists()
