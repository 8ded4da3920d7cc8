"""The namespace `/`: what each command answers, and who hears of it."""

import re
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest

from accounts.operations import end_sessions
from accounts.reasons import Reason
from chatproject.errors import Unavailable
from chatproject.sockets.database import in_database
from chatproject.sockets.testing import Refused
from rooms.models import Message
from rooms.operations.community import sign_up
from rooms.operations.memberships import add_people, remove
from rooms.operations.messages import post_message
from rooms.operations.rooms import change_room
from tests.rooms.conftest import call_as_browser, fill, nobody_hears, ok, post, refused, say
from tests.support.people import room
from tests.support.server import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]

ROOM_FIELDS = {
    "id", "slug", "name", "topic", "kind", "archived", "read_only", "everyone", "guests_may_read",
    "guests_may_post", "slow_mode", "last_seq", "version", "members",
}  # fmt: skip
PERSONAL_FIELDS = {
    "unread", "mentions", "role", "last_read", "may_post", "may_manage", "may_moderate", "muted",
    "may_post_at",
}  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture
def public(owner, member):
    """A room in which people without membership read along."""
    return room("public", owner=owner, members=(member,), guests_may_read=True)


# --- Coming in ----------------------------------------------------------------------------------
async def test_people_and_guests_enter(house, owner, lobby):
    for who in (owner, "Gus", None):
        entry = await house.enter(who)
        assert entry.sid


async def test_where_no_room_admits_guests_they_are_refused_and_people_are_not(house, owner, lobby):
    await in_database(change_room, lobby, person=owner, guests_may_read=False)
    for visitor in ("Gus", None):
        with pytest.raises(Refused) as refusal:
            await house.enter(visitor)
        assert refusal.value.data["code"] == "unauthenticated"
        assert refusal.value.message
    assert (await house.enter(owner)).sid


async def test_somebody_new_belongs_to_the_rooms_for_everybody_from_the_first_connection(
    house, outsider, owner, lobby
):
    assert not await in_database(lobby.memberships.filter(user=outsider).exists)
    newcomer, watcher = await house.enter(outsider), await house.enter(owner)
    [mine] = (await ok(newcomer, "sync"))["rooms"]
    assert (mine["slug"], mine["role"], mine["members"]) == ("lobby", "member", 3)
    message = await say(watcher, lobby)
    assert (await newcomer.receive("message_posted"))["message"] == message


async def test_a_deactivated_person_comes_in_as_nobody(house, member, den, lobby):
    entry = await house.enter(member)
    await in_database(end_sessions, user=member, reason=Reason.DEACTIVATED)
    assert (await entry.receive("session_ended")) == {"reason": "deactivated"}
    await entry.connection.wait_closed()
    again = await house.enter(member)  # the same cookie
    assert (await ok(again, "sync"))["user"]["id"] is None


# --- Posting ------------------------------------------------------------------------------------
async def test_the_ack_holds_the_message_with_all_its_fields(house, owner, lobby):
    client_id = str(uuid4())
    data = await ok(
        await house.enter(owner), "post_message", room="lobby", client_id=client_id, body="**Hi** <b>"
    )
    assert data.keys() == {"message"}
    message = data["message"]
    assert TIME.fullmatch(message.pop("created_at"))
    assert message == {
        "id": (await in_database(Message.objects.get)).pk,
        "room": lobby.pk,
        "seq": 1,
        "version": 1,
        "client_id": client_id,
        "author": {"id": owner.pk, "name": "owner", "avatar": owner.avatar, "guest": False},
        "body": "**Hi** <b>",
        "html": "<p><strong>Hi</strong> &lt;b&gt;</p>\n",
        "edited_at": None,
        "deleted_at": None,
        "reply_to": None,
        "mentions": [],
        "reactions": [],
        "attachments": [],
    }
    assert message["author"]["avatar"].keys() == {"colour", "url"}


