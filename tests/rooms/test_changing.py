"""Editing and reacting: a version for each change and none for what changes nothing; who may."""

from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from accounts.guests import Guest
from chatproject.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from rooms.events.payloads import message_payload
from rooms.models import Message, Room
from rooms.namespaces.locks import RoomOf, take_locks
from rooms.operations.catching_up import changes_since
from rooms.operations.changing import MOST_EMOJI, edit_message, react
from rooms.operations.deleting import delete_message
from rooms.operations.memberships import add_members, join_room, remove_member
from rooms.operations.posting import Post, post_messages, text_of
from rooms.operations.reading import list_rooms, newest_page
from rooms.operations.revisions import read_revisions
from rooms.operations.rooms import update_room
from tests.support.people import room

from .conftest import at_once, post, post_many

pytestmark = pytest.mark.django_db

CLOSED = pytest.mark.parametrize("closed", [{"archived": True}, {"read_only": True}], ids="".join)


def counters(room):
    room.refresh_from_db()
    return room.last_seq, room.version


def in_full(message):
    return Message.objects.in_full().get(pk=message.pk)


def told(message):
    """What everybody is told of a message by now."""
    return message_payload(in_full(message))


def bodies(person, message):
    return [revision.body for revision in read_revisions(person=person, message=message.pk)]


# --- Editing ------------------------------------------------------------------------------------
def test_an_edit_is_a_change_of_the_message_in_its_place(owner, lobby):
    first, _ = post_many(owner, lobby, 2)
    edited = edit_message(person=owner, message=first.pk, body="*new*")
    stored = in_full(first)
    assert (stored.body, stored.html) == ("*new*", "<p><em>new</em></p>\n")
    assert (stored.seq, stored.version, stored.created_at) == (1, 3, first.created_at)
    assert stored.edited_at and stored.edited_at > stored.created_at
    assert counters(lobby) == (2, 3)
    assert message_payload(edited) == message_payload(stored)


def test_the_same_text_again_is_no_change(owner, lobby):
    message = post(owner, lobby, "same")
    again = edit_message(person=owner, message=message.pk, body="same")
    assert (again.edited_at, again.version) == (None, 1)
    assert counters(lobby) == (1, 1)
    assert bodies(owner, message) == []


def test_only_the_author_edits(owner, member, outsider, staff, guest, lobby):
    message = post(member, lobby)
    assert Room.objects.visible_to(outsider).contains(lobby)
    for who in (owner, outsider, staff, guest):
        with pytest.raises(Forbidden):
            edit_message(person=who, message=message.pk, body="not mine")
    assert counters(lobby) == (1, 1)


def test_a_guest_edits_what_was_posted_in_the_same_session(guest, lobby):
    message = post(guest, lobby)
    namesake = Guest(name=guest.name, key="1" * 32)
    visitor = Guest(name="", key="")
    for who in (namesake, visitor):
        with pytest.raises(Forbidden):
            edit_message(person=who, message=message.pk, body="not mine")
    assert edit_message(person=guest, message=message.pk, body="mine").body == "mine"


def test_a_visitor_without_a_session_is_not_the_author_of_peoples_messages(owner, lobby):
    message = post(owner, lobby)
    assert message.guest_key == ""
    with pytest.raises(Forbidden):
        edit_message(person=Guest(name="", key=""), message=message.pk, body="mine")


@CLOSED
def test_nobody_edits_or_reacts_where_nobody_posts(owner, member, lobby, closed):
    message = post(member, lobby)
    update_room(person=owner, room=lobby.pk, **closed)
    with pytest.raises(Forbidden):
        edit_message(person=member, message=message.pk, body="later")
    with pytest.raises(Forbidden):
        react(person=member, message=message.pk, emoji="👍", on=True)
    assert counters(lobby) == (1, 1)


def test_who_is_no_member_any_more_edits_nothing_there(owner, member, den):
    public = room("public", owner=owner, members=(member,))
    for place, refusal in ((public, Forbidden), (den, NotFound)):
        message = post(member, place)
        remove_member(person=owner, room=place.pk, user=member.pk)
        with pytest.raises(refusal):
            edit_message(person=member, message=message.pk, body="still here")
        assert counters(place) == (1, 1)


@pytest.mark.parametrize("body", ["", " \n", "x" * 10_001, "a\0b", "\ud83d"])
def test_an_edit_is_checked_as_a_post_is(owner, lobby, body):
    message = post(owner, lobby)
    with pytest.raises(Invalid) as error:
        edit_message(person=owner, message=message.pk, body=body)
    assert error.value.details["fields"].keys() == {"body"}
    assert in_full(message).body == "Hello"


