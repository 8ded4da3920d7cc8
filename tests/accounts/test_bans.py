"""Who is banned from the whole place is signed out everywhere; the log-in tells them why, and no others."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from accounts.operations import ban, lift_ban
from accounts.sessions import SessionStore
from tests.support.server import PASSWORD

from .conftest import BOTH, Publication, signed_in, sockets_of

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "another battery horse 7"
FORMS = ["/accounts/login/", "/admin/login/"]


@pytest.fixture
def tomorrow():
    return (timezone.now() + timedelta(days=1)).replace(microsecond=0)


def person_at(client):
    """Who the next request of this client would come from."""
    request = HttpRequest()
    request.session = SessionStore(client.cookies["sessionid"].value)
    return get_user(request)


def errors_of(form, username="staff", password=PASSWORD):
    """What a log-in form says to who is not let in."""
    response = Client().post(form, {"username": username, "password": password})
    assert response.status_code == 200
    return response.content.decode()


def test_a_ban_ends_all_sessions_and_tells_their_sockets_until_when_and_why(
    member, outsider, published, tomorrow
):
    browsers = [signed_in(member), signed_in(member)]
    bystander = signed_in(outsider)
    published.clear()
    ban(user=member, until=tomorrow, reason="Flooding")
    payload = {
        "reason": "banned",
        "until": tomorrow.isoformat().replace("+00:00", "Z"),
        "text": "Flooding",
    }
    assert published == [Publication("session_ended", payload, sockets_of(member), BOTH, close=True)]
    assert all(person_at(browser).is_anonymous for browser in browsers)
    assert person_at(bystander) == outsider
    assert [session.user for session in Session.objects.all()] == [outsider]


def test_a_ban_without_an_end_says_so(member, published):
    ban(user=member, until=None, reason="Spam")
    assert published[0].payload["until"] is None
    assert User.objects.get(pk=member.pk).is_banned


@pytest.mark.parametrize("form", FORMS)
def test_who_knows_the_password_is_told_until_when_and_why(form, staff, tomorrow):
    ban(user=staff, until=tomorrow, reason="<b>Flooding</b>")
    page = errors_of(form)
    assert f"{tomorrow:%H:%M} UTC" in page
    assert "&lt;b&gt;Flooding&lt;/b&gt;" in page
    assert not Session.objects.exists()


@pytest.mark.parametrize("form", FORMS)
def test_others_learn_nothing_of_it(form, staff, outsider):
    ban(user=staff, until=None, reason="Flooding")
    for username, password in (("staff", "wrong"), ("nobody", PASSWORD)):
        page = errors_of(form, username, password)
        assert "account is banned" not in page
        assert "Flooding" not in page


def test_who_is_not_active_is_told_of_no_ban(member):
    ban(user=member, until=None, reason="Flooding")
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert "account is banned" not in errors_of(FORMS[0], "member")


def test_a_session_that_was_begun_in_the_same_moment_is_nobodys(member):
    ban(user=member, until=None, reason="Flooding")
    late = signed_in(User.objects.get(pk=member.pk))
    assert Session.objects.filter(user=member).exists()
    assert person_at(late).is_anonymous


@pytest.fixture
def banned_while_hashed(monkeypatch, member):
    """The ban of somebody, set while a new password of theirs is hashed."""
    hashed = User.set_password

    def ban_meanwhile(user, password):
        hashed(user, password)
        ban(user=User.objects.get(pk=member.pk), until=None, reason="Flooding")

    monkeypatch.setattr(User, "set_password", ban_meanwhile)


@pytest.mark.usefixtures("banned_while_hashed")
def test_who_changes_the_password_in_the_same_moment_stays_banned(member):
    passwords = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    signed_in(member).post("/accounts/password/", passwords)
    member.refresh_from_db()
    assert member.is_banned
    assert member.check_password(NEW_PASSWORD)


@pytest.mark.usefixtures("banned_while_hashed")
def test_whose_password_staff_set_in_the_same_moment_stays_banned(staff, member):
    passwords = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    signed_in(staff).post(f"/admin/accounts/user/{member.pk}/password/", passwords)
    member.refresh_from_db()
    assert member.is_banned
    assert member.check_password(NEW_PASSWORD)


def test_a_ban_that_is_over_or_lifted_lets_the_person_sign_in_again(client, member):
    for let_in in (
        lambda: User.objects.filter(pk=member.pk).update(banned_until=timezone.now()),
        lambda: lift_ban(user=User.objects.get(pk=member.pk)),
    ):
        ban(user=member, until=None, reason="Flooding")
        assert "account is banned" in errors_of(FORMS[0], "member")
        let_in()
        assert client.post(FORMS[0], {"username": "member", "password": PASSWORD}).status_code == 302
        assert person_at(client) == member
