"""What `sync` answers: exactly what changed, each message once, in answers of a bounded size."""

from unittest import mock

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from rooms.events.payloads import message_payload
from rooms.models import Message, Room
from rooms.operations import catching_up
from rooms.operations.answers import ANSWER_BYTES
from rooms.operations.catching_up import changes_since
from rooms.operations.changing import react
from rooms.operations.deleting import delete_message
from rooms.operations.reading import list_rooms
from tests.support.people import room

from .conftest import fill, post, post_many

pytestmark = pytest.mark.django_db


def touch(message):
    """Changes a message as an edit will: a new version of the room is the message's own."""
    Room.objects.filter(pk=message.room_id).update(version=F("version") + 1)
    version = Room.objects.get(pk=message.room_id).version
    Message.objects.filter(pk=message.pk).update(version=version, body=f"version {version}")


def seqs(found):
    return [message.seq for message in found]


def changes(who, held):
    """What `sync` answers to who holds these versions: by room, and only its changes."""
    return changes_since(list_rooms(who, held), held)


# --- What changed -------------------------------------------------------------------------------
def test_nothing_changed_for_who_is_up_to_date(owner, lobby):
    post(owner, lobby)
    assert changes(owner, {lobby.pk: 1})[lobby.pk] == ([], 1, False)


def test_rooms_that_are_not_named_bring_no_changes(owner, lobby, den):
    post(owner, den)
    assert changes(owner, {lobby.pk: 0}).keys() == {lobby.pk}


def test_new_messages_come_in_order(owner, lobby):
    post_many(owner, lobby, 5)
    found = changes(owner, {lobby.pk: 2})[lobby.pk]
    assert (seqs(found.messages), found.version, found.reset) == ([3, 4, 5], 5, False)


def test_a_message_changed_twice_comes_once_in_its_latest_state(owner, lobby):
    first, *_ = post_many(owner, lobby, 3)
    touch(first)
    touch(first)
    found = changes(owner, {lobby.pk: 3})[lobby.pk]
    assert [(message.seq, message.body) for message in found.messages] == [(1, "version 5")]
    assert found.version == 5


def test_a_long_absence_is_caught_up_in_pages_by_version(owner, lobby):
    fill(owner, lobby, 250)
    touch(lobby.messages.get(seq=1))
    held, pages = 1, []
    while held < 251:
        found = changes(owner, {lobby.pk: held})[lobby.pk]
        assert not found.reset
        assert len(found.messages) <= catching_up.SYNC_PAGE
        assert found.version > held
        pages.append(seqs(found.messages))
        held = found.version
    assert len(pages) == 3
    assert sorted(seq for page in pages for seq in page) == list(range(1, 251))


def test_too_far_behind_is_a_reset_to_the_newest_page(owner, lobby, settings):
    settings.SYNC_LIMIT = 60
    fill(owner, lobby, 70)
    exactly = changes(owner, {lobby.pk: 10})[lobby.pk]
    assert not exactly.reset
    beyond = changes(owner, {lobby.pk: 9})[lobby.pk]
    assert (seqs(beyond.messages), beyond.version, beyond.reset) == (list(range(21, 71)), 70, True)


def test_the_limit_is_a_setting_and_zero_is_none(owner, lobby, settings):
    post_many(owner, lobby, 5)
    settings.SYNC_LIMIT = 4
    assert changes(owner, {lobby.pk: 0})[lobby.pk].reset
    settings.SYNC_LIMIT = 0
    assert not changes(owner, {lobby.pk: 0})[lobby.pk].reset


def test_a_version_from_the_future_is_a_reset(owner, lobby):
    post_many(owner, lobby, 2)
    found = changes(owner, {lobby.pk: 3})[lobby.pk]
    assert (seqs(found.messages), found.version, found.reset) == ([1, 2], 2, True)


def test_one_answer_is_bounded_over_all_rooms(owner, settings):
    rooms = [room(f"room-{number}", owner=owner) for number in range(6)]
    for each in rooms:
        fill(owner, each, 8)
    ahead, behind = rooms[0].pk, rooms[1].pk
    held = {each.pk: 0 for each in rooms} | {ahead: 99}
    with mock.patch.multiple(catching_up, SYNC_PAGE=4, SYNC_TOTAL=10, PAGE=4):
        settings.SYNC_LIMIT = 6
        assert sum(len(found.messages) for found in changes(owner, held).values()) <= 10
        settings.SYNC_LIMIT = 500
        for _ in range(20):
            found = changes(owner, held)
            assert sum(len(each.messages) for each in found.values()) <= 10
            held = {pk: each.version for pk, each in found.items()}
    assert set(held.values()) == {8}
    assert held[behind] == 8


def test_a_room_that_did_not_fit_in_is_never_taken_for_reached(owner, lobby):
    post_many(owner, lobby, 3)
    with mock.patch.multiple(catching_up, SYNC_TOTAL=0):
        assert changes(owner, {lobby.pk: 1})[lobby.pk] == ([], 1, False)
        assert changes(owner, {lobby.pk: 7})[lobby.pk] == ([], 0, True)


