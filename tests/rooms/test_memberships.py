"""Who belongs to a room: joining, leaving, adding, removing, and rooms for everybody."""

from functools import partial
from threading import Event
from time import monotonic

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, User
from chatproject.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from rooms.models import Membership, Room, Sanction, Stay
from rooms.operations.access import find
from rooms.operations.memberships import (
    Places,
    add_members,
    add_people,
    clear_room,
    expel,
    join_room,
    join_rooms_for_everyone,
    leave_room,
    places_of,
    remove,
    remove_member,
    set_role,
)
from rooms.operations.rooms import change_room, update_room
from tests.support.people import person, room

from .conftest import at_once, post, post_many

pytestmark = pytest.mark.django_db


@pytest.fixture
def public(owner):
    return room("public", owner=owner, guests_may_read=True)


@pytest.fixture
def moderator(db):
    """Belongs to no room yet."""
    return person("moderator")


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
    refusals = [(member, public, Forbidden), (outsider, public, Forbidden), (outsider, den, NotFound)]
    refusals += [(guest, public, Unauthenticated), (guest, den, Unauthenticated)]
    for who, place, refusal in refusals:
        with pytest.raises(refusal):
            add_members(person=who, room=place.pk, users=[outsider.pk])
        with pytest.raises(refusal):
            remove_member(person=who, room=place.pk, user=owner.pk)
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


def test_moderators_remove_those_below_them_and_change_nothing_else(
    owner, member, outsider, moderator, staff, public
):
    other = person("other")
    add_people(public, [member.pk, staff.pk])
    add_people(public, [moderator.pk, other.pk], role="moderator")
    remove_member(person=moderator, room=public.pk, user=member.pk)
    assert "member" not in members(public)
    for whom in (owner, other, staff):
        with pytest.raises(Forbidden):
            remove_member(person=moderator, room=public.pk, user=whom.pk)
    with pytest.raises(Forbidden):
        add_members(person=moderator, room=public.pk, users=[outsider.pk])
    with pytest.raises(Forbidden):
        update_room(person=moderator, room=public.pk, name="Mine")
    assert members(public).keys() == {"owner", "moderator", "other", "staff"}


def test_staff_who_moderate_remove_owners_of_the_rooms_they_find(owner, member, staff, public, den):
    add_people(public, [member.pk])
    remove_member(person=staff, room=public.pk, user=owner.pk)
    assert members(public) == {"member": "owner"}
    remove_member(person=staff, room=den.pk, user=member.pk)
    assert members(den) == {"owner": "owner"}
    staff.user_permissions.remove(Permission.objects.get(codename="view_private_rooms"))
    with pytest.raises(NotFound):
        remove_member(person=staff, room=den.pk, user=owner.pk)


def test_who_is_added_by_whom_is_audited(owner, member, outsider, den):
    add_members(person=owner, room=den.pk, users=[member.pk, outsider.pk])
    add_members(person=owner, room=den.pk, users=[member.pk, outsider.pk])
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.target_name, entry.after) == ("add_members", "Den", {"users": [outsider.pk]})


def test_nobody_removes_themselves(owner, den):
    with pytest.raises(Invalid) as error:
        remove_member(person=owner, room=den.pk, user=owner.pk)
    assert error.value.details["fields"].keys() == {"user"}
    assert "owner" in members(den)


def test_a_removal_is_audited_with_its_reason_once(owner, member, den):
    for _ in range(2):
        remove_member(person=owner, room=den.pk, user=member.pk, reason=" Too  loud\n")
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.actor_name, entry.target_name) == ("remove_member", "owner", "member")
    assert (entry.room_id, entry.reason) == (den.pk, "Too loud")


@pytest.mark.parametrize("reason", ["x" * 501, "a\0b", "\u202eevil", "\u200b"])
def test_a_reason_is_one_line_that_can_be_read(owner, member, den, reason):
    with pytest.raises(Invalid) as error:
        remove_member(person=owner, room=den.pk, user=member.pk, reason=reason)
    assert error.value.details["fields"].keys() == {"reason"}
    assert "member" in members(den)


