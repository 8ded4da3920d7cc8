"""A room that one may not read, or not any more, is not there: no command finds it, and nothing is heard."""

import pytest
from django.contrib.auth.models import Permission

from chatproject.sockets.database import in_database
from rooms.models import Message
from rooms.namespaces import ChatNamespace, StaffNamespace
from tests.rooms.conftest import ok, post, refused, say
from tests.rooms.namespaces.test_input import GOOD, GOOD_OF_STAFF

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]

UNKNOWN = 10**12
BY_ROOM = [name for name, handler in ChatNamespace.handlers.items() if "room" in handler.model.model_fields]
BY_MESSAGE = [
    name for name, handler in ChatNamespace.handlers.items() if "message" in handler.model.model_fields
]
# What asks for no one room; `sync` and the like are tested by what they hold.
OTHERS = {"sync", "create_room", "lift", "undo_deletion", "open_direct", "search"}


@pytest.fixture
async def secret(house, owner, den):
    """A message in the den."""
    return await in_database(post, owner, den, "Secret")


def test_every_command_that_names_a_room_or_a_message_is_tried():
    assert {*BY_ROOM, *BY_MESSAGE} | OTHERS >= ChatNamespace.handlers.keys()
    assert {*BY_ROOM, *BY_MESSAGE} <= GOOD.keys()


async def assert_not_there(entry, den, secret):
    """Whatever is asked about the den is answered as for one that does not exist."""
    for command in BY_ROOM:
        unknown = await refused(entry, command, **{**GOOD[command], "room": UNKNOWN})
        assert unknown["code"] in {"not_found", "unauthenticated"}, command
        for key in (den.pk, den.slug):
            assert await refused(entry, command, **{**GOOD[command], "room": key}) == unknown, command
    for command in BY_MESSAGE:
        unknown = await refused(entry, command, **{**GOOD[command], "message": UNKNOWN})
        assert unknown["code"] in {"not_found", "unauthenticated"}, command
        assert await refused(entry, command, **{**GOOD[command], "message": secret.pk}) == unknown, command
    synced = await ok(entry, "sync", rooms={str(den.pk): 0})
    assert den.pk not in [room["id"] for room in synced["rooms"]]
    assert str(den.pk) not in synced["changes"]


async def assert_hears_nothing(entries, house, insider, owner, den):
    """Nothing that happens in the den reaches them; it does reach another tab of the owner's."""
    other_tab = await house.enter(owner)
    await house.hush()
    message = await say(insider, den, "Still secret")
    await ok(insider, "edit_message", message=message["id"], body="Changed")
    await ok(insider, "react", message=message["id"], emoji="👍", on=True)
    await ok(insider, "set_typing", room=den.pk, typing=True)
    await ok(insider, "update_room", room=den.pk, topic="Secrets")
    await ok(insider, "delete_message", message=message["id"])
    for entry in entries:
        await entry.received("")
        assert list(entry.events) == []
    for event in ("message_posted", "message_changed", "room_changed"):
        assert await other_tab.received(event)


async def test_whoever_never_belonged_finds_and_hears_nothing(house, outsider, owner, lobby, den, secret):
    stranger, guest, insider = [await house.enter(who) for who in (outsider, "Gus", owner)]
    assert (await ok(insider, "open_room", room=den.pk))["room"]["id"] == den.pk
    for entry in (stranger, guest):
        await assert_not_there(entry, den, secret)
    await assert_hears_nothing([stranger, guest], house, insider, owner, den)


async def test_whoever_was_removed_finds_and_hears_nothing(house, member, owner, lobby, den, secret):
    tab, other_tab, insider = [await house.enter(who) for who in (member, member, owner)]
    assert (await ok(tab, "open_room", room=den.pk))["messages"][-1]["id"] == secret.pk
    mine = await say(tab, den, "Mine, once")
    await ok(insider, "remove_member", room=den.pk, user=member.pk)
    for entry in (tab, other_tab):
        assert await entry.received("room_removed") == [{"room": den.pk}]
        await assert_not_there(entry, den, secret)
    for command in BY_MESSAGE:  # not even about what one said there
        unknown = await refused(tab, command, **{**GOOD[command], "message": UNKNOWN})
        assert await refused(tab, command, **{**GOOD[command], "message": mine["id"]}) == unknown, command
    await assert_hears_nothing([tab, other_tab], house, insider, owner, den)
    kept = await in_database(Message.objects.get, pk=mine["id"])
    assert (kept.body, kept.deleted_at) == ("Mine, once", None)


async def test_a_reply_elsewhere_shows_nothing_of_it(house, outsider, lobby, den, secret):
    entry = await house.enter(outsider)
    await ok(entry, "join_room", room=lobby.pk)
    payload = {**GOOD["post_message"], "room": lobby.pk}
    unknown = await refused(entry, "post_message", **payload, reply_to=UNKNOWN)
    assert await refused(entry, "post_message", **payload, reply_to=secret.pk) == unknown


async def test_staff_who_do_not_belong_name_it_in_vain(house, staff, owner, lobby, den, secret):
    see_private = await in_database(Permission.objects.get, codename="view_private_rooms")
    await in_database(staff.user_permissions.remove, see_private)
    insider = await house.enter(owner)
    console = await house.enter(staff, "/admin")
    named = [
        name for name, handler in StaffNamespace.handlers.items() if "room" in handler.model.model_fields
    ]
    assert "announce" in named
    await house.hush()
    for command in named:
        good = GOOD_OF_STAFF[command]
        unknown = await console.call(command, {**good, "room": UNKNOWN})
        assert await console.call(command, {**good, "room": den.pk}) == unknown, command
        assert command == "list_rooms" or not unknown["ok"]
    assert await insider.received("notice") == []
