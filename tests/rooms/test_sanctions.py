"""Mutes and bans: who may set them on whom, what they keep somebody from, and when that is over."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry, User
from chatproject.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from rooms.events.payloads import own_room_payload
from rooms.models import Membership, Message, Room, Sanction, Stay
from rooms.models.restraint import restraints_of
from rooms.models.together import mutes_of
from rooms.namespaces.locks import ConcernedBy, PersonOf, take_locks
from rooms.operations.changing import edit_message, react
from rooms.operations.deleting import delete_message
from rooms.operations.memberships import add_members, join_room, join_rooms_for_everyone
from rooms.operations.messages import post_message, set_typing
from rooms.operations.reading import list_rooms
from rooms.operations.sanctions import (
    ban_guest,
    ban_user,
    is_shut_out,
    lift,
    list_sanctions,
    list_sanctions_in,
    mute_user,
)
from rooms.operations.standing import Standing, standing_of
from tests.rooms.conftest import at_once, post, session_key
from tests.support.people import person, room

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
WHY = "Flooding"


def permit(user, *codenames):
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))


def stored(user):
    return User.objects.get(pk=user.pk)


def muted(by, user, where=None, until=None):
    return mute_user(by=by, user=user.pk, room=where and where.pk, until=until, reason=WHY)


def banned(by, user, where=None, until=None, **more):
    return ban_user(by=by, user=user.pk, room=where and where.pk, until=until, reason=WHY, **more)


def end(sanction):
    """Lets the time of a sanction pass."""
    past = timezone.now() - timedelta(seconds=1)
    Sanction.objects.filter(pk=sanction.pk).update(created_at=past - HOUR, until=past)


def audited():
    return list(AuditEntry.objects.order_by("number").values_list("action", "actor_name", "target_name"))


# --- Who on whom --------------------------------------------------------------------------------
def test_standing_is_by_rights_and_by_role_in_the_room(
    administrator, staff, owner, moderator, member, outsider, lobby, den
):
    clerk = person("clerk", is_staff=True)
    everybody = [administrator, staff, clerk, owner, moderator, member, outsider]
    assert [standing_of(who, lobby) for who in everybody] == [5, 4, 3, 2, 1, 0, 0]
    assert [standing_of(who) for who in everybody] == [5, 4, 3, 0, 0, 0, 0]
    assert standing_of(moderator, den) is Standing.MEMBER


@pytest.mark.parametrize("act", [muted, banned])
def test_owners_moderators_and_staff_act_on_who_stands_below_them(
    act, administrator, staff, owner, moderator, member, lobby
):
    permit(clerk := person("clerk", is_staff=True), "moderate_rooms")
    for by in (administrator, staff, clerk, owner, moderator):
        assert act(by, member, lobby).is_active
    for by, on in [(owner, moderator), (clerk, owner), (staff, clerk), (administrator, staff)]:
        assert act(by, on, lobby).is_active


@pytest.mark.parametrize("act", [muted, banned])
def test_nobody_acts_on_their_own_standing_or_above(act, administrator, staff, owner, moderator, lobby):
    permit(clerk := person("clerk", is_staff=True), "moderate_rooms")
    co_owner, other = person("co-owner"), person("other")
    Membership.objects.create(room=lobby, user=co_owner, role=Membership.Role.OWNER)
    Membership.objects.create(room=lobby, user=other, role=Membership.Role.MODERATOR)
    for by, on in [
        (moderator, owner), (moderator, other), (moderator, clerk), (owner, co_owner), (owner, clerk),
        (clerk, staff), (clerk, administrator), (staff, administrator),
    ]:  # fmt: skip
        with pytest.raises(Forbidden):
            act(by, on, lobby)
    for by in (administrator, staff, owner, moderator):
        with pytest.raises(Invalid) as error:
            act(by, by, lobby)
        assert error.value.details["fields"].keys() == {"user"}
    assert not Sanction.objects.exists()
    assert audited() == []


def test_who_keeps_no_order_in_a_room_sets_nothing_there(member, outsider, guest, lobby, den, moderator):
    for by, error, where in [
        (member, Forbidden, lobby), (outsider, Forbidden, lobby), (guest, Unauthenticated, lobby),
        (outsider, NotFound, den), (moderator, NotFound, den),
    ]:  # fmt: skip
        with pytest.raises(error):
            muted(by, person(f"somebody-{uuid4()}"), where)
        with pytest.raises(error):
            banned(by, person(f"somebody-{uuid4()}"), where)
    assert not Sanction.objects.exists()


def test_everywhere_takes_the_permission_for_it(staff, owner, member, lobby):
    permit(clerk := person("clerk", is_staff=True), "moderate_rooms")
    assert muted(clerk, member).is_active
    for by in (clerk, owner):
        with pytest.raises(Forbidden):
            banned(by, member)
    with pytest.raises(Forbidden):
        muted(owner, member)
    assert banned(staff, member).is_active


def test_staff_without_the_permission_find_no_private_room_of_others(staff, member, den):
    assert muted(staff, member, den).is_active
    permit(staff, "moderate_rooms")
    with pytest.raises(NotFound):
        muted(stored(staff), member, den)


def test_a_reason_is_needed_and_the_end_lies_ahead(staff, member, lobby):
    for reason in ("", "  ", "x" * 501, "\0", "\u202e"):
        with pytest.raises(Invalid) as error:
            mute_user(by=staff, user=member.pk, reason=reason)
        assert error.value.details["fields"].keys() == {"reason"}
    with pytest.raises(Invalid) as error:
        muted(staff, member, lobby, timezone.now())
    assert error.value.details["fields"].keys() == {"until"}
    for key in (10**12, "nowhere"):
        with pytest.raises(NotFound):
            mute_user(by=staff, user=member.pk, room=key, reason=WHY)
    with pytest.raises(NotFound):
        mute_user(by=staff, user=10**12, reason=WHY)
    assert not Sanction.objects.exists()


# --- Mutes --------------------------------------------------------------------------------------
@pytest.mark.parametrize("everywhere", [True, False])
def test_who_is_muted_says_nothing_and_is_told_until_when_and_why(
    everywhere, staff, member, owner, lobby, den
):
    own, others = post(member, lobby, "Before"), post(owner, lobby)
    until = timezone.now() + HOUR
    muted(staff, member, None if everywhere else lobby, until)
    for speak in (
        lambda: post(member, lobby),
        lambda: edit_message(person=member, message=own.pk, body="Changed"),
        lambda: react(person=member, message=others.pk, emoji="👍", on=True),
        lambda: set_typing(person=member, room=lobby.pk, typing=True),
    ):
        with pytest.raises(Forbidden) as error:
            speak()
        assert error.value.details["reason"] == WHY
        assert error.value.details["until"] == until.isoformat().replace("+00:00", "Z")
    assert Message.objects.count() == 2
    assert post(owner, lobby)
    if everywhere:
        with pytest.raises(Forbidden):
            post(member, den)
    else:
        assert post(member, den)
    assert delete_message(person=member, message=own.pk)  # what one said one may take back


def test_a_mute_is_over_by_itself(staff, member, lobby):
    mute = muted(staff, member, lobby, timezone.now() + HOUR)
    end(mute)
    assert post(member, lobby)
    with pytest.raises(Conflict):
        lift(by=staff, sanction=mute.pk)


def test_what_was_said_before_the_mute_is_found_by_a_repeat(staff, member, lobby):
    said = post(member, lobby)
    muted(staff, member)
    assert post(member, lobby, client_id=said.client_id) == said


def test_of_several_mutes_the_last_to_end_is_told_and_one_that_is_lifted_leaves_the_others(
    staff, member, lobby
):
    here = muted(staff, member, lobby, timezone.now() + HOUR)
    everywhere = muted(staff, member)
    at = timezone.now()
    assert mutes_of([(lobby.pk, member.pk)], at=at) == {(lobby.pk, member.pk): everywhere}
    lift(by=staff, sanction=everywhere.pk)
    assert mutes_of([(lobby.pk, member.pk)], at=at) == {(lobby.pk, member.pk): here}
    with pytest.raises(Forbidden):
        post(member, lobby)
    lift(by=staff, sanction=here.pk)
    assert post(member, lobby)


def test_the_mutes_of_those_who_post_are_those_that_the_models_name(
    staff, owner, member, outsider, lobby, den
):
    for mute in (muted(staff, member, lobby), muted(staff, owner), muted(staff, outsider, den)):
        assert mute.is_active
    end(muted(staff, member, den, timezone.now() + HOUR))
    lift(by=staff, sanction=muted(staff, outsider, lobby).pk)
    pairs = [(where.pk, who.pk) for where in (lobby, den) for who in (owner, member, outsider)]
    found = mutes_of(pairs, at=timezone.now())
    for where in (lobby, den):
        for who in (owner, member, outsider):
            restraint = restraints_of(who, [(where, None)])[where.pk]
            assert found.get((where.pk, who.pk)) == restraint.mute


def test_a_new_one_takes_the_place_of_the_one_that_holds(staff, owner, member, lobby):
    first, elsewhere = muted(owner, member, lobby), muted(staff, member)
    second = muted(staff, member, lobby, timezone.now() + HOUR)
    first.refresh_from_db()
    assert (first.is_active, first.lifted_by) == (False, staff)
    assert {*Sanction.objects.active()} == {second, elsewhere}


def test_ones_own_room_says_whether_one_is_muted(staff, member, owner, lobby):
    def own(who):
        place = lobby.memberships.get(user=who)
        return own_room_payload(lobby, who, place)

    assert (own(member)["muted"], own(member)["may_moderate"], own(owner)["may_moderate"]) == (
        None,
        False,
        True,
    )
    muted(staff, member)
    assert own(member)["muted"] == {"until": None, "reason": WHY, "everywhere": True}
    assert own(member)["may_post"]
    assert own(owner)["muted"] is None


def test_a_list_of_rooms_costs_the_same_however_many_there_are(member, owner, django_assert_num_queries):
    def listed():
        places = list_rooms(member)
        restraints = restraints_of(member, places)
        return [own_room_payload(*place[:1], member, place[1], restraints[place[0].pk]) for place in places]

    for number in range(2):
        room(f"slow-{number}", owner=owner, members=(member,), slow_mode=60)
    with django_assert_num_queries(5):
        assert len(listed()) == 2
    for number in range(2, 9):
        room(f"slow-{number}", owner=owner, members=(member,), slow_mode=60)
    with django_assert_num_queries(5):
        assert len(listed()) == 9


# --- Bans from a room ---------------------------------------------------------------------------
def test_who_is_banned_from_a_room_is_out_and_does_not_find_it(moderator, member, owner, lobby, den):
    assert lobby.memberships.filter(user=member).exists()
    banned(moderator, member, lobby)
    assert not lobby.memberships.filter(user=member).exists()
    assert Stay.objects.filter(room=lobby, user=member, left_at=None).count() == 0
    assert {*Room.objects.visible_to(member)} == {den}
    assert Room.objects.visible_to(owner).contains(lobby)
    for come_back in (
        lambda: join_room(person=member, room=lobby.pk),
        lambda: post(member, lobby),
        lambda: set_typing(person=member, room=lobby.slug, typing=True),
    ):
        with pytest.raises(NotFound):
            come_back()
    with pytest.raises(Forbidden):
        add_members(person=owner, room=lobby.pk, users=[member.pk])
    assert join_rooms_for_everyone(person=member) == []
    assert post(member, den)


def test_a_room_for_everybody_has_them_back_when_the_ban_is_over(moderator, member, lobby):
    ban = banned(moderator, member, lobby)
    lift(by=moderator, sanction=ban.pk)
    assert lobby.memberships.filter(user=member).exists()
    end(banned(moderator, member, lobby, timezone.now() + HOUR))
    assert [joined.room for joined in join_rooms_for_everyone(person=member)] == [lobby]


def test_another_room_is_joined_again_by_oneself(owner, member):
    garden = room("garden", owner=owner, members=(member,))
    lift(by=owner, sanction=banned(owner, member, garden).pk)
    assert not garden.memberships.filter(user=member).exists()
    assert join_room(person=member, room=garden.pk)


def test_who_never_belonged_can_be_banned_too(owner, outsider, lobby):
    assert Room.objects.visible_to(outsider).contains(lobby)
    banned(owner, outsider, lobby)
    assert not Room.objects.visible_to(outsider).contains(lobby)


# --- Bans from everywhere -----------------------------------------------------------------------
def test_who_is_banned_everywhere_is_signed_out_and_belongs_where_they_belonged(staff, member, lobby):
    session_key(member)
    until = timezone.now() + HOUR
    ban = banned(staff, member, until=until)
    kept = stored(member)
    assert (kept.is_banned, kept.banned_until, kept.ban_reason) == (True, until, WHY)
    assert not member.sessions.exists()
    assert lobby.memberships.filter(user=member).exists()
    lift(by=staff, sanction=ban.pk)
    assert not stored(member).is_banned


def test_a_ban_keeps_networks_out_only_if_that_is_chosen(staff, member, outsider, lobby):
    for who, address in ((member, "198.51.100.7"), (outsider, "2001:db8::1")):
        session_key(who)
        who.sessions.update(address=address)
    banned(staff, member)
    assert not is_shut_out("198.51.100.7")
    ban = banned(staff, outsider, addresses=True)
    assert is_shut_out("2001:db8::/64")
    lift(by=staff, sanction=ban.pk)
    assert not is_shut_out("2001:db8::/64")
    with pytest.raises(Invalid) as error:
        banned(staff, member, lobby, addresses=True)
    assert error.value.details["fields"].keys() == {"addresses"}


def test_a_guest_is_kept_out_by_the_network(staff, member):
    def ban(network, by=staff, **more):
        return ban_guest(by=by, name="Gus", network=network, reason=WHY, **more)

    first = ban("198.51.100.7")
    second = ban("198.51.100.7", until=timezone.now() + HOUR)
    assert {*Sanction.objects.active()} == {second}
    assert (second.user, second.user_name) == (None, "Gus")
    assert is_shut_out("198.51.100.7")
    assert not is_shut_out("198.51.100.8")
    with pytest.raises(Conflict):
        lift(by=staff, sanction=first.pk)
    end(second)
    assert not is_shut_out("198.51.100.7")
    with pytest.raises(Invalid):
        ban("0.0.0.0")  # behind a Unix socket everybody comes from there
    for by in (member, person("clerk", is_staff=True)):
        with pytest.raises(Forbidden):
            ban("198.51.100.8", by)


# --- Lifting and listing ------------------------------------------------------------------------
def test_lifting_takes_what_setting_it_takes(staff, owner, moderator, member, outsider, lobby, den):
    here, everywhere = muted(owner, member, lobby), banned(staff, member)
    secret = muted(owner, member, den)
    for by, sanction, error in [
        (member, here, Forbidden), (outsider, here, Forbidden), (owner, everywhere, Forbidden),
        (outsider, secret, NotFound), (moderator, secret, NotFound),
    ]:  # fmt: skip
        with pytest.raises(error):
            lift(by=by, sanction=sanction.pk)
    with pytest.raises(NotFound):
        lift(by=staff, sanction=10**12)
    assert Sanction.objects.active().count() == 3
    lift(by=moderator, sanction=here.pk)
    with pytest.raises(Conflict):
        lift(by=moderator, sanction=here.pk)


def test_those_who_keep_order_in_a_room_see_what_holds_there(owner, moderator, member, outsider, lobby, den):
    mute = muted(owner, member, lobby)
    muted(owner, member, den)
    end(muted(owner, outsider, lobby, timezone.now() + HOUR))
    assert list_sanctions_in(by=moderator, room=lobby.pk) == [mute]
    for by, error, where in ((member, Forbidden, lobby), (moderator, NotFound, den)):
        with pytest.raises(error):
            list_sanctions_in(by=by, room=where.pk)


def test_staff_see_all_but_those_of_private_rooms_that_are_not_theirs(
    staff, owner, member, lobby, den, monkeypatch
):
    secret, mute, ban = muted(owner, member, den), muted(owner, member, lobby), banned(staff, member)
    assert list_sanctions(by=staff) == ([ban, mute, secret], None)
    permit(staff, "use_console")
    assert list_sanctions(by=staff) == ([ban, mute], None)
    monkeypatch.setattr("rooms.operations.sanctions.PAGE", 1)
    assert list_sanctions(by=staff, user=member.pk) == ([ban], ban.pk)
    assert list_sanctions(by=staff, cursor=ban.pk) == ([mute], None)
    assert list_sanctions(by=staff, user=owner.pk) == ([], None)
    with pytest.raises(Forbidden):
        list_sanctions(by=owner)


def test_everything_is_audited(staff, owner, member, lobby):
    mute = muted(owner, member, lobby, timezone.now() + HOUR)
    second = muted(owner, member, lobby)
    lift(by=staff, sanction=second.pk)
    banned(staff, member)
    ban_guest(by=staff, name="Gus", network="198.51.100.7", reason=WHY)
    entries = list(AuditEntry.objects.order_by("number"))
    assert [(entry.action, entry.actor_name, entry.target_name) for entry in entries] == [
        ("mute_user", "owner", "member"),
        ("mute_user", "owner", "member"),
        ("lift", "staff", "member"),
        ("ban_user", "staff", "member"),
        ("ban_guest", "staff", "Ban of Gus"),
    ]
    assert {entry.reason for entry in entries} == {WHY}
    assert [entry.room_id for entry in entries] == [lobby.pk] * 3 + [None] * 2
    assert entries[1].before["sanction"] == mute.pk
    assert entries[1].after == {"sanction": second.pk, "kind": "mute", "until": None}


# --- Slow mode ----------------------------------------------------------------------------------
@pytest.fixture
def slow(lobby):
    lobby.slow_mode = 60
    lobby.save()
    return lobby


def test_slow_mode_lets_each_say_one_thing_at_a_time(slow, member, outsider, guest, den):
    join_room(person=outsider, room=slow.pk)
    for who in (member, outsider, guest):
        said = post(who, slow)
        with pytest.raises(RateLimited) as error:
            post(who, slow)
        assert error.value.details["slow_mode"] is True
        assert 59 < error.value.details["retry_after"] <= 60
        assert post(who, slow, client_id=said.client_id) == said
    assert [post(member, den), post(member, den)]
    assert Message.objects.filter(room=slow).count() == 3


def test_slow_mode_does_not_hold_up_those_who_keep_order(slow, owner, moderator, staff):
    join_room(person=staff, room=slow.pk)
    for who in (owner, moderator, staff):
        assert [post(who, slow), post(who, slow)]


def test_the_turn_comes_back_and_is_not_won_by_leaving(slow, member, owner):
    post(member, slow)
    slow.memberships.filter(user=member).delete()
    join_room(person=member, room=slow.pk)
    with pytest.raises(RateLimited):
        post(member, slow)
    place = slow.memberships.get(user=member)
    assert own_room_payload(slow, member, place)["may_post_at"]
    slow.slow_posts.update(at=timezone.now() - timedelta(seconds=61))
    assert own_room_payload(slow, member, place)["may_post_at"] is None
    assert post(member, slow)
    assert slow.slow_posts.count() == 1


def test_what_is_refused_takes_no_turn(slow, member):
    with pytest.raises(Invalid):
        post_message(person=member, room=slow.pk, client_id=uuid4(), body="Re", reply_to=10**12)
    assert post(member, slow)


# --- Two at once --------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_two_staff_who_act_on_one_person_at_once_leave_one_of_each_kind(
    staff, administrator, member, lobby, den
):
    acts = [
        lambda by=by, where=where, act=act: act(by, member, where)
        for by in (staff, administrator)
        for act in (muted, banned)
        for where in (lobby, den, None)
    ]
    outcomes = at_once(*acts)
    assert [outcome for outcome in outcomes if not isinstance(outcome, Sanction)] == []
    active = [(each.kind, each.room_id) for each in Sanction.objects.active()]
    assert len(active) == len({*active}) == 6
    assert Sanction.objects.count() == AuditEntry.objects.count() == 12
    assert stored(member).is_banned


@pytest.mark.django_db(transaction=True)
def test_a_sanction_is_lifted_once(staff, administrator, member):
    mute = muted(staff, member)
    outcomes = at_once(*[lambda by=by: lift(by=by, sanction=mute.pk) for by in (staff, administrator, staff)])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Conflict", "Sanction"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no row locks")
def test_people_are_locked_after_rooms_and_without_holding_up_what_refers_to_them(
    staff, owner, member, lobby, django_assert_num_queries
):
    mute = muted(staff, member, lobby)
    with django_assert_num_queries(3) as captured:
        take_locks([PersonOf(owner.pk), ConcernedBy(mute.pk), ConcernedBy(10**12)])
    _, rooms, people = [query["sql"] for query in captured]
    assert rooms.endswith("ORDER BY id FOR UPDATE")
    assert people.endswith("ORDER BY 1 ASC FOR NO KEY UPDATE")
