"""Who belongs to a room: joining, leaving, adding, removing, and rooms for everybody."""

from functools import partial
from threading import Event
from time import monotonic

import pytest
from django.db import connection, transaction

from chatproject.errors import Forbidden, Invalid, NotFound, Unauthenticated
from rooms.models import Membership, Room
from rooms.operations.access import find
from rooms.operations.memberships import (
    Places,
    add_members,
    add_people,
    expel,
    join_room,
    join_rooms_for_everyone,
    leave_room,
    places_of,
    remove_member,
)
from rooms.operations.rooms import update_room
from tests.support.people import person, room

from .conftest import at_once, post, post_many

pytestmark = pytest.mark.django_db


@pytest.fixture
def public(owner):
    return room("public", owner=owner, guests_may_read=True)


def members(room):
    return dict(room.memberships.values_list("user__username", "role"))


# --- Joining and leaving ------------------------------------------------------------------------
def test_anybody_with_an_account_joins_a_public_room(outsider, public):
    assert "outsider" not in members(public)
    join_room(person=outsider, room="public")
    assert members(public) == {"owner": "owner", "outsider": "member"}
    assert post(outsider, public).seq == 1


def test_what_was_said_before_counts_as_read(owner, outsider, public):
    post_many(owner, public, 3)
    _, membership = join_room(person=outsider, room=public.pk)
    assert membership.last_read == 3


def test_joining_again_changes_nothing(owner, public):
    post_many(owner, public, 2)
    Membership.objects.filter(room=public, user=owner).update(last_read=1)
    _, membership = join_room(person=owner, room=public.pk)
    assert (membership.role, membership.last_read) == ("owner", 1)
    assert public.memberships.count() == 1


def test_nobody_joins_a_private_room_by_himself(outsider, den):
    with pytest.raises(NotFound):
        join_room(person=outsider, room=den.pk)
    assert "outsider" not in members(den)


def test_nobody_joins_an_archived_room(owner, outsider, public):
    update_room(person=owner, room=public.pk, archived=True)
    with pytest.raises(Forbidden):
        join_room(person=outsider, room=public.pk)
    join_room(person=owner, room=public.pk)


def test_guests_neither_join_nor_leave(guest, lobby):
    for verb in (join_room, leave_room):
        with pytest.raises(Unauthenticated):
            verb(person=guest, room=lobby.pk)


def test_who_leaves_reads_along_and_posts_no_more(owner, outsider, public):
    join_room(person=outsider, room=public.pk)
    leave_room(person=outsider, room=public.pk)
    assert members(public) == {"owner": "owner"}
    assert Room.objects.visible_to(outsider).contains(public)
    with pytest.raises(Forbidden):
        post(outsider, public)


def test_leaving_again_changes_nothing(outsider, public):
    leave_room(person=outsider, room=public.pk)
    leave_room(person=outsider, room=public.pk)


def test_who_leaves_a_private_room_sees_it_no_more(member, den):
    leave_room(person=member, room=den.pk)
    with pytest.raises(NotFound):
        leave_room(person=member, room=den.pk)


def test_nobody_leaves_a_room_for_everybody(owner, member, lobby):
    with pytest.raises(Forbidden):
        leave_room(person=member, room=lobby.pk)
    with pytest.raises(Forbidden):
        remove_member(person=owner, room=lobby.pk, user=member.pk)
    assert "member" in members(lobby)


def test_a_room_whose_owner_leaves_goes_to_whoever_is_in_it_longest(owner, member, outsider, den):
    add_members(person=owner, room=den.pk, users=[outsider.pk])
    leave_room(person=owner, room=den.pk)
    assert members(den) == {"member": "owner", "outsider": "member"}


def test_a_room_keeps_its_other_owner(owner, member, outsider, den):
    Membership.objects.create(room=den, user=outsider, role=Membership.Role.OWNER)
    leave_room(person=owner, room=den.pk)
    assert members(den) == {"member": "member", "outsider": "owner"}


def test_the_last_one_leaves_an_empty_room(owner, public):
    leave_room(person=owner, room=public.pk)
    assert members(public) == {}


@pytest.mark.django_db(transaction=True)
def test_joining_three_times_in_the_same_moment_makes_one_member(outsider, public):
    joined = at_once(*[partial(join_room, person=outsider, room=public.pk)] * 3)
    assert len({membership.pk for _, membership in joined}) == 1
    assert public.memberships.count() == 2


# --- Adding and removing ------------------------------------------------------------------------
def test_an_owner_adds_people_to_a_private_room(owner, outsider, staff, den):
    add_members(person=owner, room=den.pk, users=[outsider.pk, staff.pk, outsider.pk])
    assert members(den) == {"owner": "owner", "member": "member", "outsider": "member", "staff": "member"}