async def test_everybody_who_hears_the_room_gets_the_message_but_the_socket_that_sent_it(
    house, owner, member, outsider, lobby, public
):
    tab, other_tab = await house.enter(owner), await house.enter(owner)
    listener, reader, bystander = [await house.enter(who) for who in (member, outsider, outsider)]
    guest, idle_guest = await house.enter("Gus"), await house.enter("Ida")
    for entry in (reader, guest):
        await ok(entry, "open_room", room=public.pk)
    message = await say(tab, public, "Hello")
    for entry in (other_tab, listener, reader, guest):
        assert await entry.received("message_posted") == [
            {"room": public.pk, "version": 1, "message": message}
        ]
    await nobody_hears("message_posted", tab, bystander, idle_guest)


async def test_what_is_said_in_a_private_room_stays_there(house, owner, member, outsider, staff, den, lobby):
    speaker, listener = await house.enter(owner), await house.enter(member)
    others = [await house.enter(who) for who in (outsider, staff, "Gus", None)]
    console = await (await house.connect(staff)).enter("/admin")
    await say(speaker, den, "Secret")
    assert len(await listener.received("message_posted")) == 1
    await nobody_hears("message_posted", *others, console)
    assert "Secret" not in str(await console.received("activity"))


async def test_a_guest_talks_under_the_chosen_name(house, owner, lobby):
    guest, listener = await house.enter("Gus"), await house.enter(owner)
    message = await say(guest, lobby)
    avatar = message["author"]["avatar"]
    assert message["author"] == {"id": None, "name": "Gus", "avatar": avatar, "guest": True}
    assert (await listener.receive("message_posted"))["message"] == message


async def test_a_visitor_without_a_name_is_asked_for_one(house, owner, lobby):
    visitor, listener = await house.enter(), await house.enter(owner)
    error = await refused(visitor, "post_message", room=lobby.pk, client_id=str(uuid4()), body="Hi")
    assert error["code"] == "invalid"
    assert error["fields"].keys() == {"name"}
    await nobody_hears("message_posted", listener)


async def test_two_guests_of_one_name_are_two_people(house, owner, lobby):
    client_id = str(uuid4())
    for body in ("first", "second"):
        house.keys.clear()  # another browser
        message = await say(await house.enter("Gus"), lobby, body, client_id=client_id)
        assert message["body"] == body


async def test_a_repeat_is_answered_and_heard_by_nobody(house, owner, member, lobby):
    tab, other_tab, listener = await house.enter(owner), await house.enter(owner), await house.enter(member)
    client_id = str(uuid4())
    first = await say(tab, lobby, "Once", client_id=client_id)
    for again in (tab, other_tab):
        assert await say(again, lobby, "Twice?", client_id=client_id) == first
    assert len(await listener.received("message_posted")) == 1
    assert len(await other_tab.received("message_posted")) == 1
    await nobody_hears("message_posted", tab)


async def test_one_sockets_messages_keep_their_order(house, owner, member, lobby):
    speaker, listener = await house.enter(owner), await house.enter(member)
    for number in range(20):
        speaker.emit(
            "post_message", {"room": lobby.pk, "client_id": str(uuid4()), "body": f"number {number}"}
        )
    await ok(speaker, "sync")
    heard = await listener.received("message_posted")
    assert [event["message"]["body"] for event in heard] == [f"number {number}" for number in range(20)]
    assert [event["version"] for event in heard] == list(range(1, 21))


async def test_ten_thousand_emoji_arrive(house, owner, member, lobby):
    speaker, listener = await house.enter(owner), await house.enter(member)
    body = "🎉" * 10_000
    ack = await call_as_browser(speaker, "post_message", room=lobby.pk, client_id=str(uuid4()), body=body)
    assert ack["ok"]
    assert (await listener.receive("message_posted"))["message"]["body"] == body


