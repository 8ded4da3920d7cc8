"""Changes to messages over the wire: what each command answers, and who hears of it."""

import asyncio

import pytest

from chatproject.sockets.database import in_database
from rooms.operations.deleting import delete_message
from tests.rooms.conftest import nobody_hears, ok, refused, say

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]


@pytest.fixture
async def tabs(house, owner, member, lobby):
    """A message of the owner's, and who may or may not hear what becomes of it."""
    own, other_tab, listener = [await house.enter(who) for who in (owner, owner, member)]
    reader, deaf = await house.enter("Gus"), await house.enter("Gil")
    await ok(reader, "open_room", room=lobby.pk)
    message = await say(own, lobby, "Helo")
    await house.hush()
    return own, other_tab, listener, reader, deaf, message


async def hears_changes(message, listeners, deaf):
    """All `listeners` are told of one change, in the same words; the `deaf` of none."""
    for listener in listeners:
        assert await listener.received("message_changed") == [
            {"room": message["room"], "version": message["version"], "message": message}
        ]
    await nobody_hears("message_changed", *deaf)


async def test_an_edit_is_answered_and_heard_by_all_who_hear_the_room_but_the_socket_that_edits(tabs, house):
    own, other_tab, listener, reader, deaf, message = tabs
    edited = (await ok(own, "edit_message", message=message["id"], body="*Hello*"))["message"]
    assert (edited["body"], edited["html"], edited["version"]) == ("*Hello*", "<p><em>Hello</em></p>\n", 2)
    assert edited["edited_at"] and edited["author"] == message["author"]
    await hears_changes(edited, [other_tab, listener, reader], [own, deaf])
    await house.hush()
    again = (await ok(own, "edit_message", message=message["id"], body="*Hello*"))["message"]
    assert again == edited
    await nobody_hears("message_changed", own, other_tab, listener, reader, deaf)


async def test_a_deletion_is_heard_with_nothing_of_what_was_said(tabs):
    own, other_tab, listener, reader, deaf, message = tabs
    deleted = (await ok(own, "delete_message", message=message["id"]))["message"]
    assert (deleted["body"], deleted["html"], deleted["seq"]) == ("", "", message["seq"])
    assert deleted["deleted_at"]
    await hears_changes(deleted, [other_tab, listener, reader], [own, deaf])
    assert (await ok(own, "delete_message", message=message["id"]))["message"] == deleted
    assert len(await listener.received("message_changed")) == 1


async def test_a_reaction_is_heard_and_taken_back(tabs, house, member):
    own, other_tab, listener, reader, deaf, message = tabs
    for on, users in ((True, [{"emoji": "👍", "users": [member.pk]}]), (False, [])):
        await house.hush()
        change = {"message": message["id"], "emoji": "👍", "on": on}
        changed = (await ok(listener, "react", **change))["message"]
        assert changed["reactions"] == users
        assert changed["edited_at"] is None
        await hears_changes(changed, [own, other_tab, reader], [listener, deaf])
        assert (await ok(listener, "react", **change))["message"] == changed
    assert len(await own.received("message_changed")) == 1


async def test_changes_in_a_private_room_stay_there(house, owner, member, outsider, staff, den):
    speaker, listener = await house.enter(owner), await house.enter(member)
    others = [await house.enter(who) for who in (outsider, staff)]
    message = await say(speaker, den, "Secret")
    await ok(speaker, "edit_message", message=message["id"], body="Still secret")
    await ok(listener, "react", message=message["id"], emoji="👍", on=True)
    await ok(speaker, "delete_message", message=message["id"])
    assert len(await listener.received("message_changed")) == 2
    assert len(await speaker.received("message_changed")) == 1
    await nobody_hears("message_changed", *others)


