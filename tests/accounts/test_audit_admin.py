import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission

from accounts.audit import verify
from accounts.models import AuditEntry, Session, User
from accounts.models.audit import Face
from tests.support.server import PASSWORD

from .conftest import session_of, signed_in

pytestmark = pytest.mark.django_db

PEOPLE, SESSIONS, GROUPS = "/admin/accounts/user/", "/admin/accounts/session/", "/admin/auth/group/"


@pytest.fixture
def office(staff):
    return signed_in(staff)


@pytest.fixture
def boss(db):
    return User.objects.create(username="boss", is_superuser=True, is_staff=True)


def entry(action):
    """The one entry there is, which is of this action; the chain holds."""
    [found] = AuditEntry.objects.all()
    assert found.action == action
    assert verify().faults == []
    return found


def everything():
    return json.dumps(list(AuditEntry.objects.values()), default=str)


# --- What the admin site changes is recorded ----------------------------------------------------
def test_a_changed_person_is_recorded_with_the_values_before_and_after(office, staff, member):
    form = {"username": "member", "display_name": "Mem", "is_bot": "on", "is_active": "on"}
    office.post(f"{PEOPLE}{member.pk}/change/", form, REMOTE_ADDR="192.0.2.1")
    found = entry("change_user")
    assert (found.before, found.after) == (
        {"display_name": "", "is_bot": False},
        {"display_name": "Mem", "is_bot": True},
    )
    assert (found.actor_id, found.target_type, found.target_id) == (staff.pk, "user", str(member.pk))
    assert (found.face, found.address) == (Face.ADMIN, "192.0.2.1")
    assert LogEntry.objects.get().object_id == str(member.pk)


def test_what_is_saved_unchanged_or_refused_is_not_recorded(office, member, outsider):
    form = {"username": "member", "is_active": "on"}
    assert office.post(f"{PEOPLE}{member.pk}/change/", form).status_code == 302
    assert office.post(f"{PEOPLE}{member.pk}/change/", form | {"username": "outsider"}).status_code == 200
    assert not AuditEntry.objects.exists()


def test_a_person_who_is_added_is_recorded_without_the_password(office):
    form = {"username": "nina", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    office.post(f"{PEOPLE}add/", form | {"email": "nina@example.org"})
    found = entry("add_user")
    assert found.after == {"username": "nina", "email": "nina@example.org", "password": "changed"}
    assert PASSWORD not in everything()


@pytest.mark.parametrize(
    "form",
    [
        {"usable_password": "true", "password1": "another-Passw0rd", "password2": "another-Passw0rd"},
        {"usable_password": "false", "unset-password": "unset"},
    ],
)
def test_a_changed_password_is_recorded_as_changed(office, member, form):
    office.post(f"{PEOPLE}{member.pk}/password/", form)
    assert entry("change_user").after == {"password": "changed"}
    old, new = member.password, User.objects.get(pk=member.pk).password
    assert old != new
    assert not any(secret in everything() for secret in (old, new, "another-Passw0rd"))


def test_changed_rights_are_recorded_by_name(boss, member):
    moderators, others = Group.objects.get(name="Moderators"), Group.objects.create(name="Others")
    member.groups.add(others)
    view = Permission.objects.get(codename="view_session")
    form = {"username": "member", "is_active": "on", "is_staff": "on"}
    rights = {"groups": [moderators.pk, others.pk], "user_permissions": [view.pk]}
    signed_in(boss).post(f"{PEOPLE}{member.pk}/change/", form | rights)
    found = entry("change_user")
    other = {"id": others.pk, "name": "Others"}
    assert found.before == {"is_staff": False, "groups": [other], "user_permissions": []}
    assert found.after == {
        "is_staff": True,
        "groups": [{"id": moderators.pk, "name": "Moderators"}, other],
        "user_permissions": [{"id": view.pk, "name": str(view)}],
    }


def test_a_deleted_person_is_recorded_with_what_the_account_was(office, member):
    member.email = "member@example.org"
    member.save()
    pk = member.pk
    office.post(f"{PEOPLE}{pk}/delete/", {"post": "yes"})
    found = entry("delete_user")
    assert (found.target_id, found.target_name) == (str(pk), "member")
    assert found.before["email"] == "member@example.org"
    assert member.password not in everything()


def test_people_who_are_deleted_together_are_an_entry_each(office, member, outsider):
    form = {"action": "delete_selected", "_selected_action": [member.pk, outsider.pk], "post": "yes"}
    office.post(PEOPLE, form)
    found = AuditEntry.objects.filter(action="delete_user").values_list("target_name", flat=True)
    assert sorted(found) == ["member", "outsider"]
    assert verify().faults == []


def test_a_deleted_session_is_recorded_without_its_key(office, member):
    session = session_of(signed_in(member))
    office.post(f"{SESSIONS}{session.pk}/delete/", {"post": "yes"})
    found = entry("delete_session")
    assert (found.target_id, found.before["user"]) == (session.pk, member.pk)
    assert session.session_key not in everything()
    assert session.session_data not in everything()


def test_of_what_fails_nothing_is_recorded(office, member, monkeypatch):
    def failing(**_):
        raise ZeroDivisionError

    monkeypatch.setattr("accounts.signals.operations.user_deleted", failing)
    with pytest.raises(ZeroDivisionError):
        office.post(f"{PEOPLE}{member.pk}/delete/", {"post": "yes"})
    assert User.objects.filter(pk=member.pk).exists()
    assert not AuditEntry.objects.exists()


# --- Whose sessions, whose groups ---------------------------------------------------------------
def test_staff_sign_out_no_superuser_and_superusers_anybody(office, boss, staff):
    session = session_of(signed_in(boss))
    forms = [
        (f"{SESSIONS}{session.pk}/delete/", {"post": "yes"}),
        (SESSIONS, {"action": "delete_selected", "_selected_action": session.pk, "post": "yes"}),
    ]
    for url, form in forms:
        assert office.post(url, form).status_code == 403
    assert Session.objects.filter(pk=session.pk).exists()
    theirs = session_of(office)
    assert signed_in(boss).post(f"{SESSIONS}{theirs.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Session.objects.filter(pk=theirs.pk).exists()


def test_a_changed_group_is_recorded(boss):
    group = Group.objects.create(name="Helpers")
    permission = Permission.objects.get(codename="view_session")
    form = {"name": "Aids", "permissions": [permission.pk]}
    signed_in(boss).post(f"{GROUPS}{group.pk}/change/", form)
    found = entry("change_group")
    assert found.before == {"name": "Helpers", "permissions": []}
    assert found.after == {"name": "Aids", "permissions": [{"id": permission.pk, "name": str(permission)}]}


def test_groups_are_changed_by_superusers_only(office, staff):
    staff.user_permissions.add(*Permission.objects.filter(content_type__model="group"))
    group = Group.objects.get(name="Moderators")
    assert office.get(f"{GROUPS}{group.pk}/change/").status_code == 200
    for url in (f"{GROUPS}add/", f"{GROUPS}{group.pk}/change/", f"{GROUPS}{group.pk}/delete/"):
        assert office.post(url, {"name": "Everything", "post": "yes"}).status_code == 403
    assert not AuditEntry.objects.exists()
