"""What is done to many at once in Django's admin: said first, then done by operations, and recorded once."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.audit import verify
from accounts.models import AuditEntry, User
from accounts.models.audit import Face
from chatproject.sockets.database import in_database
from rooms.models import Invitation, Membership, Room, Sanction
from rooms.operations.sanctions import mute_user
from tests.rooms.conftest import at_once, nobody_hears
from tests.rooms.views.conftest import browser
from tests.support.people import person, room

pytestmark = pytest.mark.django_db

ADMIN = "/admin/rooms/"


@pytest.fixture
def office(staff):
    return browser(staff)


def act(client, model, action, *chosen, confirmed=True, **more):
    form = {"action": action, "_selected_action": [each.pk for each in chosen], **more}
    return client.post(f"{ADMIN}{model}/", form | ({"confirmed": "yes"} if confirmed else {}))


def told(answer, client):
    """What the list says after an action."""
    page = client.get(answer["Location"])
    return [str(message) for message in page.context["messages"]]


def entries():
    assert verify().faults == []
    return [(entry.action, entry.target_name) for entry in AuditEntry.objects.order_by("number")]


# --- Rooms --------------------------------------------------------------------------------------
def test_the_page_says_what_will_happen_to_what_and_nothing_happens_yet(office, lobby, den):
    page = act(office, "room", "archive", lobby, den, confirmed=False)
    text = page.content.decode()
    assert page.status_code == 200
    assert "Archive 2 rooms?" in text
    assert "2 rooms, 2 members, 0 live sockets." in text
    assert "<bdi>Den</bdi>" in text
    assert "<bdi>Lobby</bdi>" in text
    assert not Room.objects.filter(archived=True).exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("action", "data", "field", "value"),
    [
        ("archive", {}, "archived", True),
        ("close", {}, "read_only", True),
        ("slow_down", {"slow_mode": "60"}, "slow_mode", 60),
    ],
)
def test_rooms_are_changed_together_and_each_change_is_recorded_once(
    office, staff, lobby, den, action, data, field, value
):
    answer = act(office, "room", action, lobby, den, **data)
    assert answer.status_code == 302
    assert set(Room.objects.values_list(field, flat=True)) == {value}
    assert entries() == [("update_room", room.name) for room in sorted((lobby, den), key=lambda r: r.pk)]
    assert {(entry.actor_id, entry.face) for entry in AuditEntry.objects.all()} == {(staff.pk, Face.ADMIN)}
    assert LogEntry.objects.count() == 2
    act(office, "room", action, lobby, den, **data)
    assert AuditEntry.objects.count() == 2  # there was nothing left to do


def test_rooms_are_restored_and_made_writable(office, lobby, den):
    Room.objects.update(archived=True, read_only=True)
    act(office, "room", "restore", lobby, den)
    act(office, "room", "open", lobby, den)
    assert not Room.objects.filter(archived=True).exists()
    assert not Room.objects.filter(read_only=True).exists()


@pytest.mark.parametrize("seconds", ["", "7", "-1", "x"])
def test_a_slow_mode_that_is_none_is_asked_for_again(office, lobby, seconds):
    page = act(office, "room", "slow_down", lobby, slow_mode=seconds)
    assert page.status_code == 200
    assert page.context["form"].errors.keys() == {"slow_mode"}
    assert not AuditEntry.objects.exists()


def test_a_notice_is_sent_by_who_may_announce(office, staff, lobby, den):
    page = act(office, "room", "notify", lobby, text=" ")
    assert page.context["form"].errors.keys() == {"text"}
    assert act(office, "room", "notify", lobby, den, text="Back at noon").status_code == 302
    assert [action for action, _ in entries()] == ["announce", "announce"]
    staff.user_permissions.remove(Permission.objects.get(codename="announce"))
    act(browser(staff), "room", "notify", lobby, text="Again")
    assert AuditEntry.objects.count() == 2


def test_more_than_can_be_locked_at_once_are_left_alone(office, lobby, den, monkeypatch):
    monkeypatch.setattr("accounts.admin.confirming.MOST", 1)
    answer = act(office, "room", "archive", lobby, den)
    assert told(answer, office) == ["At most 1 at once. Nothing was done."]
    assert not Room.objects.filter(archived=True).exists()


def test_a_room_with_very_many_members_links_to_their_list(office, owner):
    club = room("club", owner=owner)
    User.objects.bulk_create(User(username=f"p{n}", username_folded=f"p{n}") for n in range(60))
    people = User.objects.filter(username__startswith="p")
    Membership.objects.bulk_create(Membership(room=club, user=user) for user in people)
    page = office.get(f"{ADMIN}room/{club.pk}/change/")
    assert not page.context["inline_admin_formsets"]
    assert f"/admin/rooms/membership/?room__id__exact={club.pk}" in page.content.decode()
    answer = office.post(f"{ADMIN}room/{club.pk}/change/", {"name": "Big club", "kind": "public"})
    assert answer.status_code == 302
    assert (Room.objects.get(pk=club.pk).name, club.memberships.count()) == ("Big club", 61)


# --- Memberships --------------------------------------------------------------------------------
def test_members_are_removed_together_and_the_reason_is_kept(office, member, den):
    place = Membership.objects.get(room=den, user=member)
    page = act(office, "membership", "remove", place, confirmed=False).content.decode()
    assert "1 membership of 1 person, 0 live sockets." in page
    assert Membership.objects.filter(pk=place.pk).exists()
    act(office, "membership", "remove", place, reason="Noise")
    assert not Membership.objects.filter(pk=place.pk).exists()
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.target_name, entry.reason) == ("remove_member", "member", "Noise")


def test_of_what_is_refused_for_one_nothing_is_done_to_any(office, owner, member, lobby, den):
    places = [Membership.objects.get(room=where, user=member) for where in (lobby, den)]
    answer = act(office, "membership", "remove", *places)
    assert told(answer, office) == ["Everybody belongs to this room."]
    assert Membership.objects.count() == 4
    assert not AuditEntry.objects.exists()


def test_roles_are_given_together(office, member, outsider, den):
    Membership.objects.create(room=den, user=outsider)
    places = Membership.objects.filter(room=den)
    act(office, "membership", "change_role", *places.exclude(role="owner"), role="moderator")
    assert set(places.values_list("role", flat=True)) == {"owner", "moderator"}
    assert [action for action, _ in entries()] == ["change_role", "change_role"]


def test_somebody_of_equal_standing_is_not_removed(office, den):
    colleague = person("colleague", is_staff=True)
    colleague.user_permissions.set(Permission.objects.filter(codename="ban_users"))
    place = Membership.objects.create(room=den, user=colleague)
    answer = act(office, "membership", "remove", place)
    assert told(answer, office) == ["You may not do this to somebody of your own standing or above."]
    assert office.post(f"{ADMIN}membership/{place.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Membership.objects.filter(pk=place.pk).exists()


def test_nobody_makes_themselves_an_owner_and_owners_step_down(office, staff, owner, den):
    place = Membership.objects.create(room=den, user=staff)
    one = f"{ADMIN}membership/{place.pk}/change/"
    assert told(office.post(one, {"role": "owner"}), office) == ["You cannot do this to yourself."]
    place.delete()
    form = {"room": den.pk, "user": staff.pk, "role": "owner"}
    assert told(office.post(f"{ADMIN}membership/add/", form), office) == ["You cannot give yourself a role."]
    assert not den.memberships.filter(user=staff).exists()
    place = Membership.objects.create(room=den, user=staff, role=Membership.Role.OWNER)
    office.post(f"{ADMIN}membership/{place.pk}/change/", {"role": "member"})
    place.refresh_from_db()
    assert place.role == "member"
    assert den.memberships.get(role="owner").user == owner


def test_a_membership_is_made_changed_and_ended_on_its_own_page(office, outsider, den):
    form = {"room": den.pk, "user": outsider.pk, "role": "member"}
    assert office.post(f"{ADMIN}membership/add/", form).status_code == 302
    place = Membership.objects.get(room=den, user=outsider)
    one = f"{ADMIN}membership/{place.pk}/"
    assert office.post(f"{one}change/", form | {"role": "moderator"}).status_code == 302
    place.refresh_from_db()
    assert place.role == "moderator"
    assert office.post(f"{one}delete/", {"post": "yes"}).status_code == 302
    assert not Membership.objects.filter(pk=place.pk).exists()
    assert [action for action, _ in entries()] == ["add_members", "change_role", "remove_member"]
    assert "delete_selected" not in office.get(f"{ADMIN}membership/").content.decode()


# --- Sanctions and invitations ------------------------------------------------------------------
def test_sanctions_are_lifted_together_by_who_stands_above(office, staff, member, outsider, den):
    for user in (member, outsider):
        mute_user(by=staff, user=user.pk, reason="Spam")
    found = list(Sanction.objects.all())
    page = act(office, "sanction", "lift", *found, confirmed=False).content.decode()
    assert "Lift 2 sanctions?" in page
    act(office, "sanction", "lift", *found)
    assert not Sanction.objects.active().exists()
    assert [action for action, _ in entries()] == ["mute_user", "mute_user", "lift", "lift"]
    page = act(office, "sanction", "lift", *found)
    assert "None of these holds any more" in page.content.decode()
    assert office.get(f"{ADMIN}sanction/{found[0].pk}/change/").status_code == 200
    assert office.post(f"{ADMIN}sanction/{found[0].pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_who_lift_the_same_sanctions_at_once_do_not_wait_for_each_other_for_ever(
    staff, member, outsider, lobby
):
    boss = person("boss", is_staff=True, is_superuser=True)
    mute_user(by=boss, user=member.pk, reason="Spam")
    mute_user(by=boss, user=outsider.pk, room=lobby.pk, reason="Spam")
    found = list(Sanction.objects.all())
    clients = [browser(boss), browser(staff)]
    answers = at_once(*[partial(act, client, "sanction", "lift", *found) for client in clients])
    assert [answer.status_code for answer in answers] in ([302, 302], [302, 200], [200, 302])
    assert [action for action, _ in entries()] == ["mute_user", "mute_user", "lift", "lift"]


def test_invitations_are_revoked_together(office, staff):
    spare = Invitation.objects.create(note="Spare")
    used = Invitation.objects.create(note="Used", expires_at=timezone.now() + timedelta(days=1))
    Invitation.objects.create(note="Other")
    act(office, "invitation", "revoke", spare, used)
    act(office, "invitation", "revoke", spare, used)
    assert {invitation.note for invitation in Invitation.objects.usable()} == {"Other"}
    assert entries() == [("revoke_invitation", "Spare"), ("revoke_invitation", "Used")]
    assert spare.token not in str(list(AuditEntry.objects.values()))


def test_what_is_changed_about_invitations_and_the_community_is_recorded(office):
    office.post(f"{ADMIN}invitation/add/", {"note": "For Nina", "max_uses": "2"})
    office.post(f"{ADMIN}community/1/change/", {})
    office.get(f"{ADMIN}community/")
    assert entries()[0] == ("add_invitation", "For Nina")


# --- What reaches open browsers -----------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
async def test_the_page_counts_who_is_there_and_a_notice_reaches_only_them(
    house, staff, member, outsider, den, lobby
):
    client = await in_database(browser, staff)
    listener, stranger = await house.enter(member), await house.enter(outsider)
    page = await in_database(act, client, "room", "notify", den, confirmed=False)
    assert "1 room, 2 members, 1 live socket." in page.content.decode()
    await house.hush()
    await in_database(act, client, "room", "notify", den, text="Back at noon")
    [notice] = await listener.received("notice")
    assert notice["text"] == "Back at noon"
    await nobody_hears("notice", stranger)


@pytest.mark.django_db(transaction=True)
async def test_who_is_removed_by_an_action_is_told_in_every_tab(house, staff, owner, member, den, lobby):
    client = await in_database(browser, staff)
    watcher, removed, tab = await house.enter(owner), await house.enter(member), await house.enter(member)
    await house.hush()
    place = await in_database(Membership.objects.get, room=den, user=member)
    await in_database(act, client, "membership", "remove", place, reason="Noise")
    for socket in (removed, tab):
        assert await socket.received("room_removed") == [{"room": den.pk}]
        [notice] = await socket.received("notice")
        assert notice["reason"] == "Noise"
    await nobody_hears("room_removed", watcher)
    await nobody_hears("notice", watcher)
