"""Who finds what in Django's admin: owners of rooms their own, and what is private only who may read it."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType

from accounts.models import AuditEntry
from accounts.models.audit import Face
from rooms.models import Invitation, Membership, Message, Report, Room, Sanction
from rooms.operations.changing import edit_message
from tests.rooms.conftest import post
from tests.rooms.views.conftest import browser
from tests.support.people import person, room

pytestmark = pytest.mark.django_db

ADMIN = "/admin/rooms/"


def permit(user, *codenames):
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))


@pytest.fixture
def janitor(db):
    """Is staff without a permission, and owns the room shed."""
    return person("janitor", is_staff=True)


@pytest.fixture
def shed(janitor, member):
    return room("shed", owner=janitor, members=(member,), kind=Room.Kind.PRIVATE)


def rows(client, model, **query):
    page = client.get(f"{ADMIN}{model}/", query)
    assert page.status_code == 200
    return {str(row) for row in page.context["cl"].result_list}


def sentence(user, where=None):
    return Sanction.objects.create(kind="mute", user=user, user_name=user.username, room=where, reason="Spam")


# --- Owners -------------------------------------------------------------------------------------
def test_staff_who_own_rooms_find_those_and_what_is_in_them(janitor, owner, member, shed, lobby, den):
    janitors, lobbys = post(janitor, shed, "Mine"), post(owner, lobby, "Theirs")
    Membership.objects.create(room=lobby, user=janitor)  # to belong somewhere is not to own it
    for where in (shed, lobby, None):
        sentence(member, where)
    for said in (janitors, lobbys):
        Report.objects.create(message=said, body=said.body, reporter=member, reporter_name="member")
    client = browser(janitor)
    assert rows(client, "room") == {"Shed"}
    assert rows(client, "membership") == {"janitor in Shed", "member in Shed"}
    assert rows(client, "message") == {"#1 in Shed"}
    assert rows(client, "sanction") == {"Mute of member in Shed"}
    # It says who reported, and may be about them.
    assert client.get(f"{ADMIN}report/").status_code == 403
    assert client.get(f"{ADMIN}report/{Report.objects.get(message=janitors).pk}/change/").status_code == 403
    assert rows(client, "room", q="lobby") == set()
    assert "Rooms" in client.get("/admin/").content.decode()


def test_they_do_not_bring_everybody_into_their_rooms(janitor, outsider, staff):
    yard = room("yard", owner=janitor)
    form = {
        "name": "Yard", "kind": "public", "everyone": "on", "slow_mode": "30",
        "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0",
    }  # fmt: skip
    browser(janitor).post(f"{ADMIN}room/{yard.pk}/change/", form)
    yard.refresh_from_db()
    assert (yard.slow_mode, yard.everyone) == (30, False)
    browser(staff).post(f"{ADMIN}room/{yard.pk}/change/", form)
    yard.refresh_from_db()
    assert yard.everyone


def test_what_they_do_not_find_they_do_not_open_or_change(janitor, owner, member, shed, lobby):
    said = post(owner, lobby, "Theirs")
    place = Membership.objects.get(room=lobby, user=member)
    client = browser(janitor)
    for path in (f"room/{lobby.pk}", f"message/{said.pk}", f"membership/{place.pk}"):
        assert client.get(f"{ADMIN}{path}/change/").status_code == 302
        assert client.post(f"{ADMIN}{path}/change/", {"name": "Mine"}).status_code in {302, 403}
    form = {"action": "archive", "_selected_action": [lobby.pk, shed.pk], "confirmed": "yes"}
    client.post(f"{ADMIN}room/", form)
    assert set(Room.objects.filter(archived=True)) == {shed}
    removal = {"action": "remove", "_selected_action": [place.pk], "confirmed": "yes"}
    client.post(f"{ADMIN}membership/", removal)
    assert Membership.objects.filter(pk=place.pk).exists()


def test_they_change_their_own_room(janitor, member, shed):
    page = browser(janitor).get(f"{ADMIN}room/{shed.pk}/change/")
    assert page.status_code == 200
    form = {
        "name": "Tools", "kind": "private", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert browser(janitor).post(f"{ADMIN}room/{shed.pk}/change/", form).status_code == 302
    assert Room.objects.get(pk=shed.pk).name == "Tools"
    assert browser(janitor).get(f"{ADMIN}room/add/").status_code == 403


def test_staff_who_own_nothing_and_may_nothing_find_nothing(lobby):
    nobody = person("nobody", is_staff=True)
    for model in ("room", "membership", "message", "sanction", "report"):
        assert browser(nobody).get(f"{ADMIN}{model}/").status_code == 403
    assert "Rooms" not in browser(nobody).get("/admin/").content.decode().replace("Rooms and people", "")


def test_whoever_moderates_finds_all_public_rooms_and_changes_them(lobby, den, shed):
    moderator = person("moderator", is_staff=True)
    permit(moderator, "moderate_rooms")
    client = browser(moderator)
    assert rows(client, "room") == {"Lobby"}
    form = {"action": "close", "_selected_action": [lobby.pk, den.pk], "confirmed": "yes"}
    client.post(f"{ADMIN}room/", form)
    assert set(Room.objects.filter(read_only=True)) == {lobby}


def test_whoever_may_only_look_at_rooms_changes_none(staff, lobby):
    permit(staff, "view_room", "view_membership")
    client = browser(staff)
    assert rows(client, "room") == {"Lobby"}
    place = lobby.memberships.first()
    for model, action, pk in (("room", "archive", lobby.pk), ("membership", "remove", place.pk)):
        client.post(f"{ADMIN}{model}/", {"action": action, "_selected_action": [pk], "confirmed": "yes"})
    assert not Room.objects.get(pk=lobby.pk).archived
    assert Membership.objects.filter(pk=place.pk).exists()


# --- Private rooms ------------------------------------------------------------------------------
def test_private_rooms_are_listed_for_who_may_view_them(staff, owner, member, den):
    post(owner, den, "Whispers")
    sentence(member, den)
    for model in ("room", "membership", "message", "sanction"):
        assert rows(browser(staff), model)
    staff.user_permissions.remove(Permission.objects.get(codename="view_private_rooms"))
    for model in ("room", "membership", "message", "sanction"):
        assert not [row for row in rows(browser(staff), model) if "Den" in row]
    Membership.objects.create(room=den, user=staff)
    assert "Den" in rows(browser(staff), "room")


def test_a_private_message_is_read_on_its_own_page_only_and_that_is_recorded(staff, owner, lobby, den):
    secret, said = post(owner, den, "Whispers of roses"), post(owner, lobby, "Loud words")
    client = browser(staff)
    listed = client.get(f"{ADMIN}message/").content.decode()
    assert "Loud words" in listed
    assert "Whispers" not in listed
    assert client.get(f"{ADMIN}message/{said.pk}/change/").status_code == 200
    assert not AuditEntry.objects.exists()
    assert "Whispers of roses" in client.get(f"{ADMIN}message/{secret.pk}/change/").content.decode()
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.actor_id, entry.room_id) == ("read_message", staff.pk, den.pk)
    assert (entry.target_type, entry.target_id, entry.face) == ("message", str(secret.pk), Face.ADMIN)
    assert "Whispers" not in str(entry.before) + str(entry.after) + entry.target_name


def test_a_member_of_a_private_room_reads_there_without_a_record(staff, owner, den):
    Membership.objects.create(room=den, user=staff)
    secret = post(owner, den, "Whispers")
    client = browser(staff)
    assert "Whispers" in client.get(f"{ADMIN}message/").content.decode()
    assert "Whispers" in client.get(f"{ADMIN}message/{secret.pk}/change/").content.decode()
    assert not AuditEntry.objects.exists()


def test_searching_does_not_tell_what_private_messages_say(staff, owner, lobby, den):
    post(owner, den, "Whispers of roses")
    post(owner, lobby, "Roses for all")
    client = browser(staff)
    assert rows(client, "message", q="roses") == {"#1 in Lobby"}
    assert rows(client, "message", q="owner") == {"#1 in Lobby", "#1 in Den"}
    assert rows(client, "message", q="den") == {"#1 in Den"}
    assert rows(client, "message", q="whispers den") == set()
    Membership.objects.create(room=den, user=staff)
    assert rows(client, "message", q="roses") == {"#1 in Lobby", "#1 in Den"}


def test_a_report_of_a_private_message_is_read_on_a_page_that_is_recorded(staff, owner, member, den):
    secret = post(owner, den, "Whispers")
    report = Report.objects.create(
        message=secret, body="Whispers", reporter=member, reporter_name="member", reason="Rude"
    )
    client = browser(staff)
    listed = client.get(f"{ADMIN}report/").content.decode()
    assert "Rude" in listed
    assert "Whispers" not in listed
    assert f'href="/staff/#reports/{report.pk}"' in listed
    assert "Whispers" in client.get(f"{ADMIN}report/{report.pk}/change/").content.decode()
    assert AuditEntry.objects.get().action == "read_message"


def test_of_a_refused_page_nothing_is_recorded(staff, owner, den):
    secret = post(owner, den, "Whispers")
    edit_message(person=owner, message=secret.pk, body="Loud")
    assert browser(staff).post(f"{ADMIN}message/{secret.pk}/change/", {"body": "Mine"}).status_code == 403
    permit(staff, "view_message")
    assert browser(staff).get(f"{ADMIN}message/{secret.pk}/change/").status_code == 302
    assert not AuditEntry.objects.exists()
    assert Message.objects.get().revisions.count() == 1


def test_no_way_round_the_lists_tells_the_name_of_a_private_room_or_the_link_of_an_invitation(
    janitor, owner, den
):
    client = browser(janitor)
    for thing in (den, Invitation.objects.create(created_by=owner)):
        kind = ContentType.objects.get_for_model(thing)
        answer = client.get(f"/admin/r/{kind.pk}/{thing.pk}/")
        assert answer.status_code == 410
        assert "Location" not in answer
