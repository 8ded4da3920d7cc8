"""History in pages, and catching up: a client that applies what `sync` says is never wrong."""

from unittest import mock
from uuid import uuid4

import pytest
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.guests import Guest
from chatproject.errors import Invalid, NotFound
from rooms.events.payloads import MessagePayload, member_count, message_payload
from rooms.models import Membership, Message, Room
from rooms.operations import reading
from rooms.operations.memberships import add_members, join_room, leave_room, remove_member
from rooms.operations.reading import changes_since, list_members, list_rooms, newest_page, read_history
from rooms.operations.rooms import update_room
from tests.support.people import person, room

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


# --- History ------------------------------------------------------------------------------------
@pytest.fixture
def talk(owner, lobby):
    fill(owner, lobby, 10)
    return lobby


@pytest.mark.parametrize(
    ("asked", "expected", "has_more"),
    [
        ({}, [8, 9, 10], True),
        ({"before": 8}, [5, 6, 7], True),
        ({"before": 4}, [1, 2, 3], False),
        ({"before": 1}, [], False),
        ({"before": 0}, [], False),
        ({"before": 2**62}, [8, 9, 10], True),
        ({"after": 0}, [1, 2, 3], True),
        ({"after": 3}, [4, 5, 6], True),
        ({"after": 7}, [8, 9, 10], False),
        ({"after": 10}, [], False),
        ({"around": 5}, [4, 5, 6], True),
        ({"around": 10}, [9, 10], True),
        ({"around": 1}, [1, 2], True),
        ({"around": 99}, [10], True),
    ],
)
def test_a_page_of_three_messages(member, talk, asked, expected, has_more):
    page = read_history(person=member, room=talk.pk, limit=3, **asked)
    assert (seqs(page.messages), page.has_more) == (expected, has_more)


@pytest.mark.parametrize(
    "bounds", [{"before": 1, "after": 1}, {"after": 1, "around": 1}, {"before": 0, "after": 0, "around": 0}]
)
def test_only_one_bound_can_be_asked_for(member, talk, bounds):
    with pytest.raises(Invalid):
        read_history(person=member, room=talk.pk, **bounds)


def test_a_page_has_fifty_messages_and_never_more_than_a_hundred(owner, lobby):
    fill(owner, lobby, 105)
    assert seqs(read_history(person=owner, room=lobby.pk).messages) == list(range(56, 106))
    for bound in ({}, {"before": 2**40}, {"after": 0}, {"around": 53}):
        page = read_history(person=owner, room=lobby.pk, limit=5000, **bound)
        assert len(page.messages) == 100
        assert page.has_more


def test_pages_put_together_are_the_whole_history(member, talk):
    found: list[int] = []
    before = None
    while True:
        page = read_history(person=member, room=talk.slug, limit=4, before=before)
        found = seqs(page.messages) + found
        if not page.has_more:
            break
        before = found[0]
    assert found == list(range(1, 11))


def test_history_is_read_by_who_may_read_the_room(owner, outsider, guest, lobby, den):
    post(owner, lobby, "Public")
    post(owner, den, "Private")
    for who in (outsider, guest):
        assert read_history(person=who, room=lobby.pk).messages[0].body == "Public"
        with pytest.raises(NotFound):
            read_history(person=who, room=den.pk)


def test_a_page_takes_the_same_few_queries_however_long_it_is(
    owner, guest, lobby, django_assert_max_num_queries
):
    fill(owner, lobby, 30)
    for who in (owner, guest):
        with django_assert_max_num_queries(4):
            for message in read_history(person=who, room=lobby.pk).messages:
                message_payload(message)


# --- Which rooms --------------------------------------------------------------------------------
def names(who, named=()):
    return [place.room.slug for place in list_rooms(who, named)]


def test_a_persons_rooms_are_those_they_belong_to_and_those_they_name(owner, outsider, lobby, den):
    public = room("public", owner=owner)
    assert names(owner) == ["den", "lobby", "public"]
    assert names(outsider) == []
    assert names(outsider, [public.pk, den.pk, 10**12]) == ["public"]


def test_a_guests_rooms_are_those_open_to_guests(guest, lobby, den):
    room("public")
    assert names(guest) == ["lobby"]
    assert names(guest, [den.pk]) == ["lobby"]


def test_a_room_that_is_gone_for_somebody_is_missing(owner, member, den):
    assert "den" in names(member, [den.pk])
    remove_member(person=owner, room=den.pk, user=member.pk)
    assert names(member, [den.pk]) == []
    assert changes(member, {den.pk: 0}) == {}


def test_a_room_that_closes_to_guests_is_missing_for_them(owner, guest, lobby):
    assert names(guest, [lobby.pk]) == ["lobby"]
    update_room(person=owner, room=lobby.pk, guests_may_read=False)
    assert names(guest, [lobby.pk]) == []


