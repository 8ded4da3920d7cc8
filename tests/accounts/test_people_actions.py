"""What staff do to several people at once, and to owners."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission

from accounts.models import AuditEntry, Session, User
from accounts.operations import set_active, sign_out
from accounts.reasons import Reason
from chatproject.errors import Conflict, Forbidden, Invalid
from rooms.models.sanction import Sanction
from tests.rooms.conftest import at_once
from tests.support.people import person

from .conftest import ended, signed_in, sockets_of

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def office(staff):
    return signed_in(staff)


@pytest.fixture
def boss(db):
    """The only owner."""
    return person("boss", is_superuser=True, is_staff=True)


@pytest.fixture
def colleague(db):
    return person("colleague", is_staff=True)


@pytest.fixture
def top(boss):
    """The owner's browser."""
    return signed_in(boss)


# --- Several at once ----------------------------------------------------------------------------
def act(browser, action, *people, **form):
    chosen = {"action": action, "_selected_action": [user.pk for user in people]}
    return browser.post(PEOPLE, chosen | form)


def acted(browser, action, *people, **form):
    return act(browser, action, *people, confirmed="yes", **form)


def is_active(user):
    return User.objects.get(pk=user.pk).is_active


def audited():
    return [(entry.action, entry.target_name) for entry in AuditEntry.objects.order_by("number")]


def test_before_people_are_deactivated_a_page_says_what_will_happen(office, member, outsider, monkeypatch):
    monkeypatch.setattr("accounts.admin.people_actions.sockets_in", lambda rooms: 5 * len(rooms))
    signed_in(member)
    page = act(office, "deactivate", member, outsider).content.decode()
    assert "Deactivate the accounts of 2 people?" in page
    assert "1 session will end, and 10 live connections close." in page
    assert "<bdi>member</bdi>" in page
    assert is_active(member) and is_active(outsider)
    assert audited() == []


def test_who_is_deactivated_is_signed_out_and_can_be_activated_again(office, member, outsider, published):
    browser = signed_in(member)
    published.clear()
    acted(office, "deactivate", member, reason="On leave")
    assert not is_active(member)
    assert AuditEntry.objects.get().reason == "On leave"
    assert browser.get("/accounts/password/").status_code == 302
    assert published.in_chat() == [ended(sockets_of(member), Reason.DEACTIVATED)]
    assert is_active(outsider)
    acted(office, "activate", member)
    assert is_active(member)
    assert audited() == [("deactivate_user", "member"), ("activate_user", "member")]
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == ["Deactivated", "Activated"]


def test_people_are_signed_out_everywhere(office, member, outsider, published):
    browsers = [signed_in(member), signed_in(member), signed_in(outsider)]
    assert "2 sessions will end" in act(office, "sign_out_everywhere", member).content.decode()
    published.clear()
    acted(office, "sign_out_everywhere", member)
    statuses = [browser.get("/accounts/password/").status_code for browser in browsers]
    assert statuses == [302, 302, 200]
    assert published == [ended(sockets_of(member), Reason.REVOKED)]
    assert audited() == [("sign_out_user", "member")]


def test_staff_sign_themselves_out_everywhere(office, staff):
    acted(office, "sign_out_everywhere", staff)
    assert office.get(PEOPLE).status_code == 302


@pytest.mark.parametrize("action", ["deactivate", "sign_out_everywhere"])
@pytest.mark.parametrize("who", ["boss", "colleague"])
def test_staff_do_that_to_nobody_of_the_staff(office, request, member, action, who):
    user = request.getfixturevalue(who)
    signed_in(user)
    page = act(office, action, user, member).content.decode()
    assert f"Left as they are, since you may not do this to them: {who}." in page
    acted(office, action, user, member)
    assert is_active(user)
    assert Session.objects.filter(user=user).exists()
    assert {name for _, name in audited()} == {"member"}


def test_nobody_deactivates_themselves(office, staff):
    page = act(office, "deactivate", staff).content.decode()
    assert "Nobody is left to do this to" in page
    assert 'type="submit" value="Deactivate"' not in page
    acted(office, "deactivate", staff)
    assert is_active(staff)
    assert audited() == []