async def test_a_post_that_is_rolled_back_is_heard_by_nobody(house, owner, member, lobby, monkeypatch):
    speaker, listener = await house.enter(owner), await house.enter(member)

    monkeypatch.setattr(
        "rooms.operations.messages.publications.room_read", mock.Mock(side_effect=Unavailable)
    )
    error = await refused(speaker, "post_message", room=lobby.pk, client_id=str(uuid4()), body="Hi")
    assert error["code"] == "unavailable"
    await nobody_hears("message_posted", listener)
    assert await in_database(Message.objects.count) == 0


async def test_what_another_way_posts_is_heard_by_all_tabs_of_the_author(house, owner, member, lobby):
    tab, listener = await house.enter(owner), await house.enter(member)
    await in_database(post_message, person=owner, room=lobby.pk, client_id=uuid4(), body="By another way")
    for entry in (tab, listener):
        assert len(await entry.received("message_posted")) == 1


# --- Reading along ------------------------------------------------------------------------------
async def test_opening_a_room_answers_all_that_is_needed_to_show_it(
    house, owner, member, outsider, lobby, public
):
    await in_database(fill, owner, public, 60)
    entry = await house.enter(outsider)
    await house.enter(member)
    data = await ok(entry, "open_room", room="public")
    assert data.keys() == {"room", "messages", "version", "people", "online"}
    assert data["room"].keys() == ROOM_FIELDS | PERSONAL_FIELDS
    assert data["version"] == data["room"]["version"] == 60
    assert [message["seq"] for message in data["messages"]] == list(range(11, 61))
    assert data["people"] == [
        {"id": member.pk, "name": "member", "avatar": member.avatar, "role": "member"},
        {"id": owner.pk, "name": "owner", "avatar": owner.avatar, "role": "owner"},
    ]
    assert data["online"] == sorted([member.pk, outsider.pk])
    own = {name: data["room"][name] for name in PERSONAL_FIELDS}
    assert own == {
        "unread": 0,
        "mentions": 0,
        "role": None,
        "last_read": 60,
        "may_post": False,
        "may_manage": False,
        "may_moderate": False,
        "muted": None,
        "may_post_at": None,
    }


async def test_what_is_personal_in_a_room_differs_by_person(house, owner, member, lobby):
    await in_database(fill, owner, lobby, 3)
    views = {}
    for who in (owner, member, "Gus"):
        views[who] = (await ok(await house.enter(who), "open_room", room=lobby.pk))["room"]
    assert [views[who]["role"] for who in views] == ["owner", "member", None]
    assert [views[who]["unread"] for who in views] == [3, 3, 0]
    assert [views[who]["may_post"] for who in views] == [True, True, True]
    assert [views[who]["may_manage"] for who in views] == [True, False, False]


async def test_guests_are_not_told_who_the_members_are(house, owner, lobby):
    assert (await ok(await house.enter("Gus"), "open_room", room=lobby.pk))["people"] == []


async def test_reading_along_ends_when_the_room_is_closed(house, owner, outsider, lobby, public):
    speaker = await house.enter(owner)
    readers = [await house.enter(who) for who in (outsider, "Gus")]
    for entry in readers:
        await ok(entry, "open_room", room=public.pk)
    await say(speaker, public, "one")
    for entry in readers:
        await entry.receive("message_posted")
        assert await ok(entry, "close_room", room=public.pk) == {}
        assert await ok(entry, "close_room", room=public.pk) == {}
    await say(speaker, public, "two")
    await nobody_hears("message_posted", *readers)


async def test_only_the_socket_that_opened_a_room_reads_along(house, owner, outsider, lobby, public):
    speaker, reader, other_tab = (
        await house.enter(owner),
        await house.enter(outsider),
        await house.enter(outsider),
    )
    await ok(reader, "open_room", room=public.pk)
    await say(speaker, public)
    assert len(await reader.received("message_posted")) == 1
    await nobody_hears("message_posted", other_tab)


