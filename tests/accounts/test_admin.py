import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.admin.counts import count_of
from accounts.channels import user_room
from accounts.models import Session, User
from accounts.models.user import FOREVER
from rooms.models import Message
from rooms.models.report import Report
from rooms.models.sanction import Sanction
from tests.support.people import person
from tests.support.server import PASSWORD

from .conftest import session_of, signed_in

pytestmark = pytest.mark.django_db

PEOPLE, SESSIONS = "/admin/accounts/user/", "/admin/accounts/session/"


@pytest.fixture
def office(staff):
    return signed_in(staff)


def test_the_list_of_people_shows_how_many_sessions_each_has(office, member):
    signed_in(member)
    signed_in(member)
    page = office.get(PEOPLE).content.decode()
    assert f'{SESSIONS}?user__id__exact={member.pk}">2</a>' in page


@pytest.mark.parametrize("query", ["zoë", "zoË", "van der", "zoe@example.org"])
def test_people_are_searched_by_names_and_e_mail(office, outsider, query):
    User.objects.create(username="Zoë", display_name="Z. van der Berg", email="zoe@example.org")
    people = office.get(PEOPLE, {"q": query}).context["cl"].queryset
    assert [person.username for person in people] == ["Zoë"]


@pytest.mark.parametrize("field", ["is_staff", "is_superuser", "is_active", "is_bot"])
def test_people_are_filtered_by_what_they_are(office, member, field):
    assert office.get(PEOPLE, {f"{field}__exact": "1"}).status_code == 200


def test_a_person_is_added_with_name_and_password(office):
    form = {
        "username": "nina",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "display_name": "Nina",
        "email": "nina@example.org",
    }
    assert office.post(f"{PEOPLE}add/", form).status_code == 302
    nina = User.objects.get(username="nina")
    assert nina.check_password(PASSWORD)
    assert (nina.name, nina.email, nina.is_staff) == ("Nina", "nina@example.org", False)


def test_a_bot_needs_no_password(office):
    form = {"username": "deploy", "usable_password": "false", "is_bot": "on"}
    assert office.post(f"{PEOPLE}add/", form).status_code == 302
    deploy = User.objects.get(username="deploy")
    assert deploy.is_bot
    assert not deploy.has_usable_password()