def test_the_admins_door_removes_whom_it_says(member, outsider, den):
    remove(den, member, by=None)
    remove(den, outsider, by=None)
    assert members(den) == {"owner": "owner"}


# --- Roles --------------------------------------------------------------------------------------
def test_owners_give_roles_and_it_is_audited(owner, member, den):
    for role in ("moderator", "owner"):
        set_role(person=owner, room=den.pk, user=member.pk, role=role)
        assert members(den)["member"] == role
    set_role(person=owner, room=den.pk, user=owner.pk, role="member")
    entries = AuditEntry.objects.order_by("number")
    assert [(entry.target_name, entry.before, entry.after) for entry in entries] == [
        ("member", {"role": "member"}, {"role": "moderator"}),
        ("member", {"role": "moderator"}, {"role": "owner"}),
        ("owner", {"role": "owner"}, {"role": "member"}),
    ]


def test_the_same_role_again_changes_nothing(owner, member, den):
    set_role(person=owner, room=den.pk, user=member.pk, role="member")
    assert not AuditEntry.objects.exists()


def test_only_who_manages_the_room_gives_roles_and_only_to_those_below(
    owner, member, outsider, moderator, staff, guest, public
):
    add_people(public, [member.pk, staff.pk])
    add_people(public, [moderator.pk], role="moderator")
    for who, refusal in ((moderator, Forbidden), (outsider, Forbidden), (guest, Unauthenticated)):
        with pytest.raises(refusal):
            set_role(person=who, room=public.pk, user=member.pk, role="moderator")
    with pytest.raises(Forbidden):
        set_role(person=owner, room=public.pk, user=staff.pk, role="moderator")
    with pytest.raises(Invalid):
        set_role(person=staff, room=public.pk, user=staff.pk, role="owner")
    for role in ("", "king"):
        with pytest.raises(Invalid):
            set_role(person=owner, room=public.pk, user=member.pk, role=role)
    for unknown in (outsider.pk, 10**12):
        with pytest.raises(NotFound):
            set_role(person=owner, room=public.pk, user=unknown, role="moderator")
    set_role(person=staff, room=public.pk, user=member.pk, role="owner")
    with pytest.raises(Forbidden):
        set_role(person=owner, room=public.pk, user=member.pk, role="member")
    assert members(public) == {
        "owner": "owner", "member": "owner", "moderator": "moderator", "staff": "member",
    }  # fmt: skip


def test_the_last_owner_stays_one_whoever_asks(owner, staff, den):
    for who in (owner, staff):
        with pytest.raises(Conflict):
            set_role(person=who, room=den.pk, user=owner.pk, role="member")
    assert members(den)["owner"] == "owner"


# --- Clearing -----------------------------------------------------------------------------------
def test_clearing_ends_the_memberships_of_all_but_owners_moderators_and_those_not_below(
    owner, member, outsider, moderator, staff, public
):
    boss, colleague = person("boss", is_superuser=True), person("colleague", is_staff=True)
    colleague.user_permissions.set(staff.user_permissions.all())
    clerk = person("clerk", is_staff=True)
    add_people(public, [each.pk for each in (member, outsider, staff, boss, colleague, clerk)])
    add_people(public, [moderator.pk], role="moderator")
    clear_room(by=staff, room=public.pk)
    assert members(public).keys() == {"owner", "moderator", "staff", "boss", "colleague"}
    removed = public.stays.filter(end="removed").values_list("user_name", flat=True)
    assert {*removed} == {"member", "outsider", "clerk"}
    assert public.stays.filter(left_at=None).count() == 4
    clear_room(by=staff, room=public.pk)
    found = AuditEntry.objects.filter(action="clear_room").order_by("number")
    assert [(entry.actor_name, entry.target_name, entry.after) for entry in found] == [
        ("staff", "Public", {"members": 3}),
        ("staff", "Public", {"members": 0}),
    ]