async def test_a_member_who_closes_a_room_hears_it_still(house, owner, member, lobby):
    speaker, listener = await house.enter(owner), await house.enter(member)
    await ok(listener, "open_room", room=lobby.pk)
    await ok(listener, "close_room", room=lobby.pk)
    await say(speaker, lobby)
    assert len(await listener.received("message_posted")) == 1


async def test_a_new_tab_of_a_guest_hears_only_what_it_opens(house, owner, lobby):
    speaker, tab, other_tab = await house.enter(owner), await house.enter("Gus"), await house.enter("Gus")
    await ok(tab, "open_room", room=lobby.pk)
    await say(speaker, lobby)
    assert len(await tab.received("message_posted")) == 1
    await nobody_hears("message_posted", other_tab)


# --- History and sync ---------------------------------------------------------------------------
async def test_history_is_read_in_pages(house, owner, member, lobby):
    await in_database(fill, owner, lobby, 120)
    entry = await house.enter(member)
    pages: list[tuple[dict[str, Any], range, bool]] = [
        ({}, range(71, 121), True),
        ({"before": 71}, range(21, 71), True),
        ({"before": 21}, range(1, 21), False),
        ({"after": 110}, range(111, 121), False),
        ({"around": 50, "limit": 4}, range(48, 52), True),
        ({"limit": 500}, range(21, 121), True),
        ({"before": None, "limit": 1}, range(120, 121), True),
    ]
    for asked, expected, more in pages:
        data = await ok(entry, "read_history", room="lobby", **asked)
        assert [message["seq"] for message in data["messages"]] == list(expected)
        assert data["has_more"] == more
        assert data.keys() == {"messages", "has_more"}


async def test_sync_answers_who_one_is_ones_rooms_and_what_changed(house, owner, member, lobby, den):
    await in_database(fill, owner, lobby, 3)
    entry = await house.enter(member)
    data = await ok(entry, "sync", rooms={str(lobby.pk): 1, str(den.pk): 0})
    assert data.keys() == {"user", "rooms", "changes"}
    assert data["user"] == {
        "id": member.pk,
        "name": "member",
        "avatar": member.avatar,
        "guest": False,
        "staff": False,
    }
    assert [each["slug"] for each in data["rooms"]] == ["den", "lobby"]
    assert all(each.keys() == ROOM_FIELDS | PERSONAL_FIELDS for each in data["rooms"])
    assert data["rooms"][1]["unread"] == 3
    changed = data["changes"][str(lobby.pk)]
    assert changed.keys() == {"messages", "version", "reset"}
    assert ([message["seq"] for message in changed["messages"]], changed["version"]) == ([2, 3], 3)
    assert data["changes"][str(den.pk)] == {"messages": [], "version": 0, "reset": False}


async def test_sync_without_rooms_lists_them_and_brings_no_messages(house, owner, lobby, den):
    await in_database(fill, owner, lobby, 3)
    entry = await house.enter(owner)
    for ack in (
        await entry.call("sync"),
        await entry.call("sync", {}),
        await entry.call("sync", {"rooms": {}}),
    ):
        assert [each["slug"] for each in ack["data"]["rooms"]] == ["den", "lobby"]
        assert ack["data"]["changes"] == {}


async def test_sync_of_a_guest_is_a_guests_view(house, owner, lobby, den):
    await in_database(fill, owner, den, 1)
    data = await ok(await house.enter("Gus"), "sync", rooms={str(den.pk): 0, str(lobby.pk): 0})
    assert [each["slug"] for each in data["rooms"]] == ["lobby"]
    assert data["changes"].keys() == {str(lobby.pk)}
    assert data["user"] == {
        "id": None,
        "name": "Gus",
        "avatar": data["user"]["avatar"],
        "guest": True,
        "staff": False,
    }