def test_the_operations_refuse_what_the_pages_do_not_offer(staff, colleague, member):
    with pytest.raises(Invalid):
        set_active(by=staff, users=[staff.pk], active=False)
    for refused in (
        lambda: set_active(by=staff, users=[colleague.pk], active=False),
        lambda: sign_out(by=staff, users=[colleague.pk]),
    ):
        with pytest.raises(Forbidden):
            refused()
    assert is_active(staff) and is_active(colleague)
    assert audited() == []


def test_who_may_only_look_at_people_is_offered_no_action(member):
    porter = person("porter", is_staff=True)
    porter.user_permissions.add(Permission.objects.get(codename="view_user"))
    browser = signed_in(porter)
    assert "Deactivate" not in browser.get(PEOPLE).content.decode()
    acted(browser, "deactivate", member)
    assert is_active(member)


# --- Owners -------------------------------------------------------------------------------------
def test_owners_take_their_own_standing_away_by_no_form(top, boss):
    page = f"{PEOPLE}{boss.pk}/"
    assert top.post(f"{page}change/", {"username": "boss", "display_name": "Boss"}).status_code == 302
    boss.refresh_from_db()
    assert (boss.display_name, boss.is_active, boss.is_staff, boss.is_superuser) == ("Boss", True, True, True)
    assert top.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": boss.pk, "post": "yes"}
    assert top.post(PEOPLE, form).status_code == 403
    assert User.objects.owners().get() == boss


def test_an_owner_takes_another_owners_place_away(top, staff):
    User.objects.filter(pk=staff.pk).update(is_superuser=True)
    form = {"username": "staff", "is_active": "on"}
    assert top.post(f"{PEOPLE}{staff.pk}/change/", form).status_code == 302
    staff.refresh_from_db()
    assert (staff.is_staff, staff.is_superuser) == (False, False)


ENDINGS = {
    "demoted": (lambda pk: f"{PEOPLE}{pk}/change/", {"username": "staff", "is_active": "on"}),
    "deactivated": (lambda pk: f"{PEOPLE}{pk}/change/", {"username": "staff", "is_superuser": "on"}),
    "deleted": (lambda pk: f"{PEOPLE}{pk}/delete/", {"post": "yes"}),
    "deleted with others": (lambda pk: PEOPLE, {"action": "delete_selected", "post": "yes"}),
    "deactivated with others": (lambda pk: PEOPLE, {"action": "deactivate", "confirmed": "yes"}),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_the_last_owner_is_neither_demoted_deactivated_nor_deleted(top, boss, staff, how, monkeypatch):
    """As it would be if the owner who does it were demoted in the same moment."""
    User.objects.filter(pk=staff.pk).update(is_superuser=True)
    User.objects.filter(pk=boss.pk).update(is_active=False)
    monkeypatch.setattr("django.contrib.auth.backends.ModelBackend.user_can_authenticate", lambda *_: True)
    monkeypatch.setattr(User, "has_perm", lambda *_: True)
    monkeypatch.setattr("django.contrib.admin.AdminSite.has_permission", lambda *_: True)
    url, form = ENDINGS[how]
    page = top.post(url(staff.pk), form | {"_selected_action": staff.pk}, follow=True)
    assert "Nobody would be left who may do everything here." in page.content.decode()
    staff.refresh_from_db()
    assert (staff.is_active, staff.is_superuser) == (True, True)
    assert audited() == []


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_deactivate_each_other_at_once_leave_one(staff, colleague):
    User.objects.update(is_superuser=True)
    staff.refresh_from_db()
    colleague.refresh_from_db()
    outcomes = at_once(
        lambda: set_active(by=staff, users=[colleague.pk], active=False),
        lambda: set_active(by=colleague, users=[staff.pk], active=False),
    )
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [Conflict]
    assert User.objects.owners().filter(is_active=True).count() == 1
    assert [action for action, _ in audited()] == ["deactivate_user"]


def test_a_person_with_sanctions_can_be_deleted(office, member):
    Sanction.objects.create(user=member, user_name="member", kind=Sanction.Kind.MUTE, reason="x")
    assert office.post(f"{PEOPLE}{member.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=member.pk).exists()
