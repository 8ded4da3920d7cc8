"""What our server finds when the benchmark starts it: people who are signed in, rooms, messages."""

import json

import pytest
from django.contrib.auth import get_user
from django.http import HttpRequest

from accounts.sessions import SessionStore
from bench.seeding.database import OWNER, fill
from rooms.models import Message, Room
from rooms.operations.community import needs_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeded(tmp_path, settings, django_capture_on_commit_callbacks):
    """Makes a seed; gives the room and the cookie of each person."""

    def make(*numbers):
        settings.DATA_DIR = tmp_path
        with django_capture_on_commit_callbacks(execute=True):
            fill(*numbers)
        return json.loads((tmp_path / "people.json").read_text())

    return make


def who(cookie):
    request = HttpRequest()
    request.session = SessionStore(cookie)
    return get_user(request)


def test_everybody_is_signed_in_with_a_session_of_their_own(seeded):
    people = [who(cookie) for _, cookie in seeded(2, 3, 0)]
    assert all(person.is_authenticated for person in people)
    assert len({person.pk for person in people}) == 6
    assert OWNER not in {person.username for person in people}
    assert not needs_owner()


def test_rooms_have_the_size_of_the_layout_and_nobody_is_in_two(seeded):
    people = seeded(2, 3, 0)
    assert Room.objects.count() == 2
    for room, cookie in people:
        assert list(who(cookie).memberships.values_list("room", flat=True)) == [room]


def test_with_messages_everybody_is_in_every_room_and_nothing_is_missing_there(seeded):
    people = seeded(4, 1, 40)
    assert who(people[0][1]).memberships.count() == 4
    for room in Room.objects.all():
        assert room.last_seq == room.version == 10
        seqs = Message.objects.filter(room=room).values_list("seq", "version")
        assert list(seqs) == [(number, number) for number in range(1, 11)]