async def test_sync_after_a_gap_brings_exactly_what_was_missed(house, owner, member, lobby):
    speaker = await house.enter(owner)
    listener = await house.enter(member)
    await say(speaker, lobby, "heard")
    held = (await listener.receive("message_posted"))["version"]
    await listener.connection.close()
    missed = [await say(speaker, lobby, f"missed {number}") for number in range(3)]
    back = await house.enter(member)
    assert (await ok(back, "sync", rooms={str(lobby.pk): held}))["changes"][str(lobby.pk)] == {
        "messages": missed,
        "version": 4,
        "reset": False,
    }


async def test_sync_of_a_lost_room_leaves_it_out(house, owner, member, den, lobby):
    entry = await house.enter(member)
    await in_database(remove, den, member, by=None)
    data = await ok(entry, "sync", rooms={str(den.pk): 0})
    assert [each["slug"] for each in data["rooms"]] == ["lobby"]
    assert data["changes"] == {}


# --- What is read -------------------------------------------------------------------------------
async def test_reading_is_told_to_ones_other_tabs_alone(house, owner, member, lobby):
    await in_database(fill, owner, lobby, 5)
    tab, other_tab, somebody = await house.enter(member), await house.enter(member), await house.enter(owner)
    assert await ok(tab, "mark_read", room=lobby.pk, seq=3) == {"unread": 2, "mentions": 0}
    assert await other_tab.received("room_read") == [{"room": lobby.pk, "seq": 3, "unread": 2, "mentions": 0}]
    await nobody_hears("room_read", tab, somebody)


async def test_reading_backwards_is_answered_and_told_to_nobody(house, owner, member, lobby):
    await in_database(fill, owner, lobby, 5)
    tab, other_tab = await house.enter(member), await house.enter(member)
    await ok(tab, "mark_read", room=lobby.pk, seq=4)
    for seq in (4, 2, 0):
        assert await ok(tab, "mark_read", room=lobby.pk, seq=seq) == {"unread": 1, "mentions": 0}
    assert len(await other_tab.received("room_read")) == 1


async def test_posting_is_reading_in_ones_other_tabs_too(house, owner, member, lobby):
    tab, other_tab, somebody = await house.enter(owner), await house.enter(owner), await house.enter(member)
    await say(tab, lobby)
    assert await other_tab.received("room_read") == [{"room": lobby.pk, "seq": 1, "unread": 0, "mentions": 0}]
    await nobody_hears("room_read", tab, somebody)
    [mine] = (await ok(somebody, "sync"))["rooms"]
    assert mine["unread"] == 1


# --- Typing -------------------------------------------------------------------------------------
async def test_typing_is_shown_to_the_others_in_the_room(house, owner, member, outsider, lobby, public):
    typist, other_tab, listener = (
        await house.enter(owner),
        await house.enter(owner),
        await house.enter(member),
    )
    guest, bystander = await house.enter("Gus"), await house.enter(outsider)
    await ok(guest, "open_room", room=public.pk)
    for typing in (True, False):
        assert await ok(typist, "set_typing", room=public.pk, typing=typing) == {}
        event = {"room": public.pk, "user": {"id": owner.pk, "name": "owner"}, "typing": typing}
        for entry in (other_tab, listener, guest):
            assert await entry.receive("typing_changed") == event
    await nobody_hears("typing_changed", typist, bystander)


async def test_a_guest_types_by_name(house, owner, lobby):
    guest, listener = await house.enter("Gus"), await house.enter(owner)
    await ok(guest, "set_typing", room=lobby.pk, typing=True)
    assert (await listener.receive("typing_changed"))["user"] == {"id": None, "name": "Gus"}


async def test_who_may_not_post_does_not_type(house, owner, outsider, public, lobby):
    reader, listener = await house.enter(outsider), await house.enter(owner)
    await ok(reader, "open_room", room=public.pk)
    assert (await refused(reader, "set_typing", room=public.pk, typing=True))["code"] == "forbidden"
    await nobody_hears("typing_changed", listener)