def test_long_messages_come_in_several_answers_and_none_is_left_out(owner, lobby, den):
    for each in (lobby, den):
        for number in range(8):
            post(owner, each, "🎉" * 10_000 if number % 2 else str(number))
    Message.objects.filter(room=den, seq=5).update(html="x" * 2 * ANSWER_BYTES)  # alone more than fits
    held = {lobby.pk: 0, den.pk: 0}
    told = []
    for _ in range(10):
        found = changes(owner, held)
        said = sum(len(m.body.encode() + m.html.encode()) for each in found.values() for m in each.messages)
        lone = sum(len(each.messages) for each in found.values()) == 1
        assert said <= ANSWER_BYTES or lone
        told += [(pk, m.seq) for pk, each in found.items() for m in each.messages]
        held = {pk: each.version for pk, each in found.items()}
    assert set(held.values()) == {8}
    assert sorted(told) == sorted((each.pk, seq) for each in (lobby, den) for seq in range(1, 9))


def test_a_reset_of_long_messages_is_a_shorter_newest_page(owner, lobby, settings):
    settings.SYNC_LIMIT = 2
    for _ in range(8):
        post(owner, lobby, "🎉" * 10_000)
    found = changes(owner, {lobby.pk: 1})[lobby.pk]
    assert (seqs(found.messages), found.version, found.reset) == ([6, 7, 8], 8, True)


def test_what_changed_is_told_with_its_reactions(owner, member, lobby):
    first, second = post_many(owner, lobby, 2)
    react(person=member, message=first.pk, emoji="👍", on=True)
    delete_message(person=owner, message=second.pk)
    found = [message_payload(message) for message in changes(owner, {lobby.pk: 2})[lobby.pk].messages]
    assert [(each["seq"], each["version"]) for each in found] == [(1, 3), (2, 4)]
    assert found[0]["reactions"] == [{"emoji": "👍", "users": [member.pk]}]
    assert found[1]["deleted_at"] and found[1]["body"] == ""


# --- Cost ---------------------------------------------------------------------------------------
def test_two_hundred_rooms_cost_a_query_for_each_that_changed(owner, lobby, django_assert_num_queries):
    rooms = [room(f"room-{number}", owner=owner) for number in range(200)]
    changed = rooms[::50]
    for each in changed:
        message = post(owner, each)
        react(person=owner, message=message.pk, emoji="👍", on=True)
    held = {each.pk: 0 for each in rooms}
    places = list_rooms(owner, held)
    with django_assert_num_queries(len(changed) + 1):
        found = changes_since(places, held)
        told = [message_payload(message) for each in found.values() for message in each.messages]
    assert len(told) == len(changed)
    held |= {each.pk: 2 for each in changed}
    with django_assert_num_queries(0):
        assert all(each.messages == [] for each in changes_since(places, held).values())


def test_what_would_not_fit_in_any_more_is_not_read(owner, django_assert_num_queries):
    rooms = [room(f"room-{number}", owner=owner) for number in range(6)]
    for each in rooms:
        post_many(owner, each, 2)
    Message.objects.update(html="x" * (ANSWER_BYTES // 3))
    held = {each.pk: 0 for each in rooms}
    places = list_rooms(owner, held)
    with django_assert_num_queries(2 + 1):
        found = changes_since(places, held)
    assert sorted(seqs(each.messages) for each in found.values()) == [[], [], [], [], [], [1, 2]]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="it reads SQLite's plans")
@pytest.mark.parametrize("version", [0, 29], ids=["reset", "changes"])
def test_no_table_is_read_or_sorted_for_what_changed(owner, lobby, settings, version):
    settings.SYNC_LIMIT = 20
    fill(owner, lobby, 30)
    held = {lobby.pk: version}
    places = list_rooms(owner, held)
    with CaptureQueriesContext(connection) as captured:
        assert changes_since(places, held)[lobby.pk].reset == (version == 0)
    messages, reactions = [plan_of(query["sql"]) for query in captured.captured_queries]
    searched = "(room_id=?)" if version == 0 else "(room_id=? AND version>?)"
    assert messages[0].startswith("SEARCH") and messages[0].endswith(searched)
    assert reactions[0].startswith("SEARCH") and reactions[0].endswith("(message_id=?)")
    assert not any(step.startswith(("SCAN", "USE TEMP B-TREE")) for step in messages)


def plan_of(sql):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [step for *_, step in cursor.fetchall()]


def test_what_is_committed_while_sync_reads_is_not_missed(owner, lobby):
    post_many(owner, lobby, 2)
    places = list_rooms(owner)
    post(owner, lobby)
    found = changes_since(places, {lobby.pk: 2, **{place.room.pk: 2 for place in places}})[lobby.pk]
    assert found.version in {2, 3}
    again = changes(owner, {lobby.pk: found.version})[lobby.pk]
    assert seqs(found.messages) + seqs(again.messages) == [3]