def test_who_is_cleared_out_of_a_room_for_everybody_comes_back(member, staff, lobby):
    clear_room(by=staff, room=lobby.pk)
    assert members(lobby) == {"owner": "owner"}
    assert [joined.room for joined in join_rooms_for_everyone(person=member)] == [lobby]


def test_only_staff_who_moderate_clear_rooms(owner, moderator, staff, guest, public, den):
    add_people(public, [moderator.pk], role="moderator")
    staff.user_permissions.set(Permission.objects.filter(codename="moderate_rooms"))
    with pytest.raises(NotFound):
        clear_room(by=staff, room=den.pk)
    staff.user_permissions.clear()
    for who in (owner, moderator, staff, guest):
        with pytest.raises(Unauthenticated if who is guest else Forbidden):
            clear_room(by=who, room=public.pk)
    assert members(public) == {"owner": "owner", "moderator": "moderator"}


# --- Stays --------------------------------------------------------------------------------------
def stays(room):
    return [(stay.user_name, stay.end) for stay in room.stays.order_by("pk")]


def test_who_belonged_when_is_kept_with_how_it_ended(owner, member, outsider, staff, public):
    add_people(public, [member.pk, outsider.pk])
    join_room(person=outsider, room=public.pk)
    join_room(person=staff, room=public.pk)
    leave_room(person=member, room=public.pk)
    remove_member(person=owner, room=public.pk, user=outsider.pk)
    expel(public, staff, end=Stay.End.BANNED)
    assert stays(public) == [("member", "left"), ("outsider", "removed"), ("staff", "banned")]
    assert all(stay.joined_at <= stay.left_at for stay in public.stays.all())
    _, membership = join_room(person=member, room=public.pk)
    again = Stay.objects.get(room=public, left_at=None)
    assert (again.user, again.joined_at, again.end) == (member, membership.joined_at, "")


def test_the_stays_of_a_deleted_account_keep_its_name(outsider, public):
    join_room(person=outsider, room=public.pk)
    outsider.delete()
    assert stays(public) == [("outsider", "deleted")]
    assert Stay.objects.get().user is None


def test_a_ban_ends_a_membership_in_rooms_for_everybody_too_and_keeps_them_out_while_it_holds(
    member, outsider, lobby
):
    assert expel(lobby, member, end=Stay.End.BANNED)
    assert not expel(lobby, member, end=Stay.End.BANNED)
    ban = Sanction.objects.create(kind="ban", user=member, room=lobby, reason="Spam")
    assert join_rooms_for_everyone(person=member) == []
    assert [joined.room for joined in join_rooms_for_everyone(person=outsider)] == [lobby]
    ban.lifted_at = ban.created_at
    ban.save()
    assert [joined.room for joined in join_rooms_for_everyone(person=member)] == [lobby]


def test_a_room_that_becomes_for_everybody_takes_in_nobody_who_is_banned_from_it(
    owner, member, outsider, public
):
    Sanction.objects.create(kind="ban", user=outsider, room=public, reason="Spam")
    change_room(public, person=owner, everyone=True)
    assert members(public) == {"owner": "owner", "member": "member"}


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


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no row locks")
def test_the_rooms_of_all_who_are_deleted_together_are_locked_before_the_first_leaves(
    member, outsider, public, den
):
    add_people(public, [outsider.pk])  # made before the den
    with CaptureQueriesContext(connection) as captured:
        User.objects.filter(pk__in=[member.pk, outsider.pk]).order_by("pk").delete()
    locked = [query["sql"] for query in captured if query["sql"].endswith("FOR UPDATE")]
    assert all(str(user.pk) in locked[0] for user in (member, outsider))
    assert not User.objects.filter(pk__in=[member.pk, outsider.pk]).exists()
