"""Reports: who points out what, what staff see of it, and what becomes of the message."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import AuditEntry, User
from chatproject.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from rooms.models import Message, Report, Room, Sanction
from rooms.operations.changing import edit_message
from rooms.operations.deleting import delete_message
from rooms.operations.reports import list_reports, read_report, report_message, resolve_report
from rooms.operations.rooms import change_room
from tests.support.people import person, room

from .conftest import at_once, post, post_many

pytestmark = pytest.mark.django_db


def take(user, codename):
    user.user_permissions.remove(Permission.objects.get(codename=codename))


def audited():
    return list(
        AuditEntry.objects.order_by("number").values_list("actor_name", "action", "room_id", "reason")
    )


@pytest.fixture
def said(owner, lobby):
    """A message of the owner's in lobby."""
    return post(owner, lobby, "Rubbish")


@pytest.fixture
def secret(owner, den):
    """The third of five messages of the owner's in den."""
    return post_many(owner, den, 5)[2]


# --- Reporting ----------------------------------------------------------------------------------
def test_a_report_keeps_what_the_message_said(owner, member, said):
    report = report_message(person=member, message=said.pk, reason=" Spam ")
    edit_message(person=owner, message=said.pk, body="Nothing")
    report.refresh_from_db()
    assert (report.body, report.reason, report.reporter, report.resolved_at) == (
        "Rubbish",
        "Spam",
        member,
        None,
    )
    assert audited() == []


def test_saying_it_again_adds_nothing_while_the_report_is_open(member, outsider, staff, said):
    first = report_message(person=member, message=said.pk, reason="Spam")
    assert report_message(person=member, message=said.pk, reason="Still spam") == first
    assert report_message(person=outsider, message=said.pk, reason="Spam") != first
    resolve_report(by=staff, report=first.pk, action="dismiss", reason="It is not")
    assert report_message(person=member, message=said.pk, reason="It is!") != first
    assert Report.objects.count() == 3


@pytest.mark.parametrize("reason", ["", " \n", "x" * 501, "a\0", "\u202e"])
def test_a_report_needs_a_reason(member, said, reason):
    with pytest.raises(Invalid) as error:
        report_message(person=member, message=said.pk, reason=reason)
    assert error.value.details["fields"].keys() == {"reason"}
    assert not Report.objects.exists()


def test_who_may_not_report(owner, guest, outsider, said, secret):
    for who, message, error in [
        (guest, said, Unauthenticated),
        (owner, said, Invalid),
        (outsider, secret, NotFound),
    ]:
        with pytest.raises(error):
            report_message(person=who, message=message.pk, reason="Spam")
    with pytest.raises(NotFound):
        report_message(person=owner, message=10**12, reason="Spam")
    delete_message(person=owner, message=said.pk)
    with pytest.raises(Conflict):
        report_message(person=outsider, message=said.pk, reason="Spam")
    assert not Report.objects.exists()


# --- Reading ------------------------------------------------------------------------------------
def test_reports_are_listed_newest_first_in_pages(member, staff, owner, lobby, monkeypatch):
    monkeypatch.setattr("rooms.operations.reports.PAGE", 2)
    made = [
        report_message(person=member, message=each.pk, reason="Spam") for each in post_many(owner, lobby, 5)
    ]
    resolve_report(by=staff, report=made[0].pk, action="dismiss", reason="Fine")
    found, cursor = [], None
    while True:
        page, cursor = list_reports(by=staff, cursor=cursor)
        found += page
        if cursor is None:
            break
    assert found == made[:0:-1]
    assert list_reports(by=staff, are_open=False) == ([made[0]], None)


def test_a_page_of_reports_takes_as_many_queries_for_many_as_for_one(
    member, outsider, staff, owner, lobby, django_assert_num_queries
):
    def take_queries():
        with django_assert_num_queries(queries):
            list_reports(by=staff)

    queries = 5  # the staff person, two for the permission, the reports with their people, messages …
    queries += 1  # … and their reactions
    for message in post_many(owner, lobby, 3):
        report_message(person=member, message=message.pk, reason="Spam")
        report_message(person=outsider, message=message.pk, reason="Spam")
        take_queries()