def test_what_is_not_there_or_not_to_be_seen_is_not_found(owner, outsider, guest, den):
    message = post(owner, den)
    changes: list[Callable[..., object]] = [partial(edit_message, body="x"), read_revisions]
    for_people: Callable[..., object] = partial(react, emoji="👍", on=True)
    for who, pk in ((outsider, message.pk), (owner, 10**12), (owner, 2**63 - 1), (guest, message.pk)):
        for act in changes if who is guest else [*changes, for_people]:
            with pytest.raises(NotFound) as error:
                act(person=who, message=pk)
            assert "message" in str(error.value)


# --- Reactions ----------------------------------------------------------------------------------
def reactions(message):
    return [(each["emoji"], each["users"]) for each in told(message)["reactions"]]


def test_reactions_are_told_in_the_order_in_which_each_emoji_first_came(owner, member, lobby):
    message = post(owner, lobby)
    for who, emoji in ((owner, "🎉"), (member, "👍"), (owner, "👍"), (member, "🎉")):
        now = react(person=who, message=message.pk, emoji=emoji, on=True)
    assert reactions(message) == [("🎉", [owner.pk, member.pk]), ("👍", [member.pk, owner.pk])]
    assert message_payload(now) == told(message)
    react(person=owner, message=message.pk, emoji="🎉", on=False)
    react(person=member, message=message.pk, emoji="🎉", on=False)
    assert reactions(message) == [("👍", [member.pk, owner.pk])]
    assert counters(lobby) == (1, 7)


def test_the_same_again_changes_nothing(owner, lobby):
    message = post(owner, lobby)
    for on, version in ((False, 1), (True, 2), (True, 2), (False, 3), (False, 3)):
        react(person=owner, message=message.pk, emoji="👍", on=on)
        assert counters(lobby) == (1, version)


def test_an_emoji_is_one_whether_or_not_a_program_asks_for_its_picture(owner, member, lobby):
    message = post(owner, lobby)
    react(person=owner, message=message.pk, emoji="❤️", on=True)
    react(person=member, message=message.pk, emoji="❤", on=True)
    assert reactions(message) == [("❤️", [owner.pk, member.pk])]
    react(person=owner, message=message.pk, emoji="❤", on=False)
    assert reactions(message) == [("❤️", [member.pk])]


def test_a_message_has_only_so_many_different_emoji(owner, member, lobby):
    message = post(owner, lobby)
    for number in range(MOST_EMOJI):
        react(person=owner, message=message.pk, emoji=chr(0x1F600 + number), on=True)
    with pytest.raises(Conflict):
        react(person=owner, message=message.pk, emoji="🎉", on=True)
    assert len(reactions(message)) == MOST_EMOJI
    react(person=member, message=message.pk, emoji="😀", on=True)
    assert reactions(message)[0] == ("😀", [owner.pk, member.pk])


def test_the_reactions_of_a_deleted_account_are_gone_and_who_syncs_learns_of_it(owner, member, lobby, den):
    messages = post_many(owner, lobby, 3)
    for message in messages[:2]:
        react(person=member, message=message.pk, emoji="👍", on=True)
        react(person=member, message=message.pk, emoji="🎉", on=True)
    react(person=owner, message=messages[0].pk, emoji="👍", on=True)
    assert counters(lobby) == (3, 8)
    member.delete()
    assert reactions(messages[0]) == [("👍", [owner.pk])]
    assert reactions(messages[1]) == []
    assert counters(lobby) == (3, 10)
    found = changes_since(list_rooms(owner), {lobby.pk: 8})[lobby.pk]
    assert [(message.seq, message.version) for message in found.messages] == [(1, 9), (2, 10)]
    assert counters(den) == (0, 0)


def test_guests_do_not_react_and_who_only_reads_along_neither(outsider, owner, guest, lobby):
    message = post(owner, lobby)
    with pytest.raises(Unauthenticated):
        react(person=guest, message=message.pk, emoji="👍", on=True)
    with pytest.raises(Forbidden):
        react(person=outsider, message=message.pk, emoji="👍", on=True)
    join_room(person=outsider, room=lobby.pk)
    assert react(person=outsider, message=message.pk, emoji="👍", on=True).version == 2


@pytest.mark.parametrize("emoji", ["", "a", "1", "👍👍", "👍 ", "<b>", "\u200d", "🇩", "👍" + "\u200d👍" * 20])
def test_a_reaction_is_one_emoji(owner, lobby, emoji):
    message = post(owner, lobby)
    with pytest.raises(Invalid) as error:
        react(person=owner, message=message.pk, emoji=emoji, on=True)
    assert error.value.details["fields"].keys() == {"emoji"}
    assert counters(lobby) == (1, 1)