async def test_what_is_refused_is_said_with_its_code(tabs, house, outsider, lobby):
    own, _, listener, reader, _, message = tabs
    pk = message["id"]
    assert (await refused(listener, "edit_message", message=pk, body="mine"))["code"] == "forbidden"
    assert (await refused(listener, "delete_message", message=pk))["code"] == "forbidden"
    assert (await refused(reader, "react", message=pk, emoji="👍", on=True))["code"] == "unauthenticated"
    assert (await refused(own, "edit_message", message=10**12, body="x"))["code"] == "not_found"
    assert list((await refused(own, "edit_message", message=pk, body=" "))["fields"]) == ["body"]
    assert list((await refused(own, "react", message=pk, emoji="no", on=True))["fields"]) == ["emoji"]
    assert list((await refused(own, "react", message=str(pk), emoji="👍", on=True))["fields"]) == ["message"]
    await ok(own, "delete_message", message=pk)
    assert (await refused(own, "edit_message", message=pk, body="back"))["code"] == "conflict"
    assert (await refused(own, "react", message=pk, emoji="👍", on=True))["code"] == "conflict"


async def test_earlier_bodies_are_read_by_the_author(tabs):
    own, _, listener, _, _, message = tabs
    await ok(own, "edit_message", message=message["id"], body="Hello")
    await ok(own, "delete_message", message=message["id"])
    revisions = (await ok(own, "read_revisions", message=message["id"]))["revisions"]
    assert [revision["body"] for revision in revisions] == ["Helo", "Hello"]
    assert [revision.keys() for revision in revisions] == [{"body", "until"}] * 2
    assert (await refused(listener, "read_revisions", message=message["id"]))["code"] == "forbidden"


async def test_the_console_hears_that_something_was_changed_and_not_what_it_said(tabs, house, staff):
    own, *_, message = tabs
    console = await house.enter(staff, "/admin")
    await ok(own, "edit_message", message=message["id"], body="Secret")
    await ok(own, "react", message=message["id"], emoji="👍", on=True)
    await ok(own, "delete_message", message=message["id"])
    heard = await console.received("activity")
    kinds = [(each["kind"], each["detail"]) for each in heard if each["kind"].startswith("message_")]
    assert kinds == [("message_edited", "#1"), ("message_deleted", "#1")]
    assert "Secret" not in str(heard) and "👍" not in str(heard)


async def test_what_another_way_changes_is_heard_by_all_tabs(tabs, owner):
    own, other_tab, listener, reader, deaf, message = tabs
    await in_database(delete_message, person=owner, message=message["id"])
    for tab in (own, other_tab, listener, reader):
        assert (await tab.receive("message_changed"))["message"]["deleted_at"]
    await nobody_hears("message_changed", deaf)


async def test_a_deleted_accounts_reactions_are_heard_of_with_one_event(tabs, house, member, lobby):
    own, _, listener, reader, _, first = tabs
    for message in (first, await say(own, lobby, "Another")):
        await ok(listener, "react", message=message["id"], emoji="👍", on=True)
    await house.hush()
    await in_database(member.delete)
    [change] = await reader.received("message_changed")
    assert (change["version"], change["message"]["reactions"]) == (6, [])
    caught_up = (await ok(reader, "sync", rooms={str(lobby.pk): 4}))["changes"][str(lobby.pk)]
    assert [each["reactions"] for each in caught_up["messages"]] == [[], []]


async def test_changes_that_come_together_are_each_answered_and_numbered(tabs, house, lobby):
    own, _, listener, _, _, message = tabs
    edits = [ok(own, "edit_message", message=message["id"], body=f"body {number}") for number in range(10)]
    reactions = [ok(listener, "react", message=message["id"], emoji=emoji, on=True) for emoji in "👍🎉🚀"]
    answers = await asyncio.gather(*edits, *reactions)
    assert sorted(answer["message"]["version"] for answer in answers) == list(range(2, 15))
    heard = [each["version"] for each in await listener.received("message_changed")]
    acked = [answer["message"]["version"] for answer in answers[10:]]
    assert heard == sorted(set(range(2, 15)) - set(acked))
