"""Who is told, and dropped, when a session ends; and who is not."""

import io
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from accounts.operations import end_sessions
from accounts.reasons import Reason
from tests.support.server import PASSWORD

from .conftest import dropped, ended, session_of, signed_in, sockets_of

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "another battery horse 7"


@pytest.fixture
def browser(member):
    """Where the member is signed in."""
    return signed_in(member)


@pytest.fixture
def other_browser(member):
    """Where the member is signed in, too."""
    return signed_in(member)


@pytest.fixture
def office(staff):
    """Where the staff member is signed in."""
    return signed_in(staff)


@pytest.fixture
def head(db):
    """May do everything; accounts of staff are this person's to change."""
    return User.objects.create(username="head", is_staff=True, is_superuser=True)


@pytest.fixture
def head_office(head):
    """Where the head is signed in."""
    return signed_in(head)


@pytest.fixture(autouse=True)
def _everybody_is_here(browser, other_browser, office, head_office, outsider, published):
    signed_in(outsider)
    published.clear()


def change_in_admin(office, user, **fields):
    """Saves the admin's page of a person with some fields changed; False unticks a box."""
    form = {"username": user.username, "display_name": "", "email": ""}
    form |= {name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(user, name)}
    form |= fields
    data = {name: value for name, value in form.items() if value is not False}
    response = office.post(f"/admin/accounts/user/{user.pk}/change/", data)
    assert response.status_code == 302, response.context["errors"]


# --- One session --------------------------------------------------------------------------------
def test_a_log_out_drops_the_sockets_of_this_browser_only(browser, published):
    room = sockets_of(browser)
    browser.post("/accounts/logout/")
    assert published == [ended(room, "signed_out")]


def test_a_log_out_in_the_admin_drops_the_sockets_of_this_browser_only(office, published):
    room = sockets_of(office)
    office.post("/admin/logout/")
    assert published == [ended(room, "signed_out")]


def test_logging_in_as_somebody_else_signs_the_first_out(browser, outsider, published):
    room = sockets_of(browser)
    browser.force_login(outsider)
    assert published == [ended(room, "signed_out")]


def test_a_guest_who_logs_in_comes_back_with_the_new_cookie(published, member):
    client = Client()
    client.post("/accounts/guest/", {"name": "Gus"})
    room = sockets_of(client)
    published.clear()
    client.post("/accounts/login/", {"username": "member", "password": PASSWORD})
    assert published == [dropped(room)]
    assert sockets_of(client) != room


