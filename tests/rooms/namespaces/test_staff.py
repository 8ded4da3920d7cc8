"""The namespace `/admin`: who enters, what each command answers and needs, and what staff hear."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

from chatproject.sockets.database import in_database
from chatproject.sockets.testing import Refused
from rooms.models import Message, Room
from rooms.namespaces import staff as console
from tests.rooms.conftest import fill, nobody_hears, ok, refused, say
from tests.rooms.namespaces.conftest import give, notes, take
from tests.support.people import room

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]

STATS_FIELDS = {
    "at", "people", "guests", "sockets", "transports", "rooms", "messages_per_second", "events_per_second",
    "errors", "refusals", "dropped", "queue", "memory", "uptime", "version", "open_reports",
}  # fmt: skip


# --- Who enters ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "code"), [(None, "unauthenticated"), ("Gus", "unauthenticated"), ("member", "forbidden")]
)
async def test_nobody_else_enters_and_they_hear_nothing(house, office, member, lobby, who, code):
    insider = await office()
    connection = await house.connect(member if who == "member" else who)
    with pytest.raises(Refused) as refusal:
        await connection.enter("/admin")
    assert refusal.value.message
    assert refusal.value.data["code"] == code
    refusals = [event for event in await insider.received("activity") if event["kind"] == "refused"]
    assert [event["detail"] for event in refusals] == [code]
    assert [event["user"] and event["user"]["name"] for event in refusals] == [
        "member" if who == "member" else None
    ]
    assert connection._entries["/admin"].events == type(insider.events)()
    await connection.enter("/")  # the connection is still good


async def test_a_refused_client_that_sends_commands_all_the_same_is_closed(house, member, lobby):
    connection = await house.connect(member)
    with pytest.raises(Refused):
        await connection.enter("/admin")
    connection.send_text('42/admin,["announce",{"text":"Hello"}]')
    assert await connection.wait_closed() == 1008
    assert await notes() == []


async def test_one_connection_carries_both_namespaces(house, staff, lobby):
    connection = await house.connect(staff)
    chat, console = await connection.enter("/"), await connection.enter("/admin")
    assert chat.sid != console.sid
    assert (await ok(chat, "sync"))["user"]["staff"]
    assert (await ok(console, "overview"))["sockets"] == 1
    assert len(house.server.eio.sockets) == 1
    await console.leave()
    assert await say(chat, lobby)
    assert not house.server.of("/admin").fetch_sockets()


async def test_a_room_of_the_same_name_in_both_namespaces_is_two_rooms(house, staff, lobby):
    connection = await house.connect(staff)
    entries = {name: await connection.enter(name) for name in ("/", "/admin")}
    for name, entry in entries.items():
        house.server.manager.members(name, None)[entry.sid].join("same")
    await entries["/"].received("")
    for name, other in (("/", "/admin"), ("/admin", "/")):
        house.server.of(name).to("same").emit("greeting", {"from": name})
        assert await entries[name].receive("greeting") == {"from": name}
        await nobody_hears("greeting", entries[other])


async def test_commands_of_one_namespace_are_unknown_in_the_other(house, office, staff, lobby):
    chat, console = await house.enter(staff), await office()
    for command in ("overview", "announce", "list_sockets", "disconnect_user"):
        assert (await refused(chat, command))["code"] == "unknown_event"
    for command in ("post_message", "sync", "open_room"):
        assert (await refused(console, command))["code"] == "unknown_event"


async def test_who_stops_being_staff_is_dropped_and_refused(house, office, staff, lobby):
    chat, console = await house.enter(staff), await office()

    def demote():
        staff.is_staff = False
        staff.save()

    await in_database(demote)
    assert await console.receive("session_ended") == {"reason": "not_staff"}
    await console.connection.wait_closed()
    await ok(chat, "sync")
    with pytest.raises(Refused) as refusal:
        await office()
    assert refusal.value.data["code"] == "forbidden"


# --- What each command needs --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("command", "payload", "permission"),
    [
        ("overview", {}, "use_console"),
        ("list_sockets", {}, "use_console"),
        ("list_rooms", {}, "use_console"),
        ("list_people", {}, "use_console"),
        ("list_people", {"online": False}, "use_console"),
        ("watch_room", {"room": "lobby", "on": True}, "use_console"),
        ("announce", {"text": "Hello"}, "announce"),
        ("disconnect_user", {"user": 1}, "moderate_rooms"),
        ("disconnect_socket", {"sid": "x"}, "moderate_rooms"),
        ("list_reports", {}, "moderate_rooms"),
    ],
)
async def test_a_command_needs_its_permission_at_the_moment_it_is_given(
    house, office, staff, member, lobby, command, payload, permission
):
    entry, bystander = await office(), await house.enter(member)
    names = {"user": member.pk, "sid": bystander.sid}
    payload = {**payload, **{field: name for field, name in names.items() if field in payload}}
    await take(staff, permission)
    assert (await refused(entry, command, **payload))["code"] == "forbidden"
    await nobody_hears("notice", bystander)
    assert not bystander.connection.closed.done()
    assert await notes() == []
    await give(staff, permission)
    await ok(entry, command, **payload)


# --- Looking ------------------------------------------------------------------------------------
async def test_the_overview_counts(house, office, owner, member, lobby):
    for who in (owner, owner, member, "Gus", None):
        entry = await house.enter(who)
    console = await office()
    await refused(entry, "post_message", room=lobby.pk, client_id=str(uuid4()), body="x")
    data = await ok(console, "overview")
    assert data.keys() == STATS_FIELDS | {"history"}
    counted = {name: data[name] for name in ("people", "guests", "sockets", "errors", "refusals")}
    assert counted == {"people": 2, "guests": 2, "sockets": 5, "errors": 0, "refusals": 0}
    assert data["events_per_second"] > 0
    assert data["uptime"] >= 0
    assert data["transports"] == {"websocket": 5, "polling": 0}
    assert data["memory"] > 1_000_000
    assert data["version"] == settings.VERSION
    assert (data["queue"], data["dropped"], data["open_reports"]) == (0, 0, 0)


async def test_sockets_are_listed_with_who_and_where(house, office, member, lobby):
    tab = await (await house.connect(member, headers={"user-agent": "Browser/1"}, address="10.0.0.7")).enter()
    await ok(tab, "sync")
    guest, nobody = await house.enter("Gus"), await house.enter()
    data = await ok(await office(), "list_sockets")
    assert data.keys() == {"sockets", "next"}
    assert data["next"] is None
    by_sid = {each["sid"]: each for each in data["sockets"]}
    assert by_sid.keys() == {tab.sid, guest.sid, nobody.sid}
    mine = by_sid[tab.sid]
    assert mine.pop("since").endswith("Z")
    assert mine == {
        "sid": tab.sid,
        "user": {"id": member.pk, "name": "member"},
        "address": "10.0.0.7",
        "agent": "Browser/1",
        "transport": "websocket",
        "rooms": sorted(["everybody", f"room:{lobby.pk}", f"user:{member.pk}"]),
    }
    assert by_sid[guest.sid]["user"] == {"id": None, "name": "Gus"}
    assert by_sid[nobody.sid]["user"] is None
    assert "session:" not in str(data)
    assert house.keys[member] not in str(data)


async def test_sockets_of_one_person_are_listed_in_pages(house, office, owner, member, lobby, monkeypatch):
    monkeypatch.setattr(console, "PAGE", 2)
    mine = {(await house.enter(member)).sid for _ in range(5)}
    await house.enter(owner)
    entry, found, cursor = await office(), [], None
    while True:
        data = await ok(entry, "list_sockets", user=member.pk, cursor=cursor)
        found += [each["sid"] for each in data["sockets"]]
        cursor = data["next"]
        if cursor is None:
            break
    assert len(found) == 5
    assert set(found) == mine


async def test_sockets_of_one_guest_are_found_by_one_of_them(house, office, member, lobby):
    gus, ida, nobody = await house.enter("Gus"), await house.enter("Ida"), await house.enter()
    await house.enter(member)
    for one in (gus, ida, nobody):
        data = await ok(await office(), "list_sockets", sid=one.sid)
        assert [each["sid"] for each in data["sockets"]] == [one.sid]
    assert (await ok(await office(), "list_sockets", sid="gone"))["sockets"] == []


async def test_one_person_is_found_there_or_not(house, office, owner, member, lobby):
    await house.enter(member)
    entry = await office()
    for who, online in ((member, True), (owner, False)):
        (found,) = (await ok(entry, "list_people", user=who.pk))["people"]
        assert (found["user"]["id"], found["online"]) == (who.pk, online)
    assert (await ok(entry, "list_people", user=10**12))["people"] == []


async def test_one_room_is_found_if_it_may_be_seen(office, staff, lobby, den):
    entry = await office()
    assert [each["slug"] for each in (await ok(entry, "list_rooms", room="den"))["rooms"]] == ["den"]
    await take(staff, "view_private_rooms")
    assert (await ok(entry, "list_rooms", room=den.pk))["rooms"] == []
    assert [each["slug"] for each in (await ok(entry, "list_rooms", room=lobby.pk))["rooms"]] == ["lobby"]


async def test_rooms_are_listed_with_their_messages_and_who_is_there(
    house, office, owner, member, lobby, den
):
    await in_database(fill, owner, den, 3)
    for who in (owner, owner, member):
        await house.enter(who)
    for name in ("Gus", "Ida"):
        await ok(await house.enter(name), "open_room", room=lobby.pk)
    entry = await office()
    data = await ok(entry, "list_rooms")
    figures = {each["slug"]: (each["members"], each["messages"], each["online"]) for each in data["rooms"]}
    assert figures == {"lobby": (2, 0, 4), "den": (2, 3, 2)}
    assert data["next"] is None
    assert not data["rooms"][0].keys() & {"unread", "role", "last_read"}


async def test_messages_of_the_last_minute_are_counted(house, office, owner, member, lobby, den):
    def make():
        fill(owner, den, 5)
        Message.objects.filter(room=den, seq__lte=2).update(created_at=timezone.now() - timedelta(seconds=61))
        fill(owner, lobby, 2)
        Message.objects.filter(room=lobby).update(created_at=timezone.now() - timedelta(seconds=61))

    await in_database(make)
    rooms = (await ok(await office(), "list_rooms"))["rooms"]
    assert {each["slug"]: each["messages_per_minute"] for each in rooms} == {"lobby": 0, "den": 3}


async def test_private_rooms_are_listed_for_their_members_and_for_who_may_see_them(
    house, office, staff, owner, lobby, den
):
    await in_database(lambda: room("club", owner=staff, kind=Room.Kind.PRIVATE))
    entry = await office()

    async def listed():
        return {each["slug"] for each in (await ok(entry, "list_rooms"))["rooms"]}

    assert await listed() == {"lobby", "den", "club"}
    await take(staff, "view_private_rooms")
    assert await listed() == {"lobby", "club"}


async def test_rooms_are_found_by_name_and_listed_in_pages(house, office, lobby, monkeypatch):
    for number in range(5):
        await in_database(room, f"garden-{number}")
    monkeypatch.setattr("rooms.operations.console.PAGE", 2)
    entry, found, cursor = await office(), [], None
    while True:
        data = await ok(entry, "list_rooms", query="GARDEN", cursor=cursor)
        found += [each["slug"] for each in data["rooms"]]
        cursor = data["next"]
        if cursor is None:
            break
    assert found == [f"garden-{number}" for number in range(5)]
    for query in ("%", "_", "nothing"):
        assert (await ok(entry, "list_rooms", query=query))["rooms"] == []
    for odd in ("9" * 80, "abc", "-1"):
        await ok(entry, "list_rooms", cursor=odd)


# --- Announcing ---------------------------------------------------------------------------------
async def test_an_announcement_reaches_everybody_in_the_chat(house, office, staff, owner, member, lobby):
    everybody = [await house.enter(who) for who in (owner, member, member, "Gus", None)]
    entry = await office()
    assert await ok(entry, "announce", text=" We restart <b>soon</b> ") == {}
    for each in everybody:
        assert await each.received("notice") == [{"level": "info", "text": "We restart <b>soon</b>"}]
    await nobody_hears("notice", entry)
    assert await notes() == [("staff", "announce", "")]


async def test_an_announcement_in_a_room_reaches_those_who_hear_it(
    house, office, owner, member, outsider, lobby
):
    public = await in_database(lambda: room("public", owner=owner, guests_may_read=True))
    hearing = [await house.enter(who) for who in (owner, outsider, "Gus")]
    for each in hearing[1:]:
        await ok(each, "open_room", room=public.pk)
    others = [await house.enter(who) for who in (member, outsider, "Gus")]
    await ok(await office(), "announce", text="Here", room="public")
    for each in hearing:
        assert len(await each.received("notice")) == 1
    await nobody_hears("notice", *others)


async def test_an_announcement_in_an_unseen_room_is_refused(house, office, staff, owner, den, lobby):
    await take(staff, "view_private_rooms")
    listener, entry = await house.enter(owner), await office()
    unseen = await refused(entry, "announce", text="Hello", room=den.pk)
    assert unseen == await refused(entry, "announce", text="Hello", room=10**12)
    assert unseen["code"] == "not_found"
    await nobody_hears("notice", listener)


async def test_an_announcement_that_is_a_message_is_posted_to_all_who_hear_the_room(
    house, office, staff, owner, outsider, lobby
):
    listener, stranger = await house.enter(owner), await house.enter(outsider)
    quiet = await in_database(lambda: room("quiet", owner=owner, read_only=True))
    tab, entry = await house.enter(owner), await office()
    await ok(entry, "announce", text="Lunch", room=quiet.pk, as_message=True)
    [posted] = await tab.received("message_posted")
    assert (posted["room"], posted["message"]["body"]) == (quiet.pk, "Lunch")
    assert posted["message"]["author"]["id"] == staff.pk
    await nobody_hears("message_posted", stranger)
    await nobody_hears("notice", tab, listener, stranger)
    assert await notes() == [("staff", "announce", "Quiet")]


@pytest.mark.parametrize("text", ["", " ", "x" * 1_001])
async def test_what_is_no_announcement_is_invalid(house, office, owner, lobby, text):
    listener = await house.enter(owner)
    error = await refused(await office(), "announce", text=text)
    assert (error["code"], error["fields"].keys()) == ("invalid", {"text"})
    await nobody_hears("notice", listener)