def test_a_repeated_post_shows_how_the_message_is_by_now(owner, member, lobby):
    message = post(owner, lobby)
    react(person=member, message=message.pk, emoji="👍", on=True)
    edit_message(person=owner, message=message.pk, body="edited")
    again = post(owner, lobby, "Hello", message.client_id)
    assert message_payload(again) == told(message)
    assert again.body == "edited"


def test_a_page_with_reactions_takes_as_many_queries_as_one_without(owner, lobby, django_assert_num_queries):
    messages = post_many(owner, lobby, 10)
    with django_assert_num_queries(2):
        before = [message_payload(message) for message in newest_page(lobby).messages]
    for message in messages:
        react(person=owner, message=message.pk, emoji="👍", on=True)
    with django_assert_num_queries(2):
        after = [message_payload(message) for message in newest_page(lobby).messages]
    assert [len(each["reactions"]) for each in before + after] == [0] * 10 + [1] * 10


def test_what_is_posted_costs_no_look_for_reactions(owner, lobby, django_assert_num_queries):
    post = Post(person=owner, room=lobby.pk, client_id=uuid4(), text=text_of("Hi"))
    [message] = post_messages([post])
    assert isinstance(message, Message)
    with django_assert_num_queries(0):
        assert message_payload(message)["reactions"] == []


# --- Earlier bodies -----------------------------------------------------------------------------
def test_what_a_message_said_before_is_kept_for_its_author_and_the_staff(
    owner, member, outsider, staff, guest, lobby
):
    message = post(member, lobby, "one")
    edit_message(person=member, message=message.pk, body="two")
    edit_message(person=member, message=message.pk, body="three")
    assert bodies(member, message) == bodies(staff, message) == ["one", "two"]
    delete_message(person=owner, message=message.pk)
    assert bodies(member, message) == bodies(staff, message) == ["one", "two", "three"]
    until = [revision.until for revision in read_revisions(person=member, message=message.pk)]
    assert until == sorted(until)
    for who in (owner, outsider, guest):
        with pytest.raises(Forbidden):
            bodies(who, message)


def test_staff_do_not_read_there_what_they_may_not_read_in_the_room(owner, staff, den):
    message = post(owner, den, "one")
    with pytest.raises(NotFound):
        bodies(staff, message)
    add_members(person=owner, room=den.pk, users=[staff.pk])
    assert bodies(staff, message) == []


def test_staff_who_do_not_moderate_read_no_earlier_bodies(owner, staff, lobby):
    message = post(owner, lobby)
    staff.user_permissions.set(Permission.objects.filter(codename="use_console"))
    with pytest.raises(Forbidden):
        bodies(staff, message)


def test_very_long_earlier_bodies_come_in_a_bounded_answer(owner, lobby):
    message = post(owner, lobby, "x")
    for number in range(8):
        edit_message(person=owner, message=message.pk, body=f"{number}" + "🎉" * 9_999)
    assert [body[0] for body in bodies(owner, message)] == list("123456")


def test_a_guest_reads_their_own_earlier_bodies(guest, lobby):
    message = post(guest, lobby, "one")
    edit_message(person=guest, message=message.pk, body="two")
    assert bodies(guest, message) == ["one"]


# --- In the same moment -------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_changes_in_the_same_moment_get_a_version_each(owner, member, lobby):
    message = post(owner, lobby)

    def edit(person, number):
        for _ in range(5):
            react(person=person, message=message.pk, emoji="👍", on=True)
            react(person=person, message=message.pk, emoji="👍", on=False)
            post(person, lobby, str(number))

    assert at_once(*(partial(edit, (owner, member)[number % 2], number) for number in range(4))) == [None] * 4
    versions = list(Message.objects.filter(room=lobby).order_by("version").values_list("version", flat=True))
    assert len(set(versions)) == len(versions) == 21
    last_seq, version = counters(lobby)
    assert (last_seq, versions[-1]) == (21, version)


@pytest.mark.django_db(transaction=True)
def test_five_reactions_in_the_same_moment_are_one(owner, lobby):
    message = post(owner, lobby)
    at_once(*[partial(react, person=owner, message=message.pk, emoji="👍", on=True)] * 5)
    assert reactions(message) == [("👍", [owner.pk])]
    assert counters(lobby) == (1, 2)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no row locks")
def test_the_rooms_of_messages_are_locked_with_those_that_are_named(
    owner, lobby, den, django_assert_num_queries
):
    message = post(owner, lobby)
    with django_assert_num_queries(2) as captured:
        take_locks([RoomOf(message.pk), den.slug, RoomOf(10**12)])
    locked = captured[1]["sql"]
    assert locked.endswith("ORDER BY id FOR UPDATE")
    assert f"id IN ({lobby.pk})" in locked and den.slug in locked
