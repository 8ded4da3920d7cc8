"""Posting and reading many at a time: the same as one after the other, in as many queries as for one."""

import re
from functools import partial
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.guests import Guest
from chatproject.errors import DomainError, Forbidden, NotFound
from rooms.events import publications
from rooms.models import Membership, Message, Room, together
from rooms.models.together import NewMessage, lock_rooms, memberships_of
from rooms.operations.access import find, find_all
from rooms.operations.marking import Reading, mark_reads
from rooms.operations.messages import mark_read, post_message
from rooms.operations.posting import Post, post_messages, text_of
from tests.support.people import person, room

from .conftest import post

pytestmark = pytest.mark.django_db

VISITOR = Guest(name="", key="")
NAMELESS = Guest(name="", key="2" * 32)


@pytest.fixture
def people(owner, member, outsider, staff, guest):
    return [owner, member, outsider, staff, guest, Guest(name="Gus", key="1" * 32), NAMELESS, VISITOR]


@pytest.fixture
def keys(owner, member, lobby, den):
    """What rooms can be called, by all their kinds; some of it means nothing."""
    closed = room("closed", owner=owner, members=(member,), archived=True)
    silent = room("silent", owner=owner, guests_may_read=True, guests_may_post=True, read_only=True)
    named = [(each.pk, each.slug, str(each.pk)) for each in (lobby, den, closed, silent)]
    return [key for names in named for key in names] + [10**12, 2**70, str(2**70), "nowhere", "٣"]


@pytest.fixture
def told(monkeypatch):
    """What was published, less what the database chooses."""
    seen = []

    def publish(event, payload, **options):
        if event != "activity":
            message = {
                name: value for name, value in payload.get("message", {}).items() if name not in VARIABLE
            }
            seen.append((event, {**payload, "message": message}, options))

    monkeypatch.setattr(publications, "publish", publish)
    return seen


VARIABLE = {"id", "created_at"}


def said(outcome):
    """What came of a post."""
    if isinstance(outcome, DomainError):
        return outcome.payload()
    return [getattr(outcome, name) for name in NewMessage._fields if name not in VARIABLE]


def left_unread(outcome):
    """What came of a mark. Who marks twice has one place in the end: what each was told counts."""
    return outcome.payload() if isinstance(outcome, DomainError) else outcome.unread


def stored():
    """All that is in the tables, less what the database chooses."""
    messages = [said(message) for message in Message.objects.order_by("room", "seq")]
    rooms = list(Room.objects.order_by("pk").values_list("last_seq", "version"))
    return messages, rooms, list(Membership.objects.order_by("pk").values_list("user", "room", "last_read"))


def post_of(*, body, **asked):
    return Post(text=text_of(body), **asked)


def outcome_of(operation, **asked):
    try:
        return operation(**asked)
    except DomainError as error:
        return error


def taken_back(act, told, tell):
    """What `act` gives, leaves in the tables and tells, before it is all rolled back."""
    del told[:]
    with transaction.atomic():
        result = [tell(outcome) for outcome in act()], stored(), [*told]
        transaction.set_rollback(True)
    return result


def as_one(post_one, asked):
    return [outcome_of(post_one, **each) for each in asked]


@pytest.mark.usefixtures("no_tracebacks")
def test_many_posts_are_what_one_after_the_other_are(people, keys, lobby, den, owner, guest, told):
    earlier = [post(owner, lobby), post(owner, den), post(guest, lobby)]
    client_ids = [message.client_id for message in earlier] + [UUID(int=number) for number in range(3)]
    posts = st.fixed_dictionaries(
        {
            "person": st.sampled_from(people),
            "room": st.sampled_from(keys),
            "client_id": st.sampled_from(client_ids),
            "body": st.sampled_from(["Hello", "*you*"]),
            "reply_to": st.sampled_from([None, None, *(message.pk for message in earlier), 10**12]),
        }
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(posts, max_size=12))
    def check(asked):
        def together():
            return post_messages([post_of(**each) for each in asked])

        one_by_one = taken_back(partial(as_one, post_message, asked), told, said)
        assert taken_back(together, told, said) == one_by_one

    check()


@pytest.mark.usefixtures("no_tracebacks")
def test_many_marks_are_what_one_after_the_other_are(people, keys, lobby, den, owner, told):
    for number in range(4):
        post(owner, (lobby, den)[number % 2])
    marks = st.fixed_dictionaries(
        {
            "person": st.sampled_from(people),
            "room": st.sampled_from(keys),
            "seq": st.integers(0, 4) | st.just(2**63 - 1),
        }
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(marks, max_size=12))
    def check(asked):
        def together():
            return mark_reads([Reading(**each) for each in asked])

        one_by_one = taken_back(partial(as_one, mark_read, asked), told, left_unread)
        assert taken_back(together, told, left_unread) == one_by_one

    check()


