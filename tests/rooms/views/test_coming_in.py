"""How people come in: the first run, signing up, invitations."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chatproject.sockets.testing import Refused
from rooms.firstrun import first_run_code
from rooms.models import Community, Invitation, Room
from rooms.operations.sanctions import ban_guest
from tests.rooms.conftest import at_once
from tests.support.server import PASSWORD

from .conftest import browser, guest_browser

pytestmark = pytest.mark.django_db

ELSEWHERE: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7"}


def account(username="olivia", **fields):
    return {"username": username, "password1": PASSWORD, "password2": PASSWORD, **fields}


def founding(kind="open", **fields):
    return account(kind=kind, **fields)


def fields_of(page):
    return set(page.context["form"].fields)


def entered(answer, client):
    """Whether an answer let somebody in, and signed in."""
    return answer.status_code == 302 and answer["Location"] == "/" and "_auth_user_id" in client.session


@pytest.fixture(autouse=True)
def _no_code_is_left():
    first_run_code()
    yield
    if User.objects.filter(is_superuser=True).exists():
        first_run_code()  # forgets it


# --- The first run ------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/accounts/signup/"])
def test_a_new_place_asks_for_its_owner(path):
    page = browser().get(path)
    assert page.status_code == 200
    assert fields_of(page) == {"username", "password1", "password2", "kind"}
    assert "rooms/first_run.html" in [template.name for template in page.templates]


@pytest.mark.parametrize("path", ["/", "/accounts/signup/"])
def test_who_answers_owns_the_place_and_is_signed_in(path):
    client = browser()
    assert entered(client.post(path, founding()), client)
    olivia = User.objects.get()
    assert olivia.is_superuser
    assert client.session["_auth_user_id"] == str(olivia.pk)
    assert client.get("/").context["boot"]["user"]["staff"]


def test_an_open_community_is_open(lobby):
    User.objects.all().delete()
    browser().post("/", founding("open"))
    assert Community.objects.current().signup_open
    assert Room.objects.for_guests().get().guests_may_post
    assert browser().get("/").status_code == 200
    assert browser().get("/accounts/signup/").status_code == 200


def test_a_private_team_is_closed():
    browser().post("/", founding("private"))
    assert not Community.objects.current().signup_open
    assert not Room.objects.for_guests().exists()
    assert browser().get("/")["Location"] == "/accounts/login/?next=/"
    assert browser().get("/accounts/signup/").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": ""},
        {"username": "no spaces"},
        {"password2": "another"},
        {"password1": "12345678", "password2": "12345678"},
        {"kind": "secret"},
        {"kind": ""},
    ],
    ids="-".join,
)
def test_an_answer_that_cannot_be_is_shown_again_with_what_is_wrong(wrong):
    page = browser().post("/", {**founding(), **wrong})
    assert page.status_code == 400
    assert page.context["form"].errors.keys() & ({*wrong} | {"password2"})
    assert not User.objects.exists()


def test_a_form_of_another_site_is_refused():
    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    assert client.post("/", founding()).status_code == 403
    assert not User.objects.exists()


# --- Never again --------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/accounts/signup/"])
def test_once_answered_it_is_never_asked_again(founded, lobby, path):
    assert "rooms/first_run.html" not in [template.name for template in browser().get(path).templates]
    browser().post(path, founding(username="mallory"))
    assert list(User.objects.filter(is_superuser=True)) == [founded]


def test_it_is_not_asked_again_when_the_owner_is_gone(founded):
    founded.delete()
    templates = [template.name for template in browser().get("/").templates]
    assert "rooms/first_run.html" not in templates
    browser().post("/", founding())
    assert not User.objects.filter(is_superuser=True).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_in_the_same_moment_one_owns_the_place():
    answers = at_once(*(partial(browser().post, "/", founding(username=f"person{n}")) for n in range(2)))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert User.objects.count() == 1
    assert User.objects.get().is_superuser


# --- Meanwhile ----------------------------------------------------------------------------------
def test_log_in_works_before_it_is_answered(member, lobby):
    client = browser()
    answer = client.post("/accounts/login/", {"username": "member", "password": PASSWORD})
    assert entered(answer, client)
    assert client.get("/rooms/lobby/").status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_sockets_work_before_it_is_answered(house, member, lobby):
    assert (await house.enter(member)).sid
    assert (await house.enter("Gus")).sid
    with pytest.raises(Refused):
        await house.enter(member, "/admin")


# --- The code -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"SERVER_NAME": "127.0.0.1"},
        {"REMOTE_ADDR": "::1"},
        {"SERVER_NAME": "localhost", "SERVER_PORT": "8000"},
    ],
    ids=str,
)
def test_no_code_is_asked_for_on_this_machine(environ):
    assert "code" not in fields_of(browser(**environ).get("/"))


@pytest.mark.parametrize(
    "environ",
    [
        ELSEWHERE,
        {"REMOTE_ADDR": "10.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.2"},
        {"REMOTE_ADDR": ""},
        {"SERVER_NAME": "testserver"},
        {"SERVER_NAME": "[::1]"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_HOST": "localhost"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
        {"HTTP_X_FORWARDED_FOR": ""},
    ],
    ids=str,
)
def test_the_code_is_asked_for_wherever_one_may_come_from_elsewhere(environ):
    client = browser(**environ)
    assert "code" in fields_of(client.get("/"))
    for wrong in ({}, {"code": ""}, {"code": "0000000000"}, {"code": "\0"}, {"code": "é" * 30}):
        page = client.post("/", founding(**wrong))
        assert page.status_code == 400
        assert "code" in page.context["form"].errors
    assert not User.objects.exists()


def test_the_right_code_lets_in_from_elsewhere():
    client = browser(**ELSEWHERE)
    code = first_run_code()
    assert code
    assert len(code) >= 10
    assert code not in client.get("/").content.decode()
    assert entered(client.post("/", founding(code=f" {code.upper()} ")), client)


def test_the_code_is_the_same_until_it_is_used_and_then_none():
    code = first_run_code()
    assert first_run_code() == code
    browser(**ELSEWHERE).post("/", founding(code=code))
    assert first_run_code() is None


def test_a_foreign_host_gets_no_page_at_all():
    assert browser(SERVER_NAME="evil.example").get("/").status_code == 400


# --- Signing up ---------------------------------------------------------------------------------
def test_anybody_signs_up_in_an_open_community(founded):
    client = browser()
    page = client.get("/accounts/signup/")
    assert page.context["closed"] is False
    assert fields_of(page) == {"username", "email", "password1", "password2"}
    assert entered(client.post("/accounts/signup/", account("nina")), client)
    nina = User.objects.get(username="nina")
    assert not nina.is_staff
    assert nina.memberships.filter(room__slug="lobby").exists()


@pytest.mark.parametrize("name", ["olivia", "OLIVIA"])
def test_a_taken_name_is_a_form_error(founded, name):
    page = browser().post("/accounts/signup/", account(name))
    assert page.status_code == 400
    assert "username" in page.context["form"].errors
    assert User.objects.count() == 1


def test_a_name_taken_in_the_same_moment_is_a_form_error(founded, monkeypatch):
    from accounts.forms import SignUpForm  # noqa: PLC0415

    monkeypatch.setattr(SignUpForm, "clean_username", lambda form: form.cleaned_data["username"])
    monkeypatch.setattr(SignUpForm, "validate_unique", lambda form: None)
    page = browser().post("/accounts/signup/", account("OLIVIA"))
    assert page.status_code == 400
    assert "username" in page.context["form"].errors


def test_who_is_signed_in_signs_up_no_second_time(founded, member, lobby):
    answer = browser(member).get("/accounts/signup/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    browser(member).post("/accounts/signup/", account("second"))
    assert not User.objects.filter(username="second").exists()


def test_a_guest_who_signs_up_is_a_person_with_a_new_session(founded, lobby):
    client = guest_browser("Gus")
    before = client.session.session_key
    assert entered(client.post("/accounts/signup/", account("gustav")), client)
    assert client.session.session_key != before


def test_sign_up_is_closed_in_a_private_team(closed):
    for answer in (browser().get("/accounts/signup/"), browser().post("/accounts/signup/", account("nina"))):
        assert answer.status_code == 403
        assert answer.context["closed"] is True
        assert "password1" not in answer.content.decode()
    assert not User.objects.filter(username="nina").exists()


# --- Invitations --------------------------------------------------------------------------------
def invited(client, token):
    return client.get(f"/invite/{token}/")


def test_nobody_signs_up_from_a_network_that_is_kept_out(founded, lobby):
    ban_guest(by=founded, name="Gus", network="198.51.100.7", reason="Flooding")
    sign_up = "/accounts/signup/"
    inside, elsewhere = (browser(REMOTE_ADDR=f"198.51.100.{number}") for number in (7, 8))
    for answer in (inside.get(sign_up), inside.post(sign_up, account("nina"))):
        assert answer.status_code == 403
        assert "No sign-up from here" in answer.content.decode()
    assert not User.objects.filter(username="nina").exists()
    assert elsewhere.get(sign_up).status_code == 200
    assert entered(elsewhere.post(sign_up, account("nina")), elsewhere)


def test_an_invitation_leads_to_the_form_and_in(closed):
    invitation = Invitation.objects.create(max_uses=1)
    client = browser()
    answer = invited(client, invitation.token)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/signup/")
    page = client.get("/accounts/signup/")
    assert page.status_code == 200
    assert page.context["invitation"] == invitation
    assert entered(client.post("/accounts/signup/", account("nina")), client)
    invitation.refresh_from_db()
    assert invitation.uses == 1
    assert "invitation" not in client.session


def test_its_address_is_the_one_that_the_admin_shows(closed):
    invitation = Invitation.objects.create()
    assert invitation.get_absolute_url() == f"/invite/{invitation.token}/"


@pytest.mark.parametrize(
    "fields",
    [
        {"revoked": True},
        {"expires_at": timezone.now() - timedelta(days=1)},
        {"max_uses": 1, "uses": 1},
    ],
    ids=["revoked", "expired", "used up"],
)
def test_an_invitation_that_is_good_no_more_is_like_an_unknown_one(closed, fields):
    token = Invitation.objects.create(**fields).token
    client = browser()
    answers = [invited(client, token), invited(client, "unknown")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert client.get("/accounts/signup/").status_code == 403


@pytest.mark.parametrize("token", ["%00", "%ff", "x" * 500, "<script>"])
def test_an_odd_token_is_unknown(closed, token):
    assert invited(browser(), token).status_code == 404


def test_an_invitation_that_is_revoked_while_the_form_is_open_lets_nobody_in(closed):
    invitation = Invitation.objects.create()
    client = browser()
    invited(client, invitation.token)
    assert client.get("/accounts/signup/").status_code == 200
    Invitation.objects.update(revoked=True)
    assert client.post("/accounts/signup/", account("nina")).status_code == 403
    assert not User.objects.filter(username="nina").exists()


@pytest.mark.django_db(transaction=True)
def test_the_last_use_is_for_one_and_the_other_is_told(closed):
    token = Invitation.objects.create(max_uses=1).token
    clients = [browser() for _ in range(2)]
    for client in clients:
        invited(client, token)
    calls = [
        partial(client.post, "/accounts/signup/", account(f"person{number}"))
        for number, client in enumerate(clients)
    ]
    answers = sorted(answer.status_code for answer in at_once(*calls))
    assert answers[0] == 302
    assert answers[1] in {400, 403}
    assert User.objects.filter(username__startswith="person").count() == 1


def test_an_invitation_is_of_no_use_for_who_has_an_account(founded, member, lobby):
    client = browser(member)
    invited(client, Invitation.objects.create().token)
    assert client.get("/accounts/signup/")["Location"] == "/"