def test_a_report_is_read_with_what_was_said_around_it(member, staff, owner, lobby):
    messages = post_many(owner, lobby, 50)
    report = report_message(person=member, message=messages[24].pk, reason="Spam")
    found, around = read_report(by=staff, report=report.pk)
    assert found == report
    assert [message.seq for message in around] == list(range(15, 35))
    assert audited() == []


def test_around_a_message_of_a_private_room_nothing_is_seen_without_the_permission(member, staff, secret):
    report = report_message(person=member, message=secret.pk, reason="Spam")
    take(staff, "view_private_rooms")
    found, around = read_report(by=staff, report=report.pk)
    assert (found, around) == (report, [secret])
    assert audited() == []


def test_a_look_into_a_private_room_is_audited(member, staff, den, secret):
    report = report_message(person=member, message=secret.pk, reason="Spam")
    assert len(read_report(by=staff, report=report.pk)[1]) == 5
    assert audited() == [("staff", "read_report", den.pk, "")]


def test_reports_are_for_who_moderates(member, staff, outsider, said):
    report = report_message(person=member, message=said.pk, reason="Spam")
    take(staff, "moderate_rooms")
    for who in (staff, outsider, member):
        for call in (
            lambda by: list_reports(by=by),
            lambda by: read_report(by=by, report=report.pk),
            lambda by: resolve_report(by=by, report=report.pk, action="dismiss", reason="No"),
        ):
            with pytest.raises(Forbidden):
                call(who)
    report.refresh_from_db()
    assert report.resolved_at is None


def test_a_report_that_is_none_is_not_found(staff):
    with pytest.raises(NotFound):
        read_report(by=staff, report=10**12)
    with pytest.raises(NotFound):
        resolve_report(by=staff, report=10**12, action="dismiss", reason="No")


# --- Resolving ----------------------------------------------------------------------------------
def test_all_open_reports_of_the_message_are_resolved_together(member, outsider, staff, owner, lobby, said):
    other = report_message(person=member, message=post(owner, lobby).pk, reason="Spam")
    reports = [report_message(person=who, message=said.pk, reason="Spam") for who in (member, outsider)]
    resolved = resolve_report(by=staff, report=reports[1].pk, action="delete_message", reason="It is spam")
    assert resolved == reports[1]
    for each in reports:
        each.refresh_from_db()
        assert each.resolved_at
        assert (each.resolved_by, each.action, each.resolution) == (staff, "delete_message", "It is spam")
    other.refresh_from_db()
    assert other.resolved_at is None
    assert Message.objects.get(pk=said.pk).deleted_at
    assert audited()[-1] == ("staff", "resolve_report", lobby.pk, "It is spam")
    assert AuditEntry.objects.latest("number").after == {
        "action": "delete_message",
        "message": said.pk,
        "reports": [report.pk for report in reports[::-1]],
    }


def test_a_report_is_resolved_once(member, staff, said):
    report = report_message(person=member, message=said.pk, reason="Spam")
    resolve_report(by=staff, report=report.pk, action="dismiss", reason="Fine")
    with pytest.raises(Conflict):
        resolve_report(by=staff, report=report.pk, action="delete_message", reason="Not fine")
    assert not Message.objects.get(pk=said.pk).deleted_at
    assert len(audited()) == 1


def test_the_author_is_muted_in_the_room(member, owner, staff, lobby, said):
    report = report_message(person=member, message=said.pk, reason="Spam")
    until = timezone.now() + timedelta(hours=1)
    resolve_report(by=staff, report=report.pk, action="mute_user", reason="Spam", until=until)
    mute = Sanction.objects.get()
    assert (mute.kind, mute.user, mute.room, mute.until) == ("mute", owner, lobby, until)
    assert [action for _, action, _, _ in audited()] == ["mute_user", "resolve_report"]