@pytest.mark.parametrize("username", ["member", "MEMBER"])
def test_a_taken_name_is_a_form_error(office, member, outsider, username):
    add = {"username": username, "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert set(office.post(f"{PEOPLE}add/", add).context["adminform"].form.errors) == {"username"}
    change = office.post(f"{PEOPLE}{outsider.pk}/change/", {"username": username, "is_active": "on"})
    assert set(change.context["adminform"].form.errors) == {"username"}


@pytest.mark.parametrize("field", ["username", "display_name"])
@pytest.mark.parametrize("name", ["anna", "MEMBER"])
def test_nobody_is_given_a_name_that_somebody_else_has_or_is_shown_by(office, member, outsider, field, name):
    member.display_name = "Anna"
    member.save()
    add = {"username": "new", "usable_password": "false", field: name}
    assert set(office.post(f"{PEOPLE}add/", add).context["adminform"].form.errors) == {field}
    change = {"username": "outsider", "is_active": "on", field: name}
    page = office.post(f"{PEOPLE}{outsider.pk}/change/", change)
    assert set(page.context["adminform"].form.errors) == {field}


def test_a_person_may_be_shown_by_the_own_username(office, member):
    form = {"username": "member", "display_name": "Member", "is_active": "on"}
    assert office.post(f"{PEOPLE}{member.pk}/change/", form).status_code == 302
    assert office.post(f"{PEOPLE}{member.pk}/change/", form).status_code == 302


def test_who_has_a_name_like_anothers_already_can_be_deactivated(office, member, outsider):
    outsider.display_name = "Member"
    outsider.save()
    form = {"username": "outsider", "display_name": "Member"}
    assert office.post(f"{PEOPLE}{outsider.pk}/change/", form).status_code == 302
    outsider.refresh_from_db()
    assert not outsider.is_active


def test_a_person_keeps_the_own_name_in_another_case(office, member):
    response = office.post(f"{PEOPLE}{member.pk}/change/", {"username": "Member", "is_active": "on"})
    assert response.status_code == 302
    member.refresh_from_db()
    assert (member.username, member.username_folded) == ("Member", "member")


# --- Rights -------------------------------------------------------------------------------------
ALL_RIGHTS = {"is_staff": "on", "is_superuser": "on"}


@pytest.fixture
def boss(db):
    return User.objects.create(username="boss", is_superuser=True)


@pytest.fixture
def colleague(db):
    return User.objects.create(username="colleague", is_staff=True)


def rights_of(user):
    user.refresh_from_db()
    permissions = (user.groups.count(), user.user_permissions.count())
    return user.is_staff, user.is_superuser, *permissions


def all_rights(user):
    group, _ = Group.objects.get_or_create(name="Everything")
    permission = Permission.objects.get(codename="change_user")
    form = {"username": user.username, "display_name": "Changed", "is_active": "on", **ALL_RIGHTS}
    return form | {"groups": group.pk, "user_permissions": permission.pk}


def test_staff_who_may_change_people_give_nobody_rights(office, staff, member):
    assert staff.has_perm("accounts.change_user")
    assert office.post(f"{PEOPLE}{member.pk}/change/", all_rights(member)).status_code == 302
    assert rights_of(member) == (False, False, 0, 0)
    assert member.name == "Changed"


def test_staff_give_themselves_no_rights(office, staff):
    before = rights_of(staff)
    assert office.post(f"{PEOPLE}{staff.pk}/change/", all_rights(staff)).status_code == 403
    assert rights_of(staff) == before


def test_whom_staff_add_has_no_rights(office):
    form = {"username": "nina", "usable_password": "false", **ALL_RIGHTS}
    assert office.post(f"{PEOPLE}add/", form).status_code == 302
    assert rights_of(User.objects.get(username="nina")) == (False, False, 0, 0)


def attempts(user):
    """Ways to take an account over, or away."""
    page, password = f"{PEOPLE}{user.pk}/", {"usable_password": "true", "password1": PASSWORD}
    return [
        (f"{page}change/", {"username": "taken", "is_active": ""}),
        (f"{page}password/", password | {"password2": PASSWORD, "set-password": "set"}),
        (f"{page}delete/", {"post": "yes"}),
        (PEOPLE, {"action": "delete_selected", "_selected_action": user.pk, "post": "yes"}),
    ]


@pytest.mark.parametrize("who", ["boss", "colleague"])
def test_staff_change_neither_superusers_nor_staff(office, request, who):
    user = request.getfixturevalue(who)
    for url, form in attempts(user):
        assert office.post(url, form).status_code == 403, url
        kept = User.objects.get(pk=user.pk)
        assert (kept.username, kept.password, kept.is_active) == (who, user.password, True)
    assert office.get(f"{PEOPLE}{user.pk}/change/").status_code == 200


@pytest.mark.parametrize("number", range(4))
def test_staff_do_all_that_to_others(office, member, number):
    url, form = attempts(member)[number]
    assert office.post(url, form).status_code == 302
    found = User.objects.filter(pk=member.pk).first()
    assert found is None or (found.username, found.password) != (member.username, member.password)


@pytest.mark.parametrize("number", range(4))
def test_superusers_do_all_that_to_anybody(staff, colleague, number):
    staff.is_superuser = True
    staff.save()
    url, form = attempts(colleague)[number]
    assert signed_in(staff).post(url, form).status_code == 302
    found = User.objects.filter(pk=colleague.pk).first()
    assert found is None or (found.username, found.password) != (colleague.username, colleague.password)


def test_superusers_give_rights(staff, member):
    staff.is_superuser = True
    staff.save()
    page = signed_in(staff).post(f"{PEOPLE}{member.pk}/change/", all_rights(member))
    assert page.status_code == 302
    assert rights_of(member) == (True, True, 1, 1)


# --- Sessions -----------------------------------------------------------------------------------
def pages_about(session):
    return [SESSIONS, f"{SESSIONS}{session.pk}/change/", f"{SESSIONS}{session.pk}/delete/"]


def test_no_page_shows_a_sessions_key_or_data(office, member):
    session = session_of(signed_in(member))
    for url in pages_about(session):
        response = office.get(url)
        assert response.status_code == 200, url
        page = response.content.decode()
        assert "member" in page
        assert session.session_key not in page
        assert session.session_data not in page


def test_a_session_is_searched_by_whose_it_is_and_not_by_its_key(office, member):
    session = session_of(signed_in(member))
    sessions = lambda query: list(office.get(SESSIONS, {"q": query}).context["cl"].queryset)  # noqa: E731
    assert sessions("member") == [session]
    assert sessions(session.session_key) == []


@pytest.mark.parametrize(
    "lookup",
    [
        f"{SESSIONS}?session_key__startswith=a",
        f"{SESSIONS}?session_data__gt=a",
        f"{PEOPLE}?password__startswith=a",
        "/admin/rooms/invitation/?token__startswith=a",
    ],
)
def test_no_list_is_filtered_by_a_secret_which_that_would_spell_out(office, member, lookup):
    signed_in(member)
    assert office.get(lookup).status_code == 400


def test_a_session_cannot_be_made_or_changed(office, member):
    session = session_of(signed_in(member))
    assert office.get(f"{SESSIONS}add/").status_code == 403
    assert office.post(f"{SESSIONS}{session.pk}/change/", {"address": "x"}).status_code == 403
    assert session_of_pk(session.pk).address == session.address


def session_of_pk(pk):
    return Session.objects.get(pk=pk)


def test_a_deleted_session_is_signed_out(office, member):
    client = signed_in(member)
    assert client.get("/accounts/password/").status_code == 200
    office.post(f"{SESSIONS}{session_of(client).pk}/delete/", {"post": "yes"})
    assert client.get("/accounts/password/").status_code == 302


def test_ones_own_session_can_be_deleted(office):
    response = office.post(f"{SESSIONS}{session_of(office).pk}/delete/", {"post": "yes"})
    assert response.status_code == 302
    assert office.get(PEOPLE).status_code == 302


@pytest.mark.parametrize("url", [PEOPLE, SESSIONS])
def test_the_admin_is_for_staff(client, member, url):
    assert client.get(url).status_code == 302
    assert signed_in(member).get(url).status_code == 302
    assert Client().get(url).status_code == 302


# --- What the list and the page show ------------------------------------------------------------
def sanctioned(user, **fields):
    return Sanction.objects.create(
        user=user, user_name=user.username, kind=Sanction.Kind.MUTE, reason="x", **fields
    )


def reported(user, room, **fields):
    room.last_seq += 1
    message = Message.objects.create(
        room=room, author=user, author_name=user.username, seq=room.last_seq, version=room.last_seq, body="x",
        client_id=uuid4(),
    )  # fmt: skip
    return Report.objects.create(message=message, body="x", reason="x", **fields)


def numbers_of(office, user):
    [row] = [row for row in office.get(PEOPLE).context["cl"].result_list if row == user]
    return row.session_count, row.sanction_count, row.report_count


def test_sessions_sanctions_and_reports_are_counted_each_by_themselves(office, member, outsider, lobby):
    now = timezone.now()
    for _ in range(3):
        signed_in(member)
    sanctioned(member)
    sanctioned(member, until=now + timedelta(hours=1))
    sanctioned(member, until=now - timedelta(hours=1))
    sanctioned(member, lifted_at=now)
    sanctioned(outsider)
    reported(member, lobby)
    reported(member, lobby, resolved_at=now)
    assert numbers_of(office, member) == (3, 2, 1)
    assert numbers_of(office, outsider) == (0, 1, 0)


def test_each_number_leads_to_what_was_counted(office, member, outsider, lobby):
    signed_in(member)
    sanctions, reports = [sanctioned(member)], [reported(member, lobby)]
    sanctioned(member, lifted_at=timezone.now())
    reported(member, lobby, resolved_at=timezone.now())
    sanctioned(outsider)
    reported(outsider, lobby)
    [row] = [row for row in office.get(PEOPLE, {"q": "member"}).context["cl"].result_list if row == member]
    for name, found in (
        ("session_count", list(member.sessions.all())),
        ("sanction_count", sanctions),
        ("report_count", reports),
    ):
        link = re.fullmatch('<a href="(.*)">1</a>', count_of(name, row))
        assert link, name
        assert list(office.get(html.unescape(link[1])).context["cl"].result_list) == found


def test_the_list_of_people_takes_as_many_queries_for_many_as_for_one(office, lobby):
    office.get(PEOPLE)  # what is kept between requests
    with CaptureQueriesContext(connection) as few:
        office.get(PEOPLE)
    for number in range(30):
        each = person(f"person{number}")
        signed_in(each)
        sanctioned(each)
        reported(each, lobby)
    with CaptureQueriesContext(connection) as many:
        assert len(office.get(PEOPLE).context["cl"].result_list) > 30
    assert len(many) == len(few)


def test_who_is_connected_now_is_shown(office, member, monkeypatch):
    monkeypatch.setattr("accounts.admin.people.sockets_in", {user_room(member.pk): 7}.get)
    assert '<td class="field-live_now">7</td>' in office.get(PEOPLE).content.decode()


def test_a_persons_page_shows_sessions_ban_and_where_the_audit_is(office, member):
    signed_in(member)
    Session.objects.filter(user=member).update(agent="Firefox <b>", address="192.0.2.8")
    session = Session.objects.get(user=member)
    User.objects.filter(pk=member.pk).update(banned_until=FOREVER, ban_reason="Flood & more")
    page = office.get(f"{PEOPLE}{member.pk}/change/").content.decode()
    assert f'<a href="{SESSIONS}{session.pk}/change/"><bdi>Firefox &lt;b&gt;</bdi></a>' in page
    assert "192.0.2.8" in page
    assert "until it is lifted: Flood &amp; more" in page
    assert f"/admin/accounts/auditentry/?target_type=user&target_id={member.pk}" in page.replace("&amp;", "&")
    assert session.session_key not in page


@pytest.mark.parametrize(("chosen", "found"), [("1", ["member"]), ("0", ["outsider", "staff"]), ("x", None)])
def test_people_are_filtered_by_whether_they_are_banned_now(office, member, outsider, chosen, found):
    now = timezone.now()
    User.objects.filter(pk=member.pk).update(banned_until=now + timedelta(hours=1))
    User.objects.filter(pk=outsider.pk).update(banned_until=now - timedelta(hours=1))
    people = [user.username for user in office.get(PEOPLE, {"banned": chosen}).context["cl"].queryset]
    assert people == (found or ["member", "outsider", "staff"])


def test_people_are_offered_where_one_is_to_be_chosen(office, member):
    query = {"app_label": "rooms", "model_name": "membership", "field_name": "user", "term": "MEMB"}
    found = office.get("/admin/autocomplete/", query).json()["results"]
    assert [choice["text"] for choice in found] == ["member"]
