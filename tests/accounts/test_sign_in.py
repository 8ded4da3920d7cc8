import pytest
from django.contrib.auth import get_user
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from accounts.models import Session, User
from accounts.sessions import SessionStore
from tests.support.server import PASSWORD

from .conftest import session_of, signed_in

pytestmark = pytest.mark.django_db

LOGIN, LOGOUT, PASSWORD_PAGE = "/accounts/login/", "/accounts/logout/", "/accounts/password/"
NEW_PASSWORD = "another battery horse 7"


def person_at(client):
    """Who the next request of this client would come from."""
    request = HttpRequest()
    cookie = client.cookies.get("sessionid")
    request.session = SessionStore(cookie and cookie.value)
    return get_user(request)


def log_in(client, **fields):
    return client.post(LOGIN, {"username": "member", "password": PASSWORD, **fields})


@pytest.mark.parametrize("username", ["member", "MEMBER"])
def test_a_person_logs_in_with_name_in_any_case_and_password(client, member, username):
    response = log_in(client, username=username)
    assert response.status_code == 302
    assert response["Location"] == reverse("chat")
    assert person_at(client) == member


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "wrong"},
        {"password": PASSWORD.upper()},
        {"password": ""},
        {"password": "nul\0"},
        {"username": "nobody"},
        {"username": ""},
        {"username": "nul\0"},
        {"username": "x" * 10_000},
    ],
)
def test_a_wrong_name_or_password_signs_nobody_in(client, member, fields):
    response = log_in(client, **fields)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert person_at(client).is_anonymous
    assert not Session.objects.exists()


def test_the_answer_does_not_tell_whether_the_name_exists(client, member):
    unknown = log_in(client, username="nobody").context["form"].errors
    wrong = log_in(client, password="wrong").context["form"].errors
    assert unknown == wrong


def test_somebody_who_is_not_active_cannot_log_in(client, member):
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert log_in(client).context["form"].errors
    assert person_at(client).is_anonymous


def test_an_old_password_hash_is_replaced_by_argon2_and_logs_in(client, member):
    User.objects.filter(pk=member.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    log_in(client)
    assert person_at(client) == member
    member.refresh_from_db()
    assert member.password.startswith("argon2$")


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("/accounts/people/?q=x", "/accounts/people/?q=x"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("\0/", "/"),
    ],
)
def test_the_log_in_leads_on_to_pages_of_this_site_only(client, member, url, leads_to):
    response = log_in(client, next=url)
    assert response["Location"] == leads_to


def test_whoever_is_signed_in_is_sent_on_from_the_log_in_page(member):
    client = signed_in(member)
    assert client.get(LOGIN)["Location"] == reverse("chat")
    assert client.get(LOGIN, {"next": LOGIN})["Location"] == reverse("chat")
    assert client.get(LOGIN, {"next": LOGIN + "?next=/"})["Location"] == reverse("chat")


def test_the_log_in_page_refuses_a_form_of_another_site(member):
    client = Client(enforce_csrf_checks=True)
    assert log_in(client).status_code == 403


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client, member):
    log_in(client)
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["secure"]


def test_the_cookies_are_secure_where_the_site_is_https(client, member, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client.get(LOGIN, secure=True)
    log_in(client)
    assert client.cookies["sessionid"]["secure"]


def test_an_expired_session_is_nobodys(member):
    client = signed_in(member)
    assert person_at(client) == member
    Session.objects.update(expire_date="2001-01-01T00:00:00Z")
    assert person_at(client).is_anonymous
    assert client.get(PASSWORD_PAGE).status_code == 302


@pytest.mark.parametrize("key", ["0" * 32, "", "x", "\u00e4" * 8, "x" * 5_000])
def test_a_forged_cookie_is_nobodys_and_makes_no_session(client, member, key):
    client.cookies["sessionid"] = key
    assert client.get(PASSWORD_PAGE).status_code == 302
    assert not Session.objects.exists()


def test_a_guests_session_gets_a_new_key_at_log_in(client, member):
    client.post("/accounts/guest/", {"name": "Gus"})
    before = session_of(client).session_key
    log_in(client)
    assert session_of(client).session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a_log_out_ends_the_session_of_this_browser_only(member):
    here, elsewhere = signed_in(member), signed_in(member)
    assert here.post(LOGOUT).status_code == 200
    assert person_at(here).is_anonymous
    assert person_at(elsewhere) == member


def test_a_log_out_must_be_posted(member):
    client = signed_in(member)
    assert client.get(LOGOUT).status_code == 405
    assert person_at(client) == member


def test_a_changed_password_signs_out_every_other_browser(member):
    here, elsewhere = signed_in(member), signed_in(member)
    fields = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert here.post(PASSWORD_PAGE, fields)["Location"] == reverse("accounts:password_done")
    assert here.get(reverse("accounts:password_done")).status_code == 200
    assert person_at(here) == member
    assert person_at(elsewhere).is_anonymous
    member.refresh_from_db()
    assert member.check_password(NEW_PASSWORD)
    assert [session.user for session in Session.objects.all()] == [member]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"old_password": "wrong"}, "old_password"),
        ({"old_password": ""}, "old_password"),
        ({"new_password2": "another one 17"}, "new_password2"),
        ({"new_password1": "short", "new_password2": "short"}, "new_password2"),
    ],
)
def test_a_password_that_cannot_be_changed_stays(member, fields, field):
    client = signed_in(member)
    form = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD, **fields}
    response = client.post(PASSWORD_PAGE, form)
    assert set(response.context["form"].errors) == {field}
    member.refresh_from_db()
    assert member.check_password(PASSWORD)
    assert person_at(client) == member


def test_the_password_page_is_for_the_signed_in(client):
    response = client.get(PASSWORD_PAGE)
    assert response["Location"] == f"{LOGIN}?next={PASSWORD_PAGE}"