# --- Rooms --------------------------------------------------------------------------------------
async def test_a_new_room_is_heard_by_its_maker_and_its_first_members_at_once(
    house, owner, member, outsider, lobby
):
    maker, other_tab = await house.enter(owner), await house.enter(owner)
    invited, stranger = await house.enter(member), await house.enter(outsider)
    await house.hush()
    data = await ok(maker, "create_room", name="Plans", kind="private", topic="Soon", users=[member.pk])
    made = data["room"]
    assert made.keys() == ROOM_FIELDS | PERSONAL_FIELDS
    assert (made["name"], made["slug"], made["kind"], made["role"], made["members"]) == (
        "Plans",
        "plans",
        "private",
        "owner",
        2,
    )
    for entry, role in ((other_tab, "owner"), (invited, "member")):
        told = (await entry.receive("room_changed"))["room"]
        assert (told["slug"], told["role"]) == ("plans", role)
    await nobody_hears("room_changed", stranger)
    message = await say(invited, "plans", "Here")
    for entry in (maker, other_tab):
        assert (await entry.receive("message_posted"))["message"] == message
    await nobody_hears("message_posted", stranger)


async def test_a_taken_address_is_a_conflict(house, owner, lobby):
    error = await refused(await house.enter(owner), "create_room", name="X", slug="lobby")
    assert (error["code"], error["fields"].keys()) == ("conflict", {"slug"})


async def test_guests_are_told_to_sign_in(house, lobby):
    guest = await house.enter("Gus")
    for command, payload in [
        ("create_room", {"name": "Mine"}),
        ("join_room", {"room": lobby.pk}),
        ("leave_room", {"room": lobby.pk}),
        ("mark_read", {"room": lobby.pk, "seq": 1}),
    ]:
        assert (await refused(guest, command, **payload))["code"] == "unauthenticated"


async def test_a_change_of_a_room_is_heard_by_all_who_hear_it_with_nothing_personal(
    house, owner, member, outsider, lobby, public
):
    changer = await house.enter(owner)
    hearing = [changer, await house.enter(owner), await house.enter(member)]
    for who in (outsider, "Gus"):
        hearing.append(await house.enter(who))
        await ok(hearing[-1], "open_room", room=public.pk)
    bystander = await house.enter(outsider)
    await house.hush()
    data = await ok(changer, "update_room", room=public.pk, name="Garden", topic="Roses", read_only=True)
    assert data["room"].keys() == ROOM_FIELDS | PERSONAL_FIELDS
    for entry in hearing:
        [event] = await entry.received("room_changed")
        assert event["room"].keys() == ROOM_FIELDS
        assert (event["room"]["name"], event["room"]["topic"], event["room"]["read_only"]) == (
            "Garden",
            "Roses",
            True,
        )
        assert event["room"]["slug"] == "public"
    await nobody_hears("room_changed", bystander)


async def test_a_change_that_changes_nothing_is_told_to_nobody(house, owner, member, lobby):
    changer, listener = await house.enter(owner), await house.enter(member)
    await ok(changer, "update_room", room=lobby.pk, name="Lobby", archived=False)
    await ok(changer, "update_room", room=lobby.pk)
    await nobody_hears("room_changed", changer, listener)


async def test_who_does_not_manage_a_room_changes_nothing(house, owner, member, lobby):
    changer, listener = await house.enter(member), await house.enter(owner)
    assert (await refused(changer, "update_room", room=lobby.pk, name="Mine"))["code"] == "forbidden"
    await nobody_hears("room_changed", listener)


async def test_posting_in_an_archived_or_read_only_room_is_forbidden(house, owner, member, lobby):
    changer, speaker = await house.enter(owner), await house.enter(member)
    for state in ("archived", "read_only"):
        await ok(changer, "update_room", room=lobby.pk, **{state: True})
        payload = {"room": lobby.pk, "client_id": str(uuid4()), "body": "Hi"}
        assert (await refused(speaker, "post_message", **payload))["code"] == "forbidden"
        assert not (await ok(speaker, "open_room", room=lobby.pk))["room"]["may_post"]
        await ok(changer, "update_room", room=lobby.pk, **{state: False})
        assert (await ok(speaker, "open_room", room=lobby.pk))["room"]["may_post"]


