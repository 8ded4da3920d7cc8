"""Reading a room live without being in it: what staff hear, who notices, and how it ends."""

import pytest

from chatproject.sockets.database import in_database
from rooms.models import Room
from rooms.operations.rooms import change_room
from tests.rooms.conftest import nobody_hears, ok, refused, say
from tests.rooms.namespaces.conftest import notes, take

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks", "clock")]


async def test_who_watches_reads_the_newest_and_hears_what_follows(house, office, owner, member, lobby):
    tab, other = await house.enter(owner), await house.enter(member)
    first = await say(tab, lobby, "one")
    entry, idle = await office(), await office()
    await house.hush()
    watched = await ok(entry, "watch_room", room="lobby", on=True)
    assert watched["room"]["id"] == lobby.pk
    assert not watched["room"].keys() & {"role", "unread", "may_post"}
    assert [message["id"] for message in watched["messages"]] == [first["id"]]
    second = await say(tab, lobby, "two")
    await ok(tab, "edit_message", message=second["id"], body="Two")
    await ok(tab, "update_room", room=lobby.pk, topic="Talk")
    [posted] = await entry.received("message_posted")
    assert posted["message"]["body"] == "two"
    [changed] = await entry.received("message_changed")
    assert (changed["message"]["body"], changed["version"]) == ("Two", posted["version"] + 1)
    assert [event["room"]["topic"] for event in await entry.received("room_changed")] == ["Talk"]
    for event in ("message_posted", "message_changed", "room_changed"):
        await nobody_hears(event, idle)
        assert await other.received(event)


async def test_nobody_in_the_room_notices(house, office, owner, lobby):
    tab = await house.enter(owner)
    entry = await office()
    await house.hush()
    await ok(entry, "watch_room", room=lobby.pk, on=True)
    assert list(tab.events) == []
    opened = await ok(tab, "open_room", room=lobby.pk)
    assert opened["online"] == [owner.pk]
    assert opened["room"]["members"] == 2
    listed = await ok(entry, "list_rooms")
    assert [room["online"] for room in listed["rooms"]] == [1]


async def test_it_is_audited_once_each_time_it_begins(house, office, lobby):
    entry = await office()
    for on in (True, True, False, False, True):
        assert bool(await ok(entry, "watch_room", room=lobby.pk, on=on)) is on
    assert await notes() == [("staff", "watch_room", "Lobby")] * 2


async def test_who_ends_it_hears_no_more(house, office, owner, lobby):
    tab, entry = await house.enter(owner), await office()
    await ok(entry, "watch_room", room=lobby.pk, on=True)
    await ok(entry, "watch_room", room=lobby.slug, on=False)
    await say(tab, lobby)
    await nobody_hears("message_posted", entry)


async def test_private_rooms_take_the_permission_to_see_them(house, office, staff, owner, den, lobby):
    tab, entry = await house.enter(owner), await office()
    await take(staff, "view_private_rooms")
    error = await refused(entry, "watch_room", room=den.pk, on=True)
    assert error == await refused(entry, "watch_room", room=10**12, on=True)
    assert error["code"] == "not_found"
    await say(tab, den, "Secret")
    assert "Secret" not in str(entry.events)
    assert await notes() == []


@pytest.mark.parametrize("permission", ["use_console", "view_private_rooms"])
async def test_who_loses_the_permission_hears_no_more(
    house, office, staff, owner, den, lobby, clock, permission
):
    tab, entry = await house.enter(owner), await office()
    await ok(entry, "watch_room", room=den.pk, on=True)
    await clock.tick()
    await say(tab, den, "one")
    assert len(await entry.received("message_posted")) == 1
    await take(staff, permission)
    await clock.tick()
    assert await entry.received("room_removed") == [{"room": den.pk}]
    await say(tab, den, "two")
    assert len(await entry.received("message_posted")) == 1


async def test_a_room_that_becomes_private_is_lost_at_once(house, office, staff, owner, lobby, clock):
    tab, entry = await house.enter(owner), await office()
    await ok(entry, "watch_room", room=lobby.pk, on=True)
    await take(staff, "view_private_rooms")
    await clock.tick()

    def close():
        change_room(lobby, person=None, everyone=False)
        change_room(lobby, person=None, kind=Room.Kind.PRIVATE, name="Cellar")

    await in_database(close)
    assert await entry.receive("room_removed") == {"room": lobby.pk}
    await say(tab, lobby, "Secret")
    await entry.received("")
    assert "Secret" not in str(entry.events)
    assert "Cellar" not in str(entry.events)


async def test_it_ends_with_the_connection(house, office, owner, lobby):
    tab, entry = await house.enter(owner), await office()
    await ok(entry, "watch_room", room=lobby.pk, on=True)
    await entry.connection.close()
    back = await office()
    await say(tab, lobby)
    await nobody_hears("message_posted", back)
