"""Deleting, undoing, removing, roles and clearing over the wire, in both namespaces, and who hears of it."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, User
from chatproject.sockets.database import in_database
from chatproject.sockets.testing import Entry
from rooms.models import Deletion, Membership, Message, Room
from rooms.operations.memberships import add_people
from tests.rooms.conftest import nobody_hears, ok, post, post_many, refused, say
from tests.rooms.namespaces.conftest import notes, take
from tests.support.people import person, room

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]

BEGINNING = "2020-01-01T00:00:00Z"


class Scene(NamedTuple):
    """A garden with a reader and a guest in it; the deaf hear nothing of it."""

    garden: Room
    owner: Entry
    moderator: Entry
    author: Entry
    other_tab: Entry
    reader: Entry
    guest: Entry
    deaf: list[Entry]

    @property
    def hearing(self):
        return [self.owner, self.moderator, self.author, self.other_tab, self.reader, self.guest]


@pytest.fixture
def moderator(db):
    return person("moderator")


@pytest.fixture
async def scene(house, owner, member, moderator, outsider, lobby):
    garden = await in_database(room, "garden", owner=owner, members=(member,), guests_may_read=True)
    await in_database(add_people, garden, [moderator.pk], role="moderator")
    entries = [await house.enter(who) for who in (owner, moderator, member, member, outsider, "Gus")]
    for visitor in entries[-2:]:
        await ok(visitor, "open_room", room=garden.pk)
    deaf = [await house.enter(outsider), await house.enter("Gil")]
    await house.hush()
    owners, moderators, author, other_tab, reader, guest = entries
    return Scene(garden, owners, moderators, author, other_tab, reader, guest, deaf)


async def posted(who, place, count=1) -> list[Message]:
    return await in_database(post_many, who, place, count)


async def payload_of(command, place, member) -> dict[str, Any]:
    """What is sent to `/admin`, all of it to be found."""
    if command in ("delete_message", "undo_deletion"):
        [message] = await posted(member, place)
        if command == "delete_message":
            return {"message": message.pk}
        deletion = await in_database(Deletion.objects.create, room=place)
        return {"deletion": deletion.pk}
    more: dict[str, dict[str, Any]] = {
        "delete_messages": {"user": member.pk, "since": BEGINNING},
        "remove_member": {"user": member.pk, "reason": "Spam"},
        "archive_room": {"archived": True},
        "update_room": {"read_only": True},
        "clear_room": {},
    }
    return {"room": place.pk, **more[command]}


STAFF_COMMANDS = (
    "delete_message", "delete_messages", "undo_deletion", "remove_member", "archive_room", "update_room",
    "clear_room",
)  # fmt: skip


# --- Who may ------------------------------------------------------------------------------------
@pytest.mark.parametrize("command", STAFF_COMMANDS)
async def test_without_the_permission_the_console_does_nothing_not_even_in_a_room_of_ones_own(
    scene, office, staff, member, command
):
    await in_database(add_people, scene.garden, [staff.pk], role="owner")
    payload = await payload_of(command, scene.garden, member)
    entry = await office()
    await take(staff, "moderate_rooms")
    assert (await refused(entry, command, **payload))["code"] == "forbidden"
    assert await notes() == []
    kept = await in_database(Room.objects.get, pk=scene.garden.pk)
    assert (kept.archived, kept.read_only, await in_database(kept.memberships.count)) == (False, False, 4)
    assert not await in_database(Message.objects.filter(deleted_at__isnull=False).exists)


@pytest.mark.parametrize("command", STAFF_COMMANDS)
async def test_a_private_room_takes_the_permission_to_see_it(office, staff, member, owner, den, command):
    payload = await payload_of(command, den, member)
    entry = await office()
    await take(staff, "view_private_rooms")
    assert (await refused(entry, command, **payload))["code"] == "not_found"
    assert await notes() == []


async def test_only_some_commands_are_there_in_the_chat(scene):
    for command in ("archive_room", "clear_room"):
        assert (await refused(scene.owner, command, room=scene.garden.pk))["code"] == "unknown_event"


# --- Deleting and undoing -----------------------------------------------------------------------
async def changes(entry: Entry) -> list[tuple[int, str, bool]]:
    heard = await entry.received("message_changed")
    return [(each["version"], each["message"]["body"], bool(each["message"]["deleted_at"])) for each in heard]


async def test_a_moderator_deletes_and_undoes_and_all_who_hear_the_room_see_both(scene, house):
    message = await say(scene.author, scene.garden, "*Spam*")
    await ok(scene.owner, "react", message=message["id"], emoji="👍", on=True)
    await house.hush()
    deleted = await ok(scene.moderator, "delete_message", message=message["id"], reason="Spam")
    assert (deleted["message"]["body"], deleted["message"]["reactions"]) == ("", [])
    others = [entry for entry in scene.hearing if entry is not scene.moderator]
    for entry in others:
        assert await changes(entry) == [(3, "", True)]
    await nobody_hears("message_changed", scene.moderator, *scene.deaf)
    await house.hush()
    assert await ok(scene.moderator, "undo_deletion", deletion=deleted["deletion"]) == {"count": 1}
    for entry in scene.hearing:  # the one who asked as well: the ack holds no message
        [back] = [each["message"] for each in await entry.received("message_changed")]
        assert back == {**message, "version": 4, "reactions": back["reactions"]}
        assert [each["emoji"] for each in back["reactions"]] == ["👍"]
    await nobody_hears("message_changed", *scene.deaf)
    assert [action for _, action, _ in await notes()] == ["delete_message", "undo_deletion"]
    error = await refused(scene.moderator, "undo_deletion", deletion=deleted["deletion"])
    assert error["code"] == "conflict"


async def test_what_is_deleted_again_has_nothing_to_undo(scene):
    message = await say(scene.author, scene.garden)
    first = await ok(scene.author, "delete_message", message=message["id"])
    again = await ok(scene.author, "delete_message", message=message["id"])
    assert isinstance(first["deletion"], int)
    assert again == {"message": first["message"], "deletion": None}
    assert await notes() == []


async def test_all_of_a_persons_messages_go_at_once_and_come_back(scene, house, member):
    _, *flood = await posted(member, scene.garden, 4)
    await house.hush()
    since = flood[0].created_at.isoformat()
    asked = {"room": "garden", "user": member.pk, "since": since}
    deletion = await ok(scene.moderator, "delete_messages", **asked)
    assert deletion["count"] == 3
    for entry in scene.hearing:
        assert await changes(entry) == [(5, "", True), (6, "", True), (7, "", True)]
    assert await ok(scene.moderator, "delete_messages", **asked) == {"deletion": None, "count": 0}
    await house.hush()
    assert await ok(scene.moderator, "undo_deletion", deletion=deletion["deletion"]) == {"count": 3}
    for entry in scene.hearing:
        assert await changes(entry) == [(8, "2", False), (9, "3", False), (10, "4", False)]
    await nobody_hears("message_changed", *scene.deaf)


async def test_of_a_flood_one_event_is_told_and_sync_brings_the_rest(scene, house, member):
    await posted(member, scene.garden, 21)
    await house.hush()
    asked = {"room": scene.garden.pk, "user": member.pk, "since": BEGINNING}
    assert (await ok(scene.owner, "delete_messages", **asked))["count"] == 21
    for entry in scene.hearing:
        assert await changes(entry) == [(42, "", True)]
    pk = str(scene.garden.pk)
    synced = (await ok(scene.guest, "sync", rooms={pk: 21}))["changes"][pk]
    assert [bool(message["deleted_at"]) for message in synced["messages"]] == [True] * 21


async def test_staff_delete_and_undo_from_the_console_in_rooms_they_are_not_in(
    house, office, owner, member, outsider, den
):
    insider, stranger, entry = await house.enter(member), await house.enter(outsider), await office()
    message = await say(insider, den, "Secret")
    await house.hush()
    deleted = await ok(entry, "delete_message", message=message["id"], reason="Not here")
    assert await changes(insider) == [(2, "", True)]
    await ok(entry, "undo_deletion", deletion=deleted["deletion"])
    assert (await changes(insider))[1:] == [(3, "Secret", False)]
    await ok(entry, "delete_messages", room=den.pk, user=member.pk, since=BEGINNING)
    assert (await changes(insider))[2:] == [(4, "", True)]
    await nobody_hears("message_changed", stranger, entry)
    assert await notes() == [
        ("staff", "delete_message", "#1 in Den"),
        ("staff", "undo_deletion", "Den"),
        ("staff", "delete_messages", "member"),
    ]
    entries = await in_database(lambda: list(AuditEntry.objects.order_by("number")))
    assert {(each.face, each.room_id) for each in entries} == {("console", den.pk)}
    assert entries[0].reason == "Not here"
    assert "Secret" not in str([each.sealed_text() for each in entries])


async def test_undoing_comes_too_late_after_a_minute(scene):
    message = await say(scene.author, scene.garden)
    deletion = (await ok(scene.author, "delete_message", message=message["id"]))["deletion"]
    late = timezone.now() - timedelta(seconds=61)
    await in_database(Deletion.objects.filter(pk=deletion).update, at=late)
    assert (await refused(scene.author, "undo_deletion", deletion=deletion))["code"] == "conflict"
    await nobody_hears("message_changed", scene.author)


async def test_whose_messages_nobody_deletes(scene, owner, moderator, outsider):
    [message] = await posted(owner, scene.garden)
    asked = {"room": scene.garden.pk, "since": BEGINNING}
    expected = [
        (scene.moderator, owner.pk, "forbidden"),
        (scene.moderator, moderator.pk, "invalid"),
        (scene.author, owner.pk, "forbidden"),
        (scene.reader, owner.pk, "forbidden"),
        (scene.guest, owner.pk, "unauthenticated"),
        (scene.owner, 10**12, "not_found"),
    ]
    for entry, user, code in expected:
        assert (await refused(entry, "delete_messages", user=user, **asked))["code"] == code
    for entry in (scene.moderator, scene.author):
        assert (await refused(entry, "delete_message", message=message.pk))["code"] == "forbidden"
    for since in ("yesterday", "2026-03-01T09:30:00", datetime.now(UTC).timestamp()):
        error = await refused(scene.owner, "delete_messages", **{**asked, "user": owner.pk, "since": since})
        assert list(error["fields"]) == ["since"]
    await nobody_hears("message_changed", *scene.hearing, *scene.deaf)


# --- Removing -----------------------------------------------------------------------------------
async def test_who_is_removed_is_told_why_in_every_tab_and_nobody_else_is(scene, member):
    asked = {"room": scene.garden.pk, "user": member.pk, "reason": "Off topic"}
    await ok(scene.moderator, "remove_member", **asked)
    for tab in (scene.author, scene.other_tab):
        [notice] = await tab.received("notice")
        assert notice.pop("text").startswith("You were removed from \u2068Garden\u2069.")
        where = {"id": scene.garden.pk, "name": "Garden"}
        assert notice == {"level": "warning", "room": where, "reason": "Off topic"}
        assert await tab.received("room_removed") == [{"room": scene.garden.pk}]
    others = [scene.owner, scene.moderator, scene.reader, scene.guest, *scene.deaf]
    await nobody_hears("notice", *others)
    await nobody_hears("room_removed", *others)
    await ok(scene.moderator, "remove_member", **asked)
    assert len(await scene.author.received("notice")) == 1
    assert await notes() == [("moderator", "remove_member", "member")]


async def test_who_leaves_is_not_told_that_they_were_removed(scene):
    await ok(scene.author, "leave_room", room=scene.garden.pk)
    await nobody_hears("notice", scene.author, scene.other_tab)
    assert await notes() == []


async def test_staff_remove_people_with_a_reason(scene, office, member, owner, staff):
    entry = await office()
    asked = {"room": scene.garden.pk, "user": member.pk}
    assert list((await refused(entry, "remove_member", **asked))["fields"]) == ["reason"]
    assert list((await refused(entry, "remove_member", **asked, reason=" "))["fields"]) == ["reason"]
    assert await ok(entry, "remove_member", **asked, reason="Spam") == {}
    assert len(await scene.author.received("notice")) == 1
    yourself = await refused(entry, "remove_member", room=scene.garden.pk, user=staff.pk, reason="Me")
    assert list(yourself["fields"]) == ["user"]
    await in_database(User.objects.filter(pk=owner.pk).update, is_superuser=True)
    above = await refused(entry, "remove_member", room=scene.garden.pk, user=owner.pk, reason="Spam")
    assert above["code"] == "forbidden"
    await nobody_hears("notice", scene.owner)
    assert await notes() == [("staff", "remove_member", "member")]


# --- Roles --------------------------------------------------------------------------------------
async def test_who_is_given_a_role_hears_it_in_every_tab_and_may_at_once(scene, member, moderator):
    [spam] = await posted(moderator, scene.garden)
    assert (await refused(scene.author, "delete_message", message=spam.pk))["code"] == "forbidden"
    asked = {"room": scene.garden.pk, "user": member.pk}
    answer = await ok(scene.owner, "change_role", **asked, role="owner")
    assert (answer["room"]["id"], answer["room"]["role"]) == (scene.garden.pk, "owner")
    for tab in (scene.author, scene.other_tab):
        [told] = [each["room"] for each in await tab.received("room_changed")]
        assert (told["role"], told["may_manage"], told["may_moderate"]) == ("owner", True, True)
    await nobody_hears("room_changed", scene.moderator, scene.reader, scene.guest, *scene.deaf)
    await ok(scene.author, "delete_message", message=spam.pk)
    assert (await notes())[0] == ("owner", "change_role", "member")


async def test_who_gives_no_roles(scene, owner, member, moderator):
    asked = {"room": scene.garden.pk, "user": member.pk, "role": "moderator"}
    expected = [
        (scene.moderator, asked, "forbidden"),
        (scene.author, asked, "forbidden"),
        (scene.guest, asked, "unauthenticated"),
        (scene.owner, {**asked, "role": "king"}, "invalid"),
        (scene.owner, {**asked, "user": 10**12}, "not_found"),
        (scene.owner, {**asked, "user": owner.pk}, "conflict"),
    ]
    for entry, payload, code in expected:
        assert (await refused(entry, "change_role", **payload))["code"] == code, payload
    await nobody_hears("room_changed", *scene.hearing, *scene.deaf)
    assert await notes() == []


# --- Rooms from the console ---------------------------------------------------------------------
async def test_staff_archive_and_restore_a_room_at_once_for_all_who_hear_it(scene, house, office):
    entry = await office()
    for archived in (True, False):
        await house.hush()
        answer = await ok(entry, "archive_room", room=scene.garden.pk, archived=archived)
        assert answer["room"]["archived"] is archived
        assert not answer["room"].keys() & {"role", "unread"}
        for each in scene.hearing:
            assert [told["room"]["archived"] for told in await each.received("room_changed")] == [archived]
        await nobody_hears("room_changed", *scene.deaf)
        await ok(entry, "archive_room", room=scene.garden.pk, archived=archived)
        assert len(await scene.author.received("room_changed")) == 1
    assert await notes() == [("staff", "update_room", "Garden")] * 2


async def test_staff_make_a_room_read_only_and_slow(scene, office):
    entry = await office()
    answer = await ok(entry, "update_room", room=scene.garden.pk, read_only=True, slow_mode=30)
    assert (answer["room"]["read_only"], answer["room"]["slow_mode"]) == (True, 30)
    for each in scene.hearing:
        [told] = [told["room"] for told in await each.received("room_changed")]
        assert (told["read_only"], told["slow_mode"]) == (True, 30)
    [audited] = await in_database(lambda: list(AuditEntry.objects.all()))
    assert audited.before == {"read_only": False, "slow_mode": 0}
    assert audited.after == {"read_only": True, "slow_mode": 30}
    for wrong in (-1, 21_601):
        error = await refused(entry, "update_room", room=scene.garden.pk, slow_mode=wrong)
        assert list(error["fields"]) == ["slow_mode"]
    error = await refused(entry, "update_room", room=scene.garden.pk, name="Mine")
    assert list(error["fields"]) == ["name"]


async def test_owners_slow_their_own_room_down(scene):
    answer = await ok(scene.owner, "update_room", room=scene.garden.pk, slow_mode=10)
    assert answer["room"]["slow_mode"] == 10
    refusal = await refused(scene.moderator, "update_room", room=scene.garden.pk, slow_mode=0)
    assert refusal["code"] == "forbidden"


async def test_clearing_shows_members_and_visitors_out_and_leaves_those_who_keep_order(
    scene, house, office, owner
):
    entry = await office()
    answer = await ok(entry, "clear_room", room=scene.garden.pk)
    assert answer["room"]["members"] == 2
    gone = [scene.author, scene.other_tab, scene.reader, scene.guest]
    for each in gone:
        assert await each.received("room_removed") == [{"room": scene.garden.pk}]
        await nobody_hears("room_changed", each)
    for each in (scene.owner, scene.moderator):
        assert [told["room"]["members"] for told in await each.received("room_changed")] == [2]
    await nobody_hears("room_removed", scene.owner, scene.moderator, *scene.deaf)
    await house.hush()
    await say(scene.owner, scene.garden, "Quiet now")
    assert len(await scene.moderator.received("message_posted")) == 1
    await nobody_hears("message_posted", *gone)
    [audited] = await in_database(lambda: list(AuditEntry.objects.all()))
    assert (audited.action, audited.after) == ("clear_room", {"members": 1})


async def test_who_is_cleared_out_of_a_room_for_everybody_is_back_with_the_next_tab(
    house, office, member, lobby
):
    tab = await house.enter(member)
    await ok(await office(), "clear_room", room=lobby.pk)
    assert await tab.received("room_removed") == [{"room": lobby.pk}]
    again = await house.enter(member)
    assert await say(again, lobby, "Back")
    assert await in_database(Membership.objects.filter(room=lobby, user=member).exists)


async def test_the_console_hears_what_is_done(scene, house, office, member):
    await in_database(post, member, scene.garden)
    watcher = await office()
    await ok(scene.moderator, "delete_messages", room=scene.garden.pk, user=member.pk, since=BEGINNING)
    await ok(scene.owner, "change_role", room=scene.garden.pk, user=member.pk, role="moderator")
    await ok(scene.owner, "remove_member", room=scene.garden.pk, user=member.pk)
    heard = [(each["kind"], each["detail"]) for each in await watcher.received("activity")]
    for expected in (
        ("message_deleted", "1 of member"),
        ("change_role", "member: moderator"),
        ("remove_member", "member"),
    ):
        assert expected in heard