async def test_guests_lose_a_room_that_closes_to_them(house, owner, member, outsider, lobby, public):
    changer, listener, reader = [await house.enter(who) for who in (owner, member, outsider)]
    guest = await house.enter("Gus")
    for entry in (reader, guest):
        await ok(entry, "open_room", room=public.pk)
    await house.hush()
    await ok(changer, "update_room", room=public.pk, guests_may_read=False, name="Ours")
    assert await guest.received("room_removed") == [{"room": public.pk}]
    await nobody_hears("room_changed", guest)
    await nobody_hears("room_removed", changer, listener, reader)
    await say(changer, public, "We are alone")
    assert len(await reader.received("message_posted")) == 1
    await nobody_hears("message_posted", guest)
    assert (await refused(guest, "open_room", room=public.pk))["code"] == "not_found"


async def test_who_reads_along_loses_a_room_that_becomes_private(
    house, owner, member, outsider, lobby, public
):
    speaker, listener, reader, guest = [await house.enter(who) for who in (owner, member, outsider, "Gus")]
    for entry in (reader, guest):
        await ok(entry, "open_room", room=public.pk)
    await house.hush()
    await in_database(change_room, public, person=owner, kind="private", name="Ours")
    for entry in (reader, guest):
        assert await entry.received("room_removed") == [{"room": public.pk}]
    await nobody_hears("room_changed", reader, guest)
    await nobody_hears("room_removed", speaker, listener)
    await say(speaker, public, "Secret")
    assert len(await listener.received("message_posted")) == 1
    await nobody_hears("message_posted", reader, guest)
    assert (await refused(reader, "read_history", room=public.pk))["code"] == "not_found"


# --- Memberships --------------------------------------------------------------------------------
async def test_joining_reaches_all_ones_tabs_and_the_room_learns_its_size(
    house, owner, outsider, lobby, public
):
    listener, tab, other_tab = [await house.enter(who) for who in (owner, outsider, outsider)]
    await ok(tab, "open_room", room=public.pk)
    await house.hush()
    joined = (await ok(tab, "join_room", room="public"))["room"]
    assert (joined["role"], joined["members"], joined["may_post"], joined["unread"]) == ("member", 3, True, 0)
    personal = (await other_tab.receive("room_changed"))["room"]
    assert personal == joined
    [size] = await listener.received("room_changed")
    assert size["room"]["members"] == 3
    assert size["room"].keys() == ROOM_FIELDS
    message = await say(listener, public)
    for entry in (tab, other_tab):
        # Once: who has joined does not read along as well.
        assert await entry.received("message_posted") == [
            {"room": public.pk, "version": 1, "message": message}
        ]


async def test_joining_again_tells_nobody(house, owner, member, lobby):
    tab, listener = await house.enter(member), await house.enter(owner)
    assert (await ok(tab, "join_room", room=lobby.pk))["room"]["role"] == "member"
    await nobody_hears("room_changed", tab, listener)


async def test_leaving_takes_the_room_from_all_ones_tabs(house, owner, member, lobby, public):
    speaker, tab, other_tab = [await house.enter(who) for who in (owner, member, member)]
    await ok(other_tab, "open_room", room=public.pk)
    left = (await ok(tab, "leave_room", room=public.pk))["room"]
    assert (left["role"], left["members"], left["may_post"]) == (None, 1, False)
    for entry in (tab, other_tab):
        assert await entry.received("room_removed") == [{"room": public.pk}]
    await nobody_hears("room_removed", speaker)
    [size] = await speaker.received("room_changed")
    assert size["room"]["members"] == 1
    await say(speaker, public)
    await nobody_hears("message_posted", tab, other_tab)