def test_the_author_is_banned_from_everywhere_by_who_may(member, owner, staff, lobby, said):
    report = report_message(person=member, message=said.pk, reason="Spam")
    take(staff, "ban_users")
    with pytest.raises(Forbidden):
        resolve_report(by=staff, report=report.pk, action="ban_user", reason="Spam")
    report.refresh_from_db()
    assert report.resolved_at is None
    staff.user_permissions.add(Permission.objects.get(codename="ban_users"))
    resolve_report(by=staff, report=report.pk, action="ban_user", reason="Spam")
    ban = Sanction.objects.get()
    assert (ban.kind, ban.user, ban.room, ban.until) == ("ban", owner, None, None)


def test_the_author_is_removed_from_the_room(member, owner, staff):
    club = room("club", owner=owner, members=(member,))
    report = report_message(person=owner, message=post(member, club).pk, reason="Spam")
    resolve_report(by=staff, report=report.pk, action="remove_member", reason="Spam")
    assert not club.memberships.filter(user=member).exists()
    assert audited()[0] == ("staff", "remove_member", club.pk, "Spam")


@pytest.mark.parametrize("action", ["mute_user", "remove_member", "ban_user"])
def test_a_guest_has_no_account_to_act_on(member, guest, staff, lobby, action):
    report = report_message(person=member, message=post(guest, lobby).pk, reason="Spam")
    with pytest.raises(Invalid) as error:
        resolve_report(by=staff, report=report.pk, action=action, reason="Spam")
    assert error.value.details["fields"].keys() == {"action"}
    assert audited() == []


def test_nobody_is_muted_by_who_does_not_stand_above_them(member, owner, staff, said):
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    report = report_message(person=member, message=said.pk, reason="Spam")
    with pytest.raises(Forbidden):
        resolve_report(by=staff, report=report.pk, action="mute_user", reason="Spam")
    report.refresh_from_db()
    assert report.resolved_at is None
    assert not Sanction.objects.exists()


@pytest.mark.parametrize(
    ("action", "reason", "field"), [("shout", "Spam", "action"), ("dismiss", "", "reason")]
)
def test_what_is_no_resolution_changes_nothing(member, staff, said, action, reason, field):
    report = report_message(person=member, message=said.pk, reason="Spam")
    with pytest.raises(Invalid) as error:
        resolve_report(by=staff, report=report.pk, action=action, reason=reason)
    assert error.value.details["fields"].keys() == {field}
    report.refresh_from_db()
    assert report.resolved_at is None


@pytest.mark.django_db(transaction=True)
def test_of_two_who_resolve_it_at_once_one_does(member, staff, lobby, said):
    report = report_message(person=member, message=said.pk, reason="Spam")
    other = person("other", is_staff=True, is_superuser=True)
    outcomes = at_once(
        *(
            partial(resolve_report, by=who, report=report.pk, action="delete_message", reason="Spam")
            for who in (staff, other)
        )
    )
    assert {type(outcome) for outcome in outcomes} == {Conflict, Report}
    report.refresh_from_db()
    [winner] = [outcome for outcome in outcomes if isinstance(outcome, Report)]
    assert report.resolved_by == winner.resolved_by
    resolved = AuditEntry.objects.filter(action="resolve_report")
    assert [entry.actor_id for entry in resolved] == [report.resolved_by_id]


def test_in_a_private_room_who_may_not_see_it_can_only_dismiss(member, staff, secret):
    report = report_message(person=member, message=secret.pk, reason="Spam")
    take(staff, "view_private_rooms")
    with pytest.raises(Forbidden):
        resolve_report(by=staff, report=report.pk, action="delete_message", reason="Spam")
    assert not Message.objects.get(pk=secret.pk).deleted_at
    assert resolve_report(by=staff, report=report.pk, action="dismiss", reason="Fine") == report


def test_a_report_outlives_the_people_and_the_kind_of_the_room(member, owner, staff, lobby, said):
    report = report_message(person=member, message=said.pk, reason="Spam")
    change_room(lobby, person=None, everyone=False)
    change_room(lobby, person=None, kind=Room.Kind.PRIVATE)
    member.delete()
    report.refresh_from_db()
    assert (report.reporter, report.reporter_name) == (None, "member")
    assert read_report(by=staff, report=report.pk)[0] == report
