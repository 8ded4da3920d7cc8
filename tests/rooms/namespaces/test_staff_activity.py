"""What staff hear without asking: figures every two seconds, and what happens, as it happens."""

from unittest import mock

import pytest
from django.db import OperationalError

from chatproject.sockets.database import in_database
from chatproject.sockets.digests import SINGLY
from rooms.events import publications
from tests.rooms.conftest import nobody_hears, ok, say
from tests.rooms.namespaces.conftest import give, take
from tests.rooms.namespaces.test_staff import STATS_FIELDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks", "clock")]


# --- What staff hear ----------------------------------------------------------------------------
async def test_stats_come_every_two_seconds_while_staff_watch(house, office, member, lobby, clock):
    with mock.patch.object(publications, "stats", wraps=publications.stats) as published:
        chat = await house.enter(member)
        for _ in range(3):
            await clock.tick()
        assert not published.called
        entries = [await office(), await office()]
        for _ in range(2):
            await clock.tick()
        for entry in entries:
            told = await entry.received("stats")
            assert len(told) == 2
            assert told[-1].keys() == STATS_FIELDS
            assert told[-1]["people"] == 1
        await nobody_hears("stats", chat)
        for entry in entries:
            await entry.connection.close()
        published.reset_mock()
        await clock.tick()
        assert not published.called
    assert set(clock.waits) == {2}


async def test_staff_hear_what_happens_and_never_what_is_said(house, office, owner, member, lobby, den):
    entry = await office()
    connection = await house.connect(owner)
    tab = await connection.enter()
    await ok(tab, "sync")
    made = (await ok(tab, "create_room", name="Plans"))["room"]
    await ok(tab, "update_room", room=made["id"], topic="Hush", read_only=False)
    await say(tab, den, "a secret")
    other = await house.enter(member)
    await ok(other, "join_room", room=made["id"])
    await ok(other, "leave_room", room=made["id"])
    await ok(entry, "announce", text="Lunch")
    await ok(entry, "disconnect_user", user=member.pk)
    await other.connection.wait_closed()
    await connection.close()
    told = await entry.received("activity")
    assert all(event.keys() == {"at", "kind", "user", "room", "detail"} for event in told)
    assert all(event["at"].endswith("Z") for event in told)
    plans, talk = {"id": made["id"], "name": "Plans"}, {"id": den.pk, "name": "Den"}
    boss, friend = {"id": owner.pk, "name": "owner"}, {"id": member.pk, "name": "member"}
    happened = [(event["kind"], event["user"], event["room"]) for event in told]
    for expected in [
        ("connected", boss, None),
        ("room_created", boss, plans),
        ("room_changed", boss, plans),
        ("message_posted", boss, talk),
        ("joined", friend, plans),
        ("left", friend, plans),
        ("announced", {"id": entry_user(house), "name": "staff"}, None),
        ("disconnect_user", {"id": entry_user(house), "name": "staff"}, None),
        ("disconnected", friend, None),
        ("disconnected", boss, None),
    ]:
        assert expected in happened
    assert "secret" not in str(told)


def entry_user(house):
    [socket] = house.server.of("/admin").fetch_sockets()
    return socket.user.id


async def test_activity_is_for_staff_alone(house, office, staff, owner, lobby):
    await office()
    entries = [await house.enter(who) for who in (owner, staff, "Gus")]
    await say(entries[0], lobby)
    await nobody_hears("activity", *entries)
    await nobody_hears("stats", *entries)


async def test_figures_are_kept_while_nobody_watches(house, office, member, lobby, clock):
    for _ in range(3):
        await clock.tick()
    await house.enter(member)
    await clock.tick()
    history = (await ok(await office(), "overview"))["history"]
    assert [each["people"] for each in history] == [0, 0, 0, 1]
    assert all(
        each.keys() == {"at", "people", "sockets", "messages_per_second", "events_per_second", "memory"}
        for each in history
    )
    assert history == sorted(history, key=lambda each: each["at"])


async def test_while_the_database_does_not_answer_no_figures_come_and_then_they_do(
    house, office, lobby, clock
):
    entry = await office()
    with mock.patch("rooms.operations.reports.count_open", side_effect=OperationalError("gone")):
        await clock.tick()
    await nobody_hears("stats", entry)
    await clock.tick()
    assert len(await entry.received("stats")) == 1


async def test_the_history_is_bounded(house, office, lobby):
    figures = house.server.namespace_handlers["/admin"].figures
    for _ in range(305):
        figures.sample()
    assert len((await ok(await office(), "overview"))["history"]) == 300


async def test_what_happens_in_private_rooms_is_for_who_may_see_them(
    house, office, staff, owner, den, lobby, clock
):
    tab, entry = await house.enter(owner), await office()
    await say(tab, den)
    rooms = [event["room"] for event in await entry.received("activity") if event["kind"] == "message_posted"]
    assert rooms == [{"id": den.pk, "name": "Den"}]
    await take(staff, "view_private_rooms")
    await clock.tick()
    entry.events.clear()
    await say(tab, den)
    await say(tab, lobby)
    told = await entry.received("activity")
    assert [event["room"]["name"] for event in told if event["kind"] == "message_posted"] == ["Lobby"]
    assert "Den" not in str(told)


async def test_a_permission_that_is_given_is_felt_as_one_that_is_taken(
    house, office, staff, owner, lobby, clock
):
    await take(staff, "use_console")
    tab, entry = await house.enter(owner), await office()
    await say(tab, lobby)
    await clock.tick()
    await nobody_hears("activity", entry)
    await nobody_hears("stats", entry)
    await give(staff, "use_console")
    await clock.tick()
    await say(tab, lobby)
    assert [event["kind"] for event in await entry.received("activity")] == ["message_posted"]
    assert len(await entry.received("stats")) == 1


async def test_a_thousand_events_of_one_moment_are_few(house, office, owner, member, lobby):
    entry = await office()
    await house.hush()

    def happen():
        for number in range(1_000):
            publications.activity("message_posted", person=(owner, member)[number % 2], room=lobby)
        publications.activity("joined", person=member, room=lobby)

    await in_database(happen)
    assert len(await entry.received("activity")) == SINGLY
    entry.events.clear()
    house.server._digests.release()
    posted, joined = sorted(await entry.received("activity"), key=lambda event: event["kind"], reverse=True)
    assert (posted["kind"], posted["count"], posted["user"]) == ("message_posted", 1_000 - SINGLY, None)
    assert posted["room"] == {"id": lobby.pk, "name": "Lobby"}
    assert (joined["kind"], joined["user"]["name"]) == ("joined", "member")
    assert "count" not in joined