def test_a_session_deleted_in_the_admin_is_revoked(browser, office, published):
    session = session_of(browser)
    response = office.post(f"/admin/accounts/session/{session.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302
    assert published == [ended(sockets_of(session), "revoked")]


def test_sessions_deleted_by_the_admins_action_are_revoked(browser, other_browser, office, published):
    sessions = [session_of(browser), session_of(other_browser)]
    office.post(
        "/admin/accounts/session/",
        {
            "action": "delete_selected",
            "_selected_action": [session.pk for session in sessions],
            "post": "yes",
        },
    )
    assert len(published) == 2
    assert {publication.to for publication in published} == {sockets_of(session) for session in sessions}
    assert all(publication.payload == {"reason": "revoked"} for publication in published)


def test_an_expired_session_that_is_cleared_drops_what_is_left_of_it(browser, published):
    session = session_of(browser)
    Session.objects.filter(pk=session.pk).update(expire_date=timezone.now() - timedelta(seconds=1))
    call_command("clearsessions")
    assert published == [ended(sockets_of(session), "expired")]


# --- A person -----------------------------------------------------------------------------------
def test_a_password_changed_on_the_page_drops_all_the_persons_sockets(browser, member, published):
    old = sockets_of(browser)
    fields = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert browser.post("/accounts/password/", fields).status_code == 302
    assert published.in_chat() == [ended(sockets_of(member), "password_changed")]
    assert sockets_of(browser) != old


def test_a_password_changed_in_the_admin_drops_all_the_persons_sockets(office, member, published):
    room = sockets_of(office)
    office.post(
        f"/admin/accounts/user/{member.pk}/password/",
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"},
    )
    # Django gives the browser in which it was done a new cookie, too.
    assert published.in_chat() == [ended(sockets_of(member), "password_changed"), dropped(room)]
    assert not member.sessions.exists()


def test_ones_own_password_changed_in_the_admin_keeps_this_browser_signed_in(head_office, head, published):
    head_office.post(
        f"/admin/accounts/user/{head.pk}/password/",
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"},
    )
    assert published == [ended(sockets_of(head), "password_changed")]
    assert session_of(head_office).user == head
    assert head_office.get("/admin/").status_code == 200


def test_a_password_changed_on_the_command_line_drops_all_the_persons_sockets(member, published, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: NEW_PASSWORD)
    call_command("changepassword", "member", verbosity=0, stdout=io.StringIO())
    assert published.in_chat() == [ended(sockets_of(member), "password_changed")]


def test_a_password_taken_away_in_the_admin_ends_the_sessions(
    office, browser, other_browser, member, published
):
    rooms = {sockets_of(browser), sockets_of(other_browser)}
    office.post(
        f"/admin/accounts/user/{member.pk}/password/", {"usable_password": "false", "unset-password": "yes"}
    )
    assert not member.sessions.exists()
    assert {sent.to for sent in published if sent.payload == {"reason": "password_changed"}} == rooms


def test_a_person_without_a_password_stays_signed_in_when_the_account_is_saved(member, published):
    member.set_unusable_password()
    User.objects.filter(pk=member.pk).update(password=member.password)
    client = signed_in(member)
    member.save()
    assert session_of(client).user == member
    assert sockets_of(client) not in published.rooms()


def test_a_hash_renewed_at_log_in_is_no_changed_password(member, published):
    User.objects.filter(pk=member.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    Client().post("/accounts/login/", {"username": "member", "password": PASSWORD})
    assert all(sent.payload != {"reason": "password_changed"} for sent in published)


def test_a_deactivated_person_is_dropped_everywhere(office, member, published):
    change_in_admin(office, member, is_active=False)
    assert published == [ended(sockets_of(member), "deactivated")]
    assert not member.sessions.exists()


def test_whoever_is_no_longer_staff_is_dropped_from_the_staffs_namespace_only(head_office, published):
    boss = User.objects.create(username="boss", is_staff=True)
    client = signed_in(boss)
    published.clear()
    change_in_admin(head_office, boss, is_staff=False)
    assert published == [ended(sockets_of(boss), "not_staff", ("/admin",))]
    assert session_of(client).user == boss


def test_a_staff_member_who_is_edited_stays(head_office, staff, published):
    change_in_admin(head_office, staff, display_name="Boss")
    assert published == []


def test_a_log_in_drops_nobody(member, published):
    Client().post("/accounts/login/", {"username": "member", "password": PASSWORD})
    assert published == []


def test_a_new_account_drops_nobody_elses_sockets(member, published):
    nina = User.objects.create_user("nina", password=PASSWORD)
    assert published.rooms() <= {sockets_of(nina)}


def test_a_deleted_person_is_dropped_everywhere(office, member, published):
    room = sockets_of(member)
    response = office.post(f"/admin/accounts/user/{member.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302
    assert published == [ended(room, "deactivated")]
    assert not User.objects.filter(username="member").exists()
    assert Session.objects.count() == 3  # the staff member's, the head's, the outsider's


def test_people_deleted_by_the_admins_action_are_dropped(office, member, published):
    room = sockets_of(member)
    form = {"action": "delete_selected", "_selected_action": [member.pk], "post": "yes"}
    office.post("/admin/accounts/user/", form)
    assert published == [ended(room, "deactivated")]


def test_all_sessions_of_a_person_can_be_ended(member, browser, other_browser, outsider, published):
    end_sessions(user=member, reason=Reason.REVOKED)
    assert published == [ended(sockets_of(member), "revoked")]
    assert not member.sessions.exists()
    assert outsider.sessions.exists()