async def test_who_is_added_hears_a_private_room_from_then_on(house, owner, outsider, lobby, den):
    adder, added, bystander = [await house.enter(who) for who in (owner, outsider, "Gus")]
    await house.hush()
    data = await ok(adder, "add_members", room=den.pk, users=[outsider.pk])
    assert data["room"]["members"] == 3
    told = (await added.receive("room_changed"))["room"]
    assert (told["slug"], told["role"], told["unread"]) == ("den", "member", 0)
    message = await say(adder, den)
    assert (await added.receive("message_posted"))["message"] == message
    await nobody_hears("message_posted", bystander)


async def test_who_is_removed_hears_and_reads_nothing_more(house, owner, member, lobby, den):
    remover, tab, other_tab = [await house.enter(who) for who in (owner, member, member)]
    await say(remover, den, "before")
    assert len(await tab.received("message_posted")) == 1
    data = await ok(remover, "remove_member", room=den.pk, user=member.pk)
    assert data["room"]["members"] == 1
    await say(remover, den, "after")
    for entry in (tab, other_tab):
        assert await entry.received("room_removed") == [{"room": den.pk}]
        assert len(await entry.received("message_posted")) == 1
        assert (await refused(entry, "open_room", room=den.pk))["code"] == "not_found"
        assert "den" not in [each["slug"] for each in (await ok(entry, "sync"))["rooms"]]
    assert await ok(remover, "remove_member", room=den.pk, user=member.pk)


async def test_who_becomes_an_owner_by_inheritance_is_told(house, owner, member, lobby, den):
    heir, leaver = await house.enter(member), await house.enter(owner)
    await ok(leaver, "leave_room", room=den.pk)
    roles = [event["room"].get("role") for event in await heir.received("room_changed")]
    assert "owner" in roles
    await ok(heir, "update_room", room=den.pk, name="Mine now")


async def test_what_the_admin_does_reaches_open_tabs(house, owner, member, outsider, lobby, den):
    listener, newcomer = await house.enter(member), await house.enter(outsider)
    await house.hush()
    await in_database(add_people, den, [outsider.pk])
    assert (await newcomer.receive("room_changed"))["room"]["slug"] == "den"
    await in_database(change_room, den, person=None, name="Cave")
    for entry in (listener, newcomer):
        names = [event["room"]["name"] for event in await entry.received("room_changed")]
        assert names[-1] == "Cave"
    await in_database(remove, den, outsider, by=None)
    assert await newcomer.received("room_removed") == [{"room": den.pk}]
    await nobody_hears("room_removed", listener)


async def test_who_signs_up_is_counted_in_open_tabs(house, owner, lobby):
    listener = await house.enter(owner)
    await in_database(sign_up, username="nina", password=PASSWORD)
    assert (await listener.receive("room_changed"))["room"]["members"] == 3


async def test_a_room_is_named_by_its_id_or_its_slug_and_events_give_the_id(house, owner, member, lobby):
    speaker, listener = await house.enter(owner), await house.enter(member)
    for key in (lobby.pk, str(lobby.pk), "lobby"):
        assert (await say(speaker, key))["room"] == lobby.pk
        assert (await listener.receive("message_posted"))["room"] == lobby.pk


async def test_a_reply_carries_the_id_of_what_it_answers(house, owner, lobby):
    entry = await house.enter(owner)
    first = await say(entry, lobby)
    assert (await say(entry, lobby, "Yes", reply_to=first["id"]))["reply_to"] == first["id"]
    error = await refused(
        entry, "post_message", room=lobby.pk, client_id=str(uuid4()), body="No", reply_to=10**12
    )
    assert (error["code"], error["fields"].keys()) == ("invalid", {"reply_to"})


async def test_a_message_posted_before_stays_as_it_was_for_who_comes_later(house, owner, member, lobby):
    posted = await in_database(post, owner, lobby, "*kept*")
    data = await ok(await house.enter(member), "open_room", room=lobby.pk)
    assert [(each["id"], each["html"]) for each in data["messages"]] == [
        (posted.pk, "<p><em>kept</em></p>\n")
    ]