def test_a_room_is_found_together_exactly_where_it_is_found_alone(people, keys):
    asked = [(who, key) for who in people for key in keys]
    for (who, key), place in zip(asked, find_all(asked), strict=True):
        assert Room.objects.visible_to(who).named(key).exists() == (place is not None), (who, key)
        if place is not None:
            assert place == find(who, key)
            assert place.room.may_be_read_by(who, place.membership)


def test_the_messages_columns_are_all_there_in_their_order():
    """Who adds a column says here what it is for a new message."""
    assert ["id", *NewMessage._fields] == [field.attname for field in Message._meta.concrete_fields]


def test_what_is_read_of_a_room_and_its_members_stands_in_its_place(owner, lobby):
    (found,) = lock_rooms([lobby.slug])
    membership = memberships_of([(lobby.pk, owner.pk)])[lobby.pk, owner.pk]
    for partly in (found, membership, membership.user):
        wholly = type(partly)._default_manager.get(pk=partly.pk)
        known = set(partly.__dict__) - {"_state"}
        assert known
        assert [getattr(partly, name) for name in known] == [getattr(wholly, name) for name in known]


def test_nothing_at_all_is_asked_for():
    assert (post_messages([]), mark_reads([]), find_all([]), lock_rooms([])) == ([], [], [], [])


# --- Cost -----------------------------------------------------------------------------------------
@pytest.fixture
def crowd(owner):
    rooms = [room(f"room-{number}", owner=owner) for number in range(5)]
    crowd = [person(f"person-{number}") for number in range(10)]
    Membership.objects.bulk_create(Membership(room=each, user=who) for each in rooms for who in crowd)
    return rooms, crowd


def queries_of(act):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        act()
    return [query["sql"] for query in captured.captured_queries]


def some_posts(crowd, count):
    rooms, people = crowd
    return [
        Post(
            person=people[number % len(people)],
            room=rooms[number % len(rooms)].pk,
            client_id=uuid4(),
            text=text_of("Hello"),
        )
        for number in range(count)
    ]


def test_many_posts_take_as_many_queries_as_one(crowd):
    one = queries_of(lambda: post_messages(some_posts(crowd, 1)))
    many = queries_of(lambda: post_messages(some_posts(crowd, 40)))
    assert len(one) == len(many) == 7


def test_many_marks_take_as_many_queries_as_one(crowd):
    post_messages(some_posts(crowd, 40))
    rooms, people = crowd
    one = [Reading(person=people[0], room=rooms[1].pk, seq=1)]
    many = [Reading(person=who, room=each.slug, seq=3) for who in people for each in rooms]
    assert len(queries_of(lambda: mark_reads(one))) == len(queries_of(lambda: mark_reads(many))) == 3


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="it reads SQLite's plans")
def test_no_table_is_read_from_one_end_to_the_other(crowd, lobby, guest):
    posts = some_posts(crowd, 5)
    visitors = [Post(person=guest, room=lobby.slug, client_id=uuid4(), text=text_of("Hi"))]
    looked_up = [sql for sql in queries_of(lambda: post_messages(posts + visitors)) if "SELECT" in sql]
    assert len(looked_up) == 5
    for sql in looked_up:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = [line for *_, line in cursor.fetchall()]
        # `asked` holds what was asked for, and is no table.
        assert [line for line in plan if re.match("SCAN (?!asked|.*CONSTANT)", line)] == []


# --- One fails, the others do not -----------------------------------------------------------------
def test_one_that_is_refused_uses_up_no_number_of_the_others(owner, outsider, lobby, den):
    asked = [(owner, lobby), (outsider, lobby), (outsider, den), (owner, lobby)]
    posts = [Post(person=who, room=each.pk, client_id=uuid4(), text=text_of("Hi")) for who, each in asked]
    first, no_member, unseen, last = post_messages(posts)
    assert isinstance(first, Message) and isinstance(last, Message)
    assert (first.seq, last.seq) == (1, 2)
    assert (type(no_member), type(unseen)) == (Forbidden, NotFound)


def test_each_message_has_its_own_id_in_whatever_order_the_database_gives_them(
    owner, lobby, den, monkeypatch
):
    fetch = together._fetch

    def backwards(statement, values):
        rows = fetch(statement, values)
        return rows[::-1] if statement.startswith("INSERT") else rows

    monkeypatch.setattr(together, "_fetch", backwards)
    asked = [(key, str(number)) for number in range(60) for key in (lobby.pk, den.pk)]
    messages = post_messages(
        [post_of(person=owner, room=key, client_id=uuid4(), body=body) for key, body in asked]
    )
    for message, (key, body) in zip(messages, asked, strict=True):
        assert isinstance(message, Message)
        assert (message.room_id, message.body) == (key, body)
        assert Message.objects.get(pk=message.pk).client_id == message.client_id


def test_the_same_message_twice_at_once_is_one(owner, lobby):
    posts = [
        Post(person=owner, room=lobby.pk, client_id=UUID(int=1), text=text_of(body))
        for body in ("One", "Two")
    ]
    first, again = post_messages(posts)
    assert isinstance(first, Message)
    assert first is again
    assert (first.body, Message.objects.get().pk) == ("One", first.pk)
