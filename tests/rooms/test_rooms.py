"""Making and changing rooms."""

import pytest
from django.contrib.auth.models import Permission

from accounts.audit import verify
from accounts.models import AuditEntry
from chatproject.errors import Forbidden, Invalid, NotFound, Unauthenticated
from rooms.models import Room
from rooms.operations.memberships import add_members
from rooms.operations.rooms import change_room, create_room, make_first_room, update_room
from tests.support.people import room

pytestmark = pytest.mark.django_db


def members(room):
    return dict(room.memberships.values_list("user__username", "role"))


def state(room, *names):
    room.refresh_from_db()
    return tuple(getattr(room, name) for name in names)


# --- Making -------------------------------------------------------------------------------------
def test_who_makes_a_room_owns_it(outsider):
    made = create_room(person=outsider, name="  Garden \n club ", topic="What  grows")
    assert (made.name, made.slug, made.topic) == ("Garden club", "garden-club", "What grows")
    assert state(made, "kind", "everyone", "guests_may_read", "archived", "last_seq") == (
        "public",
        False,
        False,
        False,
        0,
    )
    assert members(made) == {"outsider": "owner"}


def test_a_room_is_made_with_its_first_members(owner, member, outsider):
    made = create_room(
        person=owner, name="Team", kind="private", users=[member.pk, outsider.pk, owner.pk, member.pk]
    )
    assert members(made) == {"owner": "owner", "member": "member", "outsider": "member"}


def test_people_who_do_not_exist_make_no_room(owner):
    with pytest.raises(Invalid) as error:
        create_room(person=owner, name="Team", users=[10**12])
    assert error.value.details["fields"].keys() == {"users"}
    assert not Room.objects.filter(name="Team").exists()


def test_guests_make_no_rooms(guest):
    with pytest.raises(Unauthenticated):
        create_room(person=guest, name="Mine")


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"name": ""}, "name"),
        ({"name": " \n "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"topic": "x" * 251}, "topic"),
        ({"topic": "a\0"}, "topic"),
        ({"kind": "secret"}, "kind"),
        ({"slug": "Not A Slug"}, "slug"),
    ],
)
def test_what_cannot_be_a_room_is_refused(owner, fields, at_fault):
    before = Room.objects.count()
    with pytest.raises(Invalid) as error:
        create_room(person=owner, **{"name": "Room", **fields})
    assert error.value.details["fields"].keys() == {at_fault}
    assert Room.objects.count() == before


def test_who_lets_guests_post_lets_them_read(owner):
    made = create_room(person=owner, name="Open", guests_may_post=True)
    assert state(made, "guests_may_read", "guests_may_post") == (True, True)


def test_a_private_room_lets_no_guests_in(owner):
    made = create_room(
        person=owner, name="Closed", kind="private", guests_may_read=True, guests_may_post=True
    )
    assert state(made, "guests_may_read", "guests_may_post") == (False, False)


# --- Changing -----------------------------------------------------------------------------------
def test_an_owner_changes_what_is_given_and_nothing_else(owner, lobby):
    lobby.topic = "Before"
    lobby.save()
    update_room(person=owner, room="lobby", name=" Hall ")
    assert state(lobby, "name", "slug", "topic", "guests_may_read", "archived") == (
        "Hall",
        "lobby",
        "Before",
        True,
        False,
    )


def test_only_owners_change_a_room(member, outsider, guest, lobby, den):
    assert members(lobby)["member"] == "member"
    refusals = [(member, lobby, Forbidden), (outsider, lobby, Forbidden), (outsider, den, NotFound)]
    for who, place, refusal in [*refusals, (guest, lobby, Unauthenticated), (guest, den, Unauthenticated)]:
        with pytest.raises(refusal):
            update_room(person=who, room=place.pk, name="Mine")
    assert state(lobby, "name") == ("Lobby",)


def test_staff_who_moderate_change_the_rooms_they_see(staff, lobby, den):
    update_room(person=staff, room=lobby.pk, topic="Be kind")
    assert state(lobby, "topic") == ("Be kind",)
    update_room(person=staff, room=den.pk, topic="Be kind")
    assert state(den, "topic") == ("Be kind",)
    staff.user_permissions.remove(Permission.objects.get(codename="view_private_rooms"))
    with pytest.raises(NotFound):
        update_room(person=staff, room=den.pk, topic="Be quiet")


def test_staff_who_do_not_moderate_change_nothing(staff, lobby):
    staff.user_permissions.clear()
    assert staff.is_staff
    with pytest.raises(Forbidden):
        update_room(person=type(staff).objects.get(pk=staff.pk), room=lobby.pk, topic="Be kind")


def test_the_owner_of_the_place_manages_rooms_he_does_not_own(outsider, lobby):
    outsider.is_staff = outsider.is_superuser = True
    outsider.save()
    update_room(person=outsider, room=lobby.pk, topic="Be kind")
    assert state(lobby, "topic") == ("Be kind",)


@pytest.mark.parametrize("changes", [{"name": " "}, {"topic": "x" * 251}, {"name": "\0"}])
def test_a_change_that_is_refused_changes_nothing(owner, lobby, changes):
    with pytest.raises(Invalid) as error:
        update_room(person=owner, room=lobby.pk, **{"topic": "New", "archived": True, **changes})
    assert error.value.details["fields"].keys() == changes.keys()
    assert state(lobby, "name", "archived") == ("Lobby", False)


def test_taking_reading_from_guests_takes_posting(owner, lobby):
    update_room(person=owner, room=lobby.pk, guests_may_read=False)
    assert state(lobby, "guests_may_read", "guests_may_post") == (False, False)


