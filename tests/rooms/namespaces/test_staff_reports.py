"""Reports over the wire: from the chat to the console, and back to the room."""

import pytest

from chatproject.sockets.database import in_database
from rooms.models import Report
from tests.rooms.conftest import nobody_hears, ok, refused, say
from tests.rooms.namespaces.conftest import notes, take

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks", "clock")]


@pytest.fixture
async def talk(house, owner, member, lobby):
    """The owner's and the member's sockets."""
    return await house.enter(owner), await house.enter(member)


async def test_a_report_is_told_to_who_moderates_and_resolved_for_all_to_see(house, office, talk, lobby):
    speaker, listener = talk
    entry = await office()
    message = await say(speaker, lobby, "Rubbish")
    await house.hush()
    assert await ok(listener, "report_message", message=message["id"], reason="Spam") == {}
    told = await entry.receive("report_changed")
    assert told["open"] == 1
    listed = await ok(entry, "list_reports")
    [report] = listed["reports"]
    assert listed["next"] is None
    assert report.pop("created_at").endswith("Z")
    assert report.pop("message")["id"] == message["id"]
    assert report.pop("reporter")["name"] == "member"
    assert report == {
        "id": told["report_id"],
        "room": {"id": lobby.pk, "slug": "lobby", "name": "Lobby", "kind": "public"},
        "body": "Rubbish",
        "reason": "Spam",
        "resolved_at": None,
        "resolved_by": None,
        "action": "",
        "resolution": "",
    }
    read = await ok(entry, "read_report", report=report["id"])
    assert [each["id"] for each in read["messages"]] == [message["id"]]
    decided = {"report": report["id"], "action": "delete_message", "reason": "It is spam"}
    resolved = (await ok(entry, "resolve_report", **decided))["report"]
    assert (resolved["action"], resolved["resolved_by"]["name"]) == ("delete_message", "staff")
    assert await entry.receive("report_changed") == {"report_id": report["id"], "open": 0}
    [changed] = await listener.received("message_changed")
    assert changed["message"]["deleted_at"]
    await nobody_hears("report_changed", *talk)
    assert ("staff", "resolve_report", f"Report {report['id']} by member") in await notes()
    assert (await refused(entry, "resolve_report", **decided))["code"] == "conflict"
    assert (await ok(entry, "list_reports", open=False))["reports"][0]["id"] == report["id"]


async def test_who_does_not_moderate_does_not_hear_of_reports(house, office, staff, talk, lobby):
    speaker, listener = talk
    await take(staff, "moderate_rooms")
    entry = await office()
    message = await say(speaker, lobby)
    await ok(listener, "report_message", message=message["id"], reason="Spam")
    await nobody_hears("report_changed", entry)
    report = await in_database(Report.objects.get)
    decided = {"report": report.pk, "action": "dismiss", "reason": "Fine"}
    for error in (
        await refused(entry, "list_reports"),
        await refused(entry, "read_report", report=report.pk),
        await refused(entry, "resolve_report", **decided),
    ):
        assert error["code"] == "forbidden"
    assert await notes() == []


async def test_who_loses_the_permission_hears_of_no_more_reports(house, office, staff, talk, lobby, clock):
    speaker, listener = talk
    entry = await office()
    message = await say(speaker, lobby)
    await take(staff, "moderate_rooms")
    await clock.tick()
    await ok(listener, "report_message", message=message["id"], reason="Spam")
    await nobody_hears("report_changed", entry)
    await clock.tick()
    assert (await entry.received("stats"))[-1]["open_reports"] == 1


async def test_guests_do_not_report(house, talk, lobby):
    message = await say(talk[0], lobby)
    guest = await house.enter("Gus")
    error = await refused(guest, "report_message", message=message["id"], reason="Spam")
    assert error["code"] == "unauthenticated"


async def test_reports_are_held_to_a_rate_of_their_own(house, settings, owner, member, lobby):
    settings.MESSAGE_RATE = (2, 600.0)
    speaker, listener = await house.enter(owner), await house.enter(member)
    messages = [(await say(speaker, lobby))["id"] for _ in range(2)]
    for message in messages:
        await ok(listener, "report_message", message=message, reason="Spam")
    error = await refused(listener, "report_message", message=messages[0], reason="Spam")
    assert error["code"] == "rate_limited"
    await say(listener, lobby, "still free to speak")


async def test_an_odd_cursor_is_the_beginning(house, office, talk, lobby):
    await ok(talk[1], "report_message", message=(await say(talk[0], lobby))["id"], reason="Spam")
    entry = await office()
    for odd in ("", "abc", "-1", "9" * 40):
        assert len((await ok(entry, "list_reports", cursor=odd))["reports"]) == 1
