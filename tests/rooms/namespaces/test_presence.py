"""Who is there: online with the first tab, offline a little after the last one."""

import asyncio

import pytest

from accounts.operations import end_sessions
from accounts.reasons import Reason
from chatproject.sockets.database import in_database
from rooms.models import Room
from rooms.namespaces import presence
from tests.rooms.conftest import nobody_hears, ok
from tests.support.people import room

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]

LONG = 3600  # seconds; longer than any test


@pytest.fixture
def no_grace(monkeypatch):
    monkeypatch.setattr(presence, "GRACE", 0)


@pytest.fixture
def long_grace(monkeypatch):
    monkeypatch.setattr(presence, "GRACE", LONG)


def state(user, state):
    return {"user": {"id": user.pk, "name": user.name}, "state": state}


async def shared_rooms(*people):
    def found():
        return [set(each.memberships.values_list("room", flat=True)) for each in people]

    return set.intersection(*await in_database(found))


async def test_those_who_share_a_room_see_somebody_come(house, owner, member, outsider, den):
    await in_database(Room.objects.exclude(pk=den.pk).delete)  # nothing is for everybody
    watcher, stranger = await house.enter(owner), await house.enter(outsider)
    await house.hush()
    newcomer = await house.enter(member)
    assert await watcher.received("presence_changed") == [state(member, "online")]
    await nobody_hears("presence_changed", newcomer)
    assert await shared_rooms(outsider, member) == set()
    await nobody_hears("presence_changed", stranger)


async def test_a_second_tab_is_no_news(house, owner, member, den):
    watcher = await house.enter(owner)
    await house.enter(member)
    await house.hush()
    tab = await house.enter(member)
    await tab.connection.close()
    await nobody_hears("presence_changed", watcher)


async def test_tabs_that_come_in_the_same_moment_are_told_of_once(house, owner, member, den):
    watcher = await house.enter(owner)
    connections = [await house.connect(member) for _ in range(4)]
    await asyncio.gather(*(connection.enter() for connection in connections))
    await ok(await house.enter(member), "sync")
    assert await watcher.received("presence_changed") == [state(member, "online")]


async def test_somebody_is_offline_when_the_last_tab_is_closed(house, owner, member, den, no_grace):
    watcher, tab, other_tab = [await house.enter(who) for who in (owner, member, member)]
    await house.hush()
    await tab.connection.close()
    await nobody_hears("presence_changed", watcher)
    await other_tab.connection.close()
    assert await watcher.receive("presence_changed") == state(member, "offline")
    await house.enter(member)
    assert await watcher.receive("presence_changed") == state(member, "online")


async def test_a_page_that_is_loaded_again_is_no_news(house, owner, member, den, long_grace):
    watcher, tab = await house.enter(owner), await house.enter(member)
    await house.hush()
    for _ in range(3):
        await tab.connection.close()
        tab = await house.enter(member)
    await nobody_hears("presence_changed", watcher)


async def test_grace_is_given_to_each_leave_anew(house, owner, member, den, monkeypatch):
    watcher, tab = await house.enter(owner), await house.enter(member)
    await house.hush()
    monkeypatch.setattr(presence, "GRACE", LONG)
    await tab.connection.close()
    tab = await house.enter(member)
    monkeypatch.setattr(presence, "GRACE", 0)
    await tab.connection.close()
    assert await watcher.receive("presence_changed") == state(member, "offline")
    await nobody_hears("presence_changed", watcher)


async def test_leaving_the_namespace_is_leaving(house, owner, member, den, no_grace):
    watcher, tab = await house.enter(owner), await house.enter(member)
    await house.hush()
    await tab.leave()
    assert await watcher.receive("presence_changed") == state(member, "offline")


async def test_who_is_signed_out_goes_offline(house, owner, member, den, no_grace):
    watcher = await house.enter(owner)
    await house.enter(member)
    await house.hush()
    await in_database(end_sessions, user=member, reason=Reason.REVOKED)
    assert await watcher.receive("presence_changed") == state(member, "offline")


async def test_guests_come_and_go_unannounced(house, owner, lobby, no_grace):
    watcher = await house.enter(owner)
    await house.hush()
    guest = await house.enter("Gus")
    await ok(guest, "open_room", room=lobby.pk)
    await guest.connection.close()
    await nobody_hears("presence_changed", watcher)


async def test_who_reads_along_sees_members_come_and_go(house, owner, outsider, lobby, no_grace):
    public = await in_database(lambda: room("public", owner=owner, guests_may_read=True))
    reader, guest = await house.enter(outsider), await house.enter("Gus")
    for entry in (reader, guest):
        await ok(entry, "open_room", room=public.pk)
    await house.hush()
    tab = await house.enter(owner)
    for entry in (reader, guest):
        assert await entry.receive("presence_changed") == state(owner, "online")
    await tab.connection.close()
    for entry in (reader, guest):
        assert await entry.receive("presence_changed") == state(owner, "offline")
        await nobody_hears("presence_changed", entry)


async def test_online_lists_each_person_once(house, owner, member, lobby):
    for who in (owner, member, member, "Gus", None):
        entry = await house.enter(who)
    data = await ok(entry, "open_room", room=lobby.pk)
    assert data["online"] == sorted([owner.pk, member.pk])


async def test_nobody_is_told_when_the_server_stops(house, owner, member, den, long_grace):
    tab = await house.enter(member)
    await tab.connection.close()
    watched = house.server.namespace_handlers["/"].presence
    assert watched._leaving
    watched.stop()
    assert not watched._leaving