def test_adding_again_changes_no_role(owner, member, den):
    add_members(person=owner, room=den.pk, users=[owner.pk, member.pk])
    assert members(den) == {"owner": "owner", "member": "member"}


def test_people_who_do_not_exist_or_are_not_active_are_not_added(owner, outsider, den):
    inactive = person("inactive", is_active=False)
    for unknown in (10**12, inactive.pk):
        with pytest.raises(Invalid) as error:
            add_members(person=owner, room=den.pk, users=[outsider.pk, unknown])
        assert error.value.details["fields"].keys() == {"users"}
    assert "outsider" not in members(den)


def test_only_owners_add_and_remove(owner, member, outsider, guest, public, den):
    join_room(person=member, room=public.pk)
    for who in (member, outsider, guest):
        with pytest.raises(Forbidden):
            add_members(person=who, room=public.pk, users=[outsider.pk])
        with pytest.raises(Forbidden):
            remove_member(person=who, room=public.pk, user=owner.pk)
    for who in (outsider, guest):
        with pytest.raises(NotFound):
            add_members(person=who, room=den.pk, users=[outsider.pk])
        with pytest.raises(NotFound):
            remove_member(person=who, room=den.pk, user=member.pk)
    assert members(public) == {"owner": "owner", "member": "member"}
    assert members(den) == {"owner": "owner", "member": "member"}


def test_who_is_removed_sees_a_private_room_no_more(owner, member, den):
    assert Room.objects.visible_to(member).contains(den)
    remove_member(person=owner, room=den.pk, user=member.pk)
    assert not Room.objects.visible_to(member).contains(den)


def test_removing_again_changes_nothing_and_a_stranger_is_not_found(owner, outsider, den):
    remove_member(person=owner, room=den.pk, user=outsider.pk)
    with pytest.raises(NotFound):
        remove_member(person=owner, room=den.pk, user=10**12)


def test_the_admins_door_expels_whom_it_says(member, outsider, den):
    expel(den, member)
    expel(den, outsider)
    assert members(den) == {"owner": "owner"}


# --- Rooms for everybody ------------------------------------------------------------------------
def test_a_person_becomes_a_member_of_each_room_for_everybody(outsider, lobby, public, den):
    hall = room("hall", everyone=True)
    joined = join_rooms_for_everyone(person=outsider)
    assert {membership.room for membership in joined} == {lobby, hall}
    assert join_rooms_for_everyone(person=outsider) == []
    assert "outsider" not in {*members(public), *members(den)}


def test_archived_rooms_for_everybody_wait(owner, outsider, lobby):
    update_room(person=owner, room=lobby.pk, archived=True)
    assert join_rooms_for_everyone(person=outsider) == []


def test_where_people_belong_takes_two_queries_for_one_and_for_many(
    owner, member, outsider, lobby, den, django_assert_num_queries
):
    places = {
        member.pk: Places([lobby.pk, den.pk], []),
        owner.pk: Places([lobby.pk, den.pk], []),
        outsider.pk: Places([], [lobby.pk]),
    }
    for people in ([member.pk], [*places]):
        with django_assert_num_queries(2):
            found = places_of(people)
        assert [Places(sorted(own), missing) for own, missing in found] == [places[pk] for pk in people]


def test_a_person_who_has_them_all_costs_no_more_than_that(member, lobby, django_assert_num_queries):
    with django_assert_num_queries(4):  # two, and the savepoint around them
        join_rooms_for_everyone(person=member)


def test_memberships_can_be_given_with_a_role(outsider, lobby):
    [membership] = add_people(lobby, [outsider.pk], role=Membership.Role.OWNER)
    assert members(lobby)["outsider"] == membership.role == "owner"


@pytest.mark.django_db(transaction=True)
def test_coming_in_by_three_tabs_at_once_makes_one_member(outsider, lobby):
    at_once(*[partial(join_rooms_for_everyone, person=outsider)] * 3)
    assert lobby.memberships.filter(user=outsider).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no row locks")
def test_who_loses_a_room_while_they_wait_for_its_lock_does_not_find_it(owner, member, den):
    removed, waits = Event(), Event()

    def remove():
        with transaction.atomic():
            Room.objects.select_for_update().get(pk=den.pk)
            Membership.objects.filter(room=den, user=member).delete()
            removed.set()
            assert waits.wait(5)
            deadline = monotonic() + 5
            while not waiting_for_locks():
                assert monotonic() < deadline

    def look():
        assert removed.wait(5)
        with transaction.atomic():
            waits.set()
            return find(member, den.pk, lock=True)

    _, found = at_once(remove, look)
    assert isinstance(found, NotFound)


def waiting_for_locks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]
