"""Deleting messages in Django's admin, and rooms that are cleared there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit import verify
from accounts.models import AuditEntry
from chatproject.sockets.database import in_database
from rooms.models import Deletion, Membership, Message
from tests.rooms.conftest import nobody_hears, post, say
from tests.rooms.test_admin_actions import act, told
from tests.rooms.views.conftest import browser
from tests.support.people import person, room

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(staff):
    return browser(staff)


def actions():
    assert verify().faults == []
    return list(AuditEntry.objects.order_by("number").values_list("action", flat=True))


def bodies():
    return list(Message.objects.order_by("pk").values_list("body", flat=True))


def test_messages_are_deleted_together_after_a_page_that_says_so(office, owner, lobby, den):
    said = [post(owner, where, f"Words in {where}") for where in (lobby, den)]
    page = act(office, "message", "delete_messages", *said, confirmed=False).content.decode()
    assert "2 messages in 2 rooms, 0 live sockets." in page
    assert bodies() == ["Words in Lobby", "Words in Den"]
    act(office, "message", "delete_messages", *said, reason="Spam")
    assert bodies() == ["", ""]
    assert actions() == ["delete_message", "delete_message"]
    assert set(AuditEntry.objects.values_list("reason", flat=True)) == {"Spam"}
    page = act(office, "message", "delete_messages", *said)
    assert "All of these messages are deleted already" in page.content.decode()


def test_within_a_minute_they_come_back(office, owner, lobby, den):
    said = [post(owner, where, "Words") for where in (lobby, den)]
    act(office, "message", "delete_messages", *said)
    answer = act(office, "message", "undo", *said)
    assert told(answer, office) == [
        "Deleted 2 messages. For a minute this can be undone here.", "Brought back 2 messages.",
    ]  # fmt: skip
    assert bodies() == ["Words", "Words"]


def test_after_a_minute_none_of_them_comes_back(office, owner, lobby, den):
    said = [post(owner, where, "Words") for where in (lobby, den)]
    act(office, "message", "delete_messages", *said)
    Deletion.objects.filter(room=den).update(at=timezone.now() - timedelta(minutes=2))
    answer = act(office, "message", "undo", *said)
    assert "It is too late to undo this." in told(answer, office)
    assert bodies() == ["", ""]


def test_what_somebody_above_said_is_not_deleted(office, member, lobby):
    boss = person("boss", is_staff=True, is_superuser=True)
    Membership.objects.create(room=lobby, user=boss)
    said = [post(member, lobby, "Words"), post(boss, lobby, "Orders")]
    answer = act(office, "message", "delete_messages", *said)
    assert told(answer, office) == ["You may not do this to somebody of your own standing or above."]
    assert bodies() == ["Words", "Orders"]
    assert actions() == []


def test_owners_delete_in_their_own_rooms_only(member, owner, lobby):
    janitor = person("janitor", is_staff=True)
    shed = room("shed", owner=janitor, members=(member,))
    said = [post(member, shed, "Mine"), post(owner, lobby, "Theirs")]
    act(browser(janitor), "message", "delete_messages", *said)
    assert bodies() == ["", "Theirs"]


def test_rooms_are_cleared_by_who_moderates(office, staff, owner, den):
    page = act(office, "room", "clear", den, confirmed=False).content.decode()
    assert "Clear 1 room?" in page
    act(office, "room", "clear", den)
    assert set(den.memberships.values_list("user__username", flat=True)) == {"owner"}
    assert actions() == ["clear_room"]
    staff.user_permissions.clear()
    Membership.objects.create(room=den, user=staff, role="owner")
    assert "Clear…" not in browser(staff).get("/admin/rooms/room/").content.decode()


@pytest.mark.django_db(transaction=True)
async def test_what_is_deleted_and_brought_back_there_reaches_open_browsers(
    house, staff, owner, member, outsider, den, lobby
):
    client = await in_database(browser, staff)
    speaker, listener, stranger = [await house.enter(who) for who in (owner, member, outsider)]
    message = await say(speaker, den, "Words")
    await house.hush()
    said = await in_database(Message.objects.get, pk=message["id"])
    await in_database(act, client, "message", "delete_messages", said)
    [event] = await listener.received("message_changed")
    assert event["message"]["body"] == ""
    await house.hush()
    await in_database(act, client, "message", "undo", said)
    [event] = await listener.received("message_changed")
    assert event["message"]["body"] == "Words"
    await nobody_hears("message_changed", stranger)
