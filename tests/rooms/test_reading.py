"""Rooms, the people in them, and history in pages."""

from itertools import chain

import pytest

from accounts.guests import Guest
from chatproject.errors import Invalid, NotFound
from rooms.events.payloads import member_count, message_payload
from rooms.models import Membership, Message
from rooms.operations.answers import ANSWER_BYTES
from rooms.operations.catching_up import changes_since
from rooms.operations.memberships import add_members, join_room, leave_room, remove_member
from rooms.operations.reading import Page, list_members, list_rooms, read_history
from rooms.operations.rooms import update_room
from tests.support.people import person, room

from .conftest import fill, post

pytestmark = pytest.mark.django_db


def seqs(found):
    return [message.seq for message in found]


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


def test_long_messages_come_in_shorter_pages_and_none_is_left_out(owner, lobby):
    long = "🎉" * 10_000
    for number in range(8):
        post(owner, lobby, long if number % 2 else str(number))
    Message.objects.filter(seq=5).update(html="x" * 2 * ANSWER_BYTES)  # alone more than fits
    everything = list(range(1, 9))
    backwards: list[list[int]] = []
    page = read_history(person=owner, room=lobby.pk)
    while True:
        backwards.insert(0, seqs(page.messages))
        if not page.has_more:
            break
        page = read_history(person=owner, room=lobby.pk, before=backwards[0][0])
    assert list(chain(*backwards)) == everything
    forwards: list[list[int]] = []
    page = Page([], True)
    while page.has_more:
        page = read_history(person=owner, room=lobby.pk, after=forwards[-1][-1] if forwards else 0)
        forwards.append(seqs(page.messages))
    assert list(chain(*forwards)) == everything
    for pages in (backwards, forwards):
        assert len(pages) >= 3
        assert [5] in pages


def test_around_a_message_are_fewer_if_they_are_long(owner, lobby):
    for _ in range(7):
        post(owner, lobby, "🎉" * 10_000)
    page = read_history(person=owner, room=lobby.pk, around=4)
    assert 4 in seqs(page.messages)
    assert seqs(page.messages) == list(range(page.messages[0].seq, page.messages[-1].seq + 1))
    assert 2 <= len(page.messages) <= 4
    assert page.has_more


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