def test_a_public_room_that_was_left_stays_while_it_is_named(owner, member, lobby):
    public = room("public", owner=owner)
    join_room(person=member, room=public.pk)
    leave_room(person=member, room=public.pk)
    assert names(member) == ["lobby"]
    assert "public" in names(member, [public.pk])


def test_listing_rooms_takes_the_same_few_queries_for_one_room_and_for_twenty(
    owner, lobby, django_assert_max_num_queries
):
    for number in range(20):
        room(f"room-{number}", owner=owner)
    held = {place.room.pk: 0 for place in list_rooms(owner)}
    with django_assert_max_num_queries(4):
        places = list_rooms(owner, held)
        assert changes_since(places, held).keys() == held.keys()
    with django_assert_max_num_queries(0):
        assert {place.room.slug: member_count(place.room) for place in places}["lobby"] == 2


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
        assert len(found.messages) <= reading.SYNC_PAGE
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
    with mock.patch.multiple(reading, SYNC_PAGE=4, SYNC_TOTAL=10, PAGE=4):
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
    with mock.patch.multiple(reading, SYNC_TOTAL=0):
        assert changes(owner, {lobby.pk: 1})[lobby.pk] == ([], 1, False)
        assert changes(owner, {lobby.pk: 7})[lobby.pk] == ([], 0, True)


def test_what_is_committed_while_sync_reads_is_not_missed(owner, lobby):
    post_many(owner, lobby, 2)
    places = list_rooms(owner)
    post(owner, lobby)
    found = changes_since(places, {lobby.pk: 2, **{place.room.pk: 2 for place in places}})[lobby.pk]
    assert found.version in {2, 3}
    again = changes(owner, {lobby.pk: found.version})[lobby.pk]
    assert seqs(found.messages) + seqs(again.messages) == [3]


class Client:
    """What a client keeps of one room: messages by seq, complete from `oldest` on, up to `version`."""

    def __init__(self, who, room):
        self.who, self.room = who, room
        self.version = Room.objects.get(pk=room.pk).version
        self.start_from(newest_page(room, reading.PAGE).messages)

    def start_from(self, messages):
        self.messages: dict[int, MessagePayload] = {}
        self.merge(messages)
        self.oldest = min(self.messages, default=1)

    def merge(self, messages):
        self.messages |= {message.seq: message_payload(message) for message in messages}

    def sync(self):
        """Asks until the room's version is reached; each answer must bring it nearer."""
        for _ in range(50):
            [place] = [each for each in list_rooms(self.who, [self.room.pk]) if each.room == self.room]
            found = changes_since([place], {self.room.pk: self.version})[self.room.pk]
            assert seqs(found.messages) == sorted(set(seqs(found.messages)))
            if found.reset:
                self.start_from(found.messages)
            else:
                self.merge(found.messages)
            assert found.reset or found.version > self.version or self.version == place.room.version
            self.version = found.version
            if self.version >= place.room.version:
                return
        raise AssertionError("never caught up")


def fresh(who, room):
    """The whole room as a client that opens it now reads it."""
    found: list[Message] = []
    page = reading.Page([], True)
    while page.has_more:
        page = read_history(person=who, room=room.pk, after=found[-1].seq if found else 0)
        found += page.messages
    return {message.seq: message_payload(message) for message in found}


happenings = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.integers(1, 4)),
        st.tuples(st.just("touch"), st.integers(0, 1000)),
        st.tuples(st.just("sync"), st.integers(0, 1)),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(happenings=happenings)
def test_a_client_that_syncs_now_and_then_holds_what_a_fresh_one_reads(owner, guest, happenings, settings):
    settings.SYNC_LIMIT = 7
    talk = room(f"talk-{uuid4().hex}", owner=owner, guests_may_read=True)
    with mock.patch.multiple(reading, SYNC_PAGE=3, SYNC_TOTAL=5, PAGE=4):
        clients = [Client(owner, talk), Client(guest, talk)]
        for kind, number in happenings:
            if kind == "post":
                fill(owner, talk, number)
            elif kind == "touch" and (found := list(talk.messages.all())):
                touch(found[number % len(found)])
            elif kind == "sync":
                clients[number].sync()
        for client in clients:
            client.sync()
            truth = fresh(client.who, talk)
            assert {seq: truth[seq] for seq in client.messages} == client.messages
            assert client.messages.keys() >= {seq for seq in truth if seq >= client.oldest}
            assert client.version == Room.objects.get(pk=talk.pk).version


# --- Who is there -------------------------------------------------------------------------------
def test_members_are_listed_by_name_with_their_role(owner, member, lobby):
    zoe = person("zoe", display_name="adam")
    gone = person("gone", is_active=False)
    Membership.objects.create(room=lobby, user=gone)
    add_members(person=owner, room=lobby.pk, users=[zoe.pk])
    listed = [(each.user.name, each.role) for each in list_members(lobby)]
    assert listed == [("adam", "member"), ("member", "member"), ("owner", "owner")]


def test_a_guest_without_a_session_reads_what_guests_read(lobby):
    assert names(Guest(name="", key="")) == ["lobby"]