def test_giving_guests_posting_gives_reading(owner):
    public = room("public", owner=owner)
    update_room(person=owner, room=public.pk, guests_may_post=True)
    assert state(public, "guests_may_read", "guests_may_post") == (True, True)


def test_posting_without_reading_is_refused(owner, lobby):
    with pytest.raises(Invalid) as error:
        update_room(person=owner, room=lobby.pk, guests_may_read=False, guests_may_post=True)
    assert error.value.details["fields"].keys() == {"guests_may_post"}


def test_guests_cannot_be_let_into_a_private_room(owner, guest, den):
    update_room(person=owner, room=den.pk, guests_may_read=True, guests_may_post=True)
    assert state(den, "guests_may_read", "guests_may_post") == (False, False)
    assert not Room.objects.visible_to(guest).contains(den)


def test_archiving_and_restoring_keeps_everything(owner, member, lobby):
    for archived in (True, False):
        update_room(person=owner, room=lobby.pk, archived=archived)
        assert state(lobby, "archived") == (archived,)
        assert members(lobby) == {"owner": "owner", "member": "member"}


def test_slow_mode_is_set_within_its_bounds(owner, lobby):
    for seconds in (0, 21_600, 5):
        update_room(person=owner, room=lobby.pk, slow_mode=seconds)
        assert state(lobby, "slow_mode") == (seconds,)
    for seconds in (-1, 21_601, 2**80):
        with pytest.raises(Invalid) as error:
            update_room(person=owner, room=lobby.pk, slow_mode=seconds)
        assert error.value.details["fields"].keys() == {"slow_mode"}
    assert state(lobby, "slow_mode") == (5,)


# --- The audit ----------------------------------------------------------------------------------
def audited(room):
    entries = AuditEntry.objects.filter(room_id=room.pk).order_by("number")
    return [(entry.action, entry.actor_name, entry.before, entry.after) for entry in entries]


def test_a_room_is_audited_from_its_making_on(owner):
    made = create_room(person=owner, name="Garden", guests_may_post=True)
    update_room(person=owner, room=made.pk, topic="Flowers", guests_may_read=False)
    update_room(person=owner, room=made.pk, topic="Flowers")
    assert audited(made) == [
        ("create_room", "owner", {}, {"kind": "public", "guests_may_read": True, "guests_may_post": True}),
        (
            "update_room",
            "owner",
            {"topic": "", "guests_may_read": True, "guests_may_post": True},
            {"topic": "Flowers", "guests_may_read": False, "guests_may_post": False},
        ),
    ]
    assert {entry.target_name for entry in AuditEntry.objects.all()} == {"Garden"}
    assert verify().faults == []


def test_what_is_refused_is_not_audited(owner, member, lobby):
    with pytest.raises(Forbidden):
        update_room(person=member, room=lobby.pk, name="Mine")
    with pytest.raises(Invalid):
        update_room(person=owner, room=lobby.pk, name="")
    assert audited(lobby) == []


# --- Becoming private ---------------------------------------------------------------------------
def test_a_room_that_becomes_private_is_its_members_alone(owner, member, outsider, guest):
    public = room("public", owner=owner, members=(member,), guests_may_read=True)
    assert Room.objects.visible_to(outsider).contains(public)
    assert Room.objects.visible_to(guest).contains(public)
    change_room(public, person=owner, kind="private")
    assert Room.objects.visible_to(member).contains(public)
    assert not Room.objects.visible_to(outsider).contains(public)
    assert not Room.objects.visible_to(guest).contains(public)
    assert state(public, "guests_may_read") == (False,)


def test_a_room_for_everybody_cannot_become_private(owner, lobby):
    assert lobby.everyone
    with pytest.raises(Forbidden):
        change_room(lobby, person=owner, kind="private")
    assert state(lobby, "kind") == ("public",)


def test_a_private_room_cannot_become_one_for_everybody(owner, den):
    with pytest.raises(Forbidden):
        change_room(den, person=owner, everyone=True)
    assert state(den, "everyone") == (False,)


def test_a_room_becomes_private_as_it_stops_being_for_everybody(owner, lobby):
    change_room(lobby, person=owner, everyone=False, kind="private")
    assert state(lobby, "everyone", "kind") == (False, "private")


# --- The first room -----------------------------------------------------------------------------
def test_the_first_room_is_open_to_everybody():
    Room.objects.all().delete()
    make_first_room()
    [first] = Room.objects.all()
    assert (first.name, first.slug, first.kind) == ("Lobby", "lobby", "public")
    assert first.everyone
    assert first.guests_may_read
    assert first.guests_may_post


def test_a_new_database_has_it():
    assert Room.objects.get().slug == "lobby"


def test_it_is_made_only_where_there_is_none(lobby):
    update = Room.objects.filter(pk=lobby.pk).update
    update(name="Hall", slug="hall")
    assert make_first_room() is None
    assert Room.objects.count() == 1


# --- Who sees what ------------------------------------------------------------------------------
def test_rooms_are_visible_to_their_members_and_public_ones_to_people(
    owner, member, outsider, staff, guest, lobby, den
):
    public = room("public", owner=owner)
    for who in (owner, member):
        assert set(Room.objects.visible_to(who)) == {lobby, den, public}
    for who in (outsider, staff):
        assert set(Room.objects.visible_to(who)) == {lobby, public}
    assert set(Room.objects.visible_to(guest)) == {lobby}
    add_members(person=owner, room=den.pk, users=[outsider.pk])
    assert Room.objects.visible_to(outsider).contains(den)
