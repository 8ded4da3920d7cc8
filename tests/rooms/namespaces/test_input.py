"""Whatever is sent: each wrong thing has its error, the socket stays usable, and nobody else notices."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from chatproject.sockets.database import in_database
from chatproject.sockets.testing import TIMEOUT
from rooms.models import Message, Room
from rooms.namespaces import ChatNamespace, StaffNamespace
from tests.rooms.conftest import call_as_browser, nobody_hears, ok, post, refused, say

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]

HUGE = 2**63
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
NOTHING_IN_IT: list[Any] = [None, True, 1, 1.5, "text", [], {}]

# What a field of each kind must refuse, whatever else it says.
WRONG: dict[str, list[Any]] = {
    "room": [None, True, False, 1.5, "", [], {}, [1], {"id": 1}, 0, -1, HUGE, "x" * 81, "a\0b", "\ud800"],
    "id": [None, True, 1.5, "1", "x", [], {}, 0, -1, HUGE],
    "ids": [None, True, 1, "1", {}, [None], ["1"], [1.5], [True], [0], [[1]], list(range(1, 102))],
    "seq": [None, True, 1.5, "1", [], {}, -1, HUGE],
    "seconds": [True, 1.5, "1", [], {}, -1, 21_601, HUGE],
    "count": [None, True, 1.5, "1", [], {}, 0, -1],
    "text": [None, True, 1, 1.5, [], {}, ["x"], "a\0b", "\ud83d", "\udc00x"],
    "cursor": [True, 1, 1.5, [], {}, "a\0b", "\ud83d", "9" * 5_000],
    "flag": [None, 0, 1, "true", "", [], {}],
    "moment": [True, 1, 1.5, "", "soon", "2026-03-01", "2026-03-01T09:30:00", "9" * 40, [], {}],
    "role": [None, True, 1, "", "king", "Owner", [], {}],
    "kind": [None, True, 1, "", "direct", "Public", [], {}],
    "uuid": [None, True, 1, 1.5, "", "x", UUID[:-1], [], {}],
    "versions": [
        None, True, 1, "x", [], [1], {"x": 1}, {"1": "1"}, {"1": None}, {"1": 1.5}, {"1": True}, {"1": -1},
        {"0": 1}, {"-1": 1}, {"1.0": 1}, {"": 1}, {str(HUGE): 1}, {"1": HUGE}, {"1": {}}, {"\0": 1},
        {str(number): 0 for number in range(1, 1_002)},
    ],
}  # fmt: skip

# Each command's fields by kind; "?" marks those for which null stands for nothing.
CHAT: dict[str, dict[str, str]] = {
    "sync": {"rooms": "versions"},
    "open_room": {"room": "room"},
    "close_room": {"room": "room"},
    "read_history": {"room": "room", "before": "?seq", "after": "?seq", "around": "?seq", "limit": "count"},
    "post_message": {"room": "room", "client_id": "uuid", "body": "text", "reply_to": "?id"},
    "edit_message": {"message": "id", "body": "text"},
    "delete_message": {"message": "id", "reason": "text"},
    "delete_messages": {"room": "room", "user": "id", "since": "moment", "reason": "text"},
    "undo_deletion": {"deletion": "id"},
    "react": {"message": "id", "emoji": "text", "on": "flag"},
    "read_revisions": {"message": "id"},
    "report_message": {"message": "id", "reason": "text"},
    "mark_read": {"room": "room", "seq": "seq"},
    "set_typing": {"room": "room", "typing": "flag"},
    "create_room": {
        "name": "text", "kind": "kind", "slug": "?text", "topic": "text", "guests_may_read": "flag",
        "guests_may_post": "flag", "users": "ids",
    },
    "update_room": {
        "room": "room", "name": "?text", "topic": "?text", "guests_may_read": "?flag",
        "guests_may_post": "?flag", "read_only": "?flag", "archived": "?flag", "slow_mode": "?seconds",
    },
    "join_room": {"room": "room"},
    "leave_room": {"room": "room"},
    "add_members": {"room": "room", "users": "ids"},
    "remove_member": {"room": "room", "user": "id", "reason": "text"},
    "change_role": {"room": "room", "user": "id", "role": "role"},
    "mute_user": {"room": "room", "user": "id", "until": "?moment", "reason": "text"},
    "ban_user": {"room": "room", "user": "id", "until": "?moment", "reason": "text"},
    "lift": {"sanction": "id"},
    "list_sanctions": {"room": "room"},
}  # fmt: skip
STAFF: dict[str, dict[str, str]] = {
    "overview": {},
    "list_sockets": {"user": "?id", "sid": "?text", "cursor": "?cursor"},
    "list_rooms": {"query": "text", "room": "?room", "cursor": "?cursor"},
    "list_people": {"query": "text", "user": "?id", "cursor": "?cursor", "online": "flag"},
    "watch_room": {"room": "room", "on": "flag"},
    "announce": {"text": "text", "room": "?room", "as_message": "flag"},
    "disconnect_user": {"user": "id", "sign_out": "flag"},
    "disconnect_socket": {"sid": "text"},
    "list_reports": {"open": "flag", "cursor": "?cursor"},
    "read_report": {"report": "id"},
    "resolve_report": {"report": "id", "action": "text", "reason": "text", "until": "?moment"},
    "mute_user": {"user": "id", "room": "?room", "until": "?moment", "reason": "text"},
    "ban_user": {
        "user": "id", "room": "?room", "until": "?moment", "reason": "text", "addresses": "flag",
    },
    "ban_guest": {"sid": "text", "until": "?moment", "reason": "text"},
    "lift": {"sanction": "id"},
    "delete_message": {"message": "id", "reason": "text"},
    "delete_messages": {"room": "room", "user": "id", "since": "moment", "reason": "text"},
    "undo_deletion": {"deletion": "id"},
    "remove_member": {"room": "room", "user": "id", "reason": "text"},
    "archive_room": {"room": "room", "archived": "flag"},
    "update_room": {"room": "room", "read_only": "?flag", "slow_mode": "?seconds"},
    "clear_room": {"room": "room"},
    "list_sanctions": {"user": "?id", "active": "flag", "cursor": "?cursor"},
}  # fmt: skip
GOOD: dict[str, dict[str, Any]] = {
    "sync": {},
    "open_room": {"room": "lobby"},
    "close_room": {"room": "lobby"},
    "read_history": {"room": "lobby"},
    "post_message": {"room": "lobby", "client_id": UUID, "body": "Hello"},
    "edit_message": {"message": 1, "body": "Hello"},
    "delete_message": {"message": 1},
    "delete_messages": {"room": "lobby", "user": 1, "since": "2026-03-01T09:30:00Z"},
    "undo_deletion": {"deletion": 1},
    "react": {"message": 1, "emoji": "👍", "on": True},
    "read_revisions": {"message": 1},
    "report_message": {"message": 1, "reason": "Spam"},
    "mark_read": {"room": "lobby", "seq": 0},
    "set_typing": {"room": "lobby", "typing": True},
    "create_room": {"name": "Fine"},
    "update_room": {"room": "lobby"},
    "join_room": {"room": "lobby"},
    "leave_room": {"room": "lobby"},
    "add_members": {"room": "lobby", "users": []},
    "remove_member": {"room": "lobby", "user": 1},
    "change_role": {"room": "lobby", "user": 1, "role": "member"},
    "mute_user": {"room": "lobby", "user": 1, "reason": "Spam"},
    "ban_user": {"room": "lobby", "user": 1, "reason": "Spam"},
    "lift": {"sanction": 1},
    "list_sanctions": {"room": "lobby"},
}
GOOD_OF_STAFF: dict[str, dict[str, Any]] = {
    "overview": {},
    "list_sockets": {},
    "list_rooms": {},
    "list_people": {},
    "watch_room": {"room": "lobby", "on": True},
    "announce": {"text": "Hello"},
    "disconnect_user": {"user": 1},
    "disconnect_socket": {"sid": "x"},
    "list_reports": {},
    "read_report": {"report": 1},
    "resolve_report": {"report": 1, "action": "dismiss", "reason": "Fine"},
    "delete_message": {"message": 1},
    "delete_messages": {"room": "lobby", "user": 1, "since": "2026-03-01T09:30:00Z"},
    "undo_deletion": {"deletion": 1},
    "remove_member": {"room": "lobby", "user": 1, "reason": "Spam"},
    "archive_room": {"room": "lobby", "archived": True},
    "update_room": {"room": "lobby"},
    "clear_room": {"room": "lobby"},
    "mute_user": {"user": 1, "reason": "Spam"},
    "ban_user": {"user": 1, "reason": "Spam"},
    "ban_guest": {"sid": "x", "reason": "Spam"},
    "lift": {"sanction": 1},
    "list_sanctions": {},
}


def wrong_values(kind):
    return [value for value in WRONG[kind.lstrip("?")] if not (kind.startswith("?") and value is None)]


def assert_names(error, field):
    assert error["code"] == "invalid", (field, error)
    assert error["message"]
    assert error["fields"], error
    for name, sentence in error["fields"].items():
        assert name == field or name.startswith(f"{field}."), (field, error)
        assert sentence
        assert "0x" not in sentence + name, "an object of ours shows"


async def try_everything_wrong(entry, command, fields, good):
    for field, kind in fields.items():
        for value in wrong_values(kind):
            assert_names(await refused(entry, command, **{**good, field: value}), field)
    for field in good:
        missing = {name: value for name, value in good.items() if name != field}
        assert_names(await refused(entry, command, **missing), field)
    assert_names(await refused(entry, command, **good, user_id=1), "user_id")
    for whole in ([], "text", 1, True, None, [good]):
        error = (await entry.call(command, whole))["error"]
        assert error["code"] == "invalid"
    assert (await entry.call(command, good, good))["error"]["code"] == "invalid"


def test_the_tables_name_every_command():
    assert CHAT.keys() == ChatNamespace.handlers.keys()
    assert STAFF.keys() == StaffNamespace.handlers.keys()
    for commands, namespace, good in (
        (CHAT, ChatNamespace, GOOD),
        (STAFF, StaffNamespace, GOOD_OF_STAFF),
    ):
        for command, fields in commands.items():
            assert fields.keys() == namespace.handlers[command].model.model_fields.keys()
            required = {
                name
                for name, field in namespace.handlers[command].model.model_fields.items()
                if field.is_required()
            }
            assert required == good[command].keys()


@pytest.mark.parametrize("command", CHAT)
async def test_each_field_of_a_chat_command_refuses_what_is_of_the_wrong_type(
    house, owner, member, lobby, command
):
    entry, listener = await house.enter(owner), await house.enter(member)
    await house.hush()
    await try_everything_wrong(entry, command, CHAT[command], GOOD[command])
    await listener.received("")
    assert list(listener.events) == []
    assert await in_database(Message.objects.count) == 0
    assert await in_database(Room.objects.count) == 1
    await say(entry, lobby)  # usable still


@pytest.mark.parametrize("command", STAFF)
async def test_each_field_of_a_staff_command_refuses_what_is_of_the_wrong_type(
    house, staff, member, lobby, command
):
    entry, listener = await house.enter(staff, "/admin"), await house.enter(member)
    await house.hush()
    await try_everything_wrong(entry, command, STAFF[command], GOOD_OF_STAFF[command])
    await listener.received("")
    assert list(listener.events) == []
    await ok(entry, "overview")


# --- Names of events ----------------------------------------------------------------------------
NAMES: list[Any] = [
    "connect", "disconnect", "connect_error", "disconnecting", "newListener", "removeListener", "message",
    "on_sync", "__init__", "sync ", "Sync", "", "x" * 10_000, "\0", "\ud800", "日本語", 1, 1.5,
    "message_posted", "session_ended", "pin_message", "trigger_event", "handle",
]  # fmt: skip


async def test_an_event_of_another_name_is_unknown(house, owner, member, lobby):
    entry, listener = await house.enter(owner), await house.enter(member)
    await house.hush()
    for name in NAMES:
        ack = await entry.call(name, {"room": lobby.pk})
        assert ack["error"]["code"] == "unknown_event", name
    await listener.received("")
    assert list(listener.events) == []
    await say(entry, lobby)


# --- Too much -----------------------------------------------------------------------------------
async def test_an_event_of_eighty_kilobytes_is_too_large(house, owner, member, lobby):
    entry, listener = await house.enter(owner), await house.enter(member)
    error = await refused(entry, "post_message", room=lobby.pk, client_id=str(uuid4()), body="x" * 80_000)
    assert error["code"] == "too_large"
    await nobody_hears("message_posted", listener)
    await say(entry, lobby)


async def test_a_frame_of_two_hundred_kilobytes_closes_that_socket_alone(house, owner, member, lobby):
    entry, other_tab, listener = [await house.enter(who) for who in (owner, owner, member)]
    await house.hush()
    entry.emit("post_message", {"room": lobby.pk, "client_id": str(uuid4()), "body": "x" * 200_000})
    assert await entry.connection.wait_closed() == 1009
    await say(other_tab, lobby)
    assert len(await listener.received("message_posted")) == 1


async def test_ten_thousand_and_one_characters_are_refused_and_ten_thousand_are_not(house, owner, lobby):
    entry = await house.enter(owner)
    for character in ("x", "🎉"):
        payload = {"room": lobby.pk, "client_id": str(uuid4()), "body": character * 10_001}
        ack = await call_as_browser(entry, "post_message", **payload)
        assert_names(ack["error"], "body")
        assert "10,000" in ack["error"]["message"]
        payload["body"] = character * 10_000
        assert (await call_as_browser(entry, "post_message", **payload))["ok"]


async def test_a_blank_message_is_refused_by_its_body(house, owner, member, lobby):
    entry, listener = await house.enter(owner), await house.enter(member)
    for body in ("", " ", "\n\t", "\u2003\u00a0"):
        payload = {"room": lobby.pk, "client_id": str(uuid4()), "body": body}
        assert_names(await refused(entry, "post_message", **payload), "body")
    await nobody_hears("message_posted", listener)


async def test_bidi_controls_are_kept_and_markup_is_text(house, owner, member, lobby):
    entry, listener = await house.enter(owner), await house.enter(member)
    body = "\u202eabc\u202c <script>alert(1)</script> <img src=x onerror=alert(1)>"
    await say(entry, lobby, body)
    message = (await listener.receive("message_posted"))["message"]
    assert message["body"] == body
    assert "\u202eabc\u202c" in message["html"]
    assert "<script" not in message["html"]
    assert "<img" not in message["html"]


async def test_markup_in_names_stays_text(house, owner, lobby):
    name = '<img src=x onerror="alert(1)">'
    made = (await ok(await house.enter(owner), "create_room", name=name, topic=name))["room"]
    assert (made["name"], made["topic"]) == (name, name)
    assert not set(made["slug"]) & set('<>"/')


# --- What is not there, and what may not be seen ------------------------------------------------
IN_A_ROOM = {command: GOOD[command] for command in CHAT if "room" in GOOD[command]}


@pytest.mark.parametrize("command", IN_A_ROOM)
async def test_a_room_that_may_not_be_seen_answers_as_one_that_does_not_exist(
    house, outsider, owner, lobby, den, command
):
    await in_database(post, owner, den, "Secret")
    stranger, guest, insider = [await house.enter(who) for who in (outsider, "Gus", owner)]
    payload = IN_A_ROOM[command]
    assert (await ok(insider, "open_room", room=den.slug))["room"]["id"] == den.pk
    await house.hush()
    for entry in (stranger, guest):
        unknown = await refused(entry, command, **{**payload, "room": 10**12})
        for key in (den.pk, str(den.pk), den.slug, "no-such-room"):
            assert await refused(entry, command, **{**payload, "room": key}) == unknown
        expected = {"not_found"} if entry is stranger else {"not_found", "unauthenticated"}
        assert unknown["code"] in expected
    await insider.received("")
    assert list(insider.events) == []
    await in_database(den.refresh_from_db)
    assert den.last_seq == 1


async def test_names_of_socketio_rooms_are_no_rooms(house, outsider, lobby):
    entry = await house.enter(outsider)
    for key in ("user:1", "session:x", "everybody", "staff", "room:1", "/admin", "*", "null", entry.sid):
        for command in ("open_room", "join_room", "post_message"):
            error = await refused(entry, command, **{**GOOD[command], "room": key})
            assert error["code"] == "not_found", key


async def test_what_somebody_claims_to_be_in_a_payload_is_refused(house, owner, outsider, lobby, den):
    entry = await house.enter(outsider)
    for claim in ("user", "user_id", "author", "person", "sid", "seq", "version", "html", "created_at"):
        payload = {**GOOD["post_message"], claim: owner.pk}
        assert_names(await refused(entry, "post_message", **payload), claim)


async def test_a_forged_cookie_is_nobodys(house, owner, lobby, den):
    for cookie in ("", "x", "0" * 32, "../../etc/passwd", "a" * 4_000, "\N{SNOWMAN}", '"', "%00", "\1"):
        connection = await house.connect(headers={"cookie": f"sessionid={cookie}"})
        entry = await connection.enter()
        data = await ok(entry, "sync", rooms={str(den.pk): 0})
        assert (data["user"]["id"], data["user"]["name"]) == (None, ""), cookie
        assert [each["slug"] for each in data["rooms"]] == ["lobby"]


async def test_a_flood_of_wrong_events_is_answered_one_by_one(house, owner, member, lobby):
    entry, listener = await house.enter(owner), await house.enter(member)
    await house.hush()
    acks = await asyncio.wait_for(
        asyncio.gather(
            *(entry.call("post_message", {"room": value, "body": value}) for value in NOTHING_IN_IT * 20)
        ),
        TIMEOUT,
    )
    assert {ack["error"]["code"] for ack in acks} == {"invalid"}
    await listener.received("")
    assert list(listener.events) == []
    await say(entry, lobby)
