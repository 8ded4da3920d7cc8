"""What commands that share a transaction lock first: nothing that one of them names is forgotten."""

import pytest
from django.db import connection

from rooms.namespaces import payloads as commands
from rooms.namespaces.locks import (
    ConcernedBy,
    DeletedBy,
    PersonOf,
    ReportedIn,
    RoomOf,
    RoomsForEverybody,
    keys_of,
    take_locks,
)
from rooms.operations.reports import report_message
from tests.rooms.conftest import post

pytestmark = pytest.mark.django_db


def test_things_of_different_kinds_with_one_id_stay_apart():
    assert len({5, RoomOf(5), PersonOf(5), ConcernedBy(5), DeletedBy(5), ReportedIn(5)}) == 6


def test_a_payload_names_what_it_concerns():
    assert keys_of(commands.RemoveMember(room="lobby", user=5)) == ["lobby", PersonOf(5)]
    resolution = commands.ResolveReport(report=5, action="dismiss", reason="Fine")
    assert keys_of(resolution) == [ReportedIn(5)]
    assert keys_of(commands.Announce(text="Hello", room="lobby", as_message=True)) == ["lobby"]
    assert keys_of(commands.Announce(text="Hello", as_message=True)) == [RoomsForEverybody()]
    assert keys_of(commands.Announce(text="Hello")) == []
    assert keys_of(commands.Nothing()) == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no row locks")
def test_of_a_report_the_room_and_then_the_author_are_locked(owner, member, lobby, django_assert_num_queries):
    report = report_message(person=member, message=post(owner, lobby).pk, reason="Spam")
    with django_assert_num_queries(3) as captured:
        take_locks([ReportedIn(report.pk)])
    _, rooms, people = [query["sql"] for query in captured]
    assert rooms.endswith("ORDER BY id FOR UPDATE")
    assert f"({owner.pk})" in people
    assert people.endswith("FOR NO KEY UPDATE")


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no row locks")
def test_for_a_message_to_everybody_all_its_rooms_are_locked_with_the_others(
    lobby, den, django_assert_num_queries
):
    with django_assert_num_queries(2) as captured:
        take_locks([RoomsForEverybody(), den.pk])
    rooms = captured[-1]["sql"]
    assert str(lobby.pk) in rooms
    assert str(den.pk) in rooms
    assert rooms.endswith("ORDER BY id FOR UPDATE")
