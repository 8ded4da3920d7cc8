"""The cookie of a session that is used lasts on."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User

from .conftest import session_of, signed_in

pytestmark = pytest.mark.django_db

RENEW = "/accounts/session/"
HOUR = 3600  # seconds


@pytest.fixture
def later(monkeypatch):
    """Sets the clock by which Django signs and judges what a session holds."""

    def later(seconds):
        now = time.time() + seconds
        monkeypatch.setattr("django.core.signing.time.time", lambda: now)

    return later


def renew(client):
    """Whether the session was renewed; the cookie is given anew exactly then."""
    response = client.post(RENEW)
    assert response.status_code == 200
    renewed = response.json()["renewed"]
    assert ("sessionid" in response.cookies) == renewed
    return renewed


def test_a_session_is_renewed_once_an_hour_under_the_same_key(member, later, settings):
    client = signed_in(member)
    session = session_of(client)
    assert not renew(client)
    later(HOUR - 60)
    assert not renew(client)
    later(HOUR + 60)
    soon = timezone.now() + timedelta(days=1)
    Session.objects.update(expire_date=soon)
    assert renew(client)
    assert client.cookies["sessionid"]["max-age"] == settings.SESSION_COOKIE_AGE
    assert session_of(client).pk == session.pk
    assert session_of(client).user == member
    assert session_of(client).expire_date > soon
    assert not renew(client)


def test_that_the_row_was_renewed_meanwhile_keeps_no_cookie_from_being_renewed(member, later):
    client = signed_in(member)
    later(HOUR + 60)
    Session.objects.update(expire_date=timezone.now() + timedelta(days=14))
    assert renew(client)


def test_a_named_guests_session_is_renewed_too(client, later):
    client.post("/accounts/guest/", {"name": "Gus"})
    assert not renew(client)
    later(HOUR + 60)
    assert renew(client)


def test_a_cookie_that_lasts_until_the_browser_is_closed_stays_one(member, later, settings):
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = True
    client = signed_in(member)
    later(HOUR + 60)
    assert renew(client)
    assert client.cookies["sessionid"]["max-age"] == ""


def test_who_has_no_session_gets_none(client):
    assert not renew(client)
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "end",
    [
        lambda: Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1)),
        lambda: Session.objects.all().delete(),
        lambda: User.objects.update(is_active=False),
        lambda: User.objects.update(password="argon2$another"),
    ],
    ids=["expired", "deleted", "deactivated", "new password"],
)
def test_a_session_that_has_ended_is_not_revived(member, later, end):
    client = signed_in(member)
    later(HOUR + 60)
    end()
    assert not client.post(RENEW).json()["renewed"]
    assert not Session.objects.filter(expire_date__gt=timezone.now(), user=None).exists()
    assert client.get("/accounts/password/").status_code == 302


def test_only_a_page_of_this_site_can_ask(member, later):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    later(HOUR + 60)
    assert client.post(RENEW).status_code == 403
    assert client.get(RENEW).status_code == 405
