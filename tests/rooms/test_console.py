"""What staff do from the console: who may, and what is noted down."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission

from accounts.models import User
from chatproject.errors import Forbidden, Invalid, NotFound
from rooms.operations.console import announce, disconnect_user
from rooms.operations.standing import require_permission

from .conftest import session_key

pytestmark = pytest.mark.django_db


def take(user, codename):
    user.user_permissions.remove(Permission.objects.get(codename=codename))


def notes():
    return [
        (entry.user.username, str(entry.object_repr), entry.change_message)
        for entry in LogEntry.objects.all()
    ]


def test_a_permission_is_looked_up_anew(staff):
    assert require_permission(staff, "rooms.announce") == staff
    take(staff, "announce")
    with pytest.raises(Forbidden):
        require_permission(staff, "rooms.announce")


@pytest.mark.parametrize("lost", ["is_staff", "is_active"])
def test_who_is_staff_no_more_may_nothing_whatever_their_permissions(staff, lost):
    assert require_permission(staff, "rooms.use_console")
    User.objects.filter(pk=staff.pk).update(**{lost: False})
    with pytest.raises(Forbidden):
        require_permission(staff, "rooms.use_console")


def test_a_permission_without_the_flag_is_none(outsider):
    outsider.user_permissions.set(Permission.objects.all())
    with pytest.raises(Forbidden):
        require_permission(outsider, "rooms.announce")


def test_an_announcement_is_noted(staff, lobby):
    announce(staff=staff, text=" Lunch ")
    announce(staff=staff, text="Here", room=lobby.slug)
    assert [(who, repr_) for who, repr_, _ in notes()] == [("staff", "Lobby"), ("staff", "staff")]
    assert all("Lunch" in text or "Here" in text for _, _, text in notes())


@pytest.mark.parametrize("text", ["", " \n", "x" * 1_001, "a\0", "\udfff"])
def test_what_is_no_announcement_is_refused_and_not_noted(staff, text):
    with pytest.raises(Invalid) as error:
        announce(staff=staff, text=text)
    assert error.value.details["fields"].keys() == {"text"}
    assert notes() == []


def test_the_longest_announcement_passes(staff):
    announce(staff=staff, text="🎉" * 1_000)


def test_an_announcement_reaches_only_rooms_that_its_author_sees(staff, den):
    for target in (den.pk, "nowhere"):
        with pytest.raises(NotFound):
            announce(staff=staff, text="Hello", room=target)
    assert notes() == []


def test_who_may_not_announce_does_not(staff, outsider):
    take(staff, "announce")
    for who in (staff, outsider):
        with pytest.raises(Forbidden):
            announce(staff=who, text="Hello")


def test_a_person_is_disconnected_and_stays_signed_in(staff, member):
    session_key(member)
    disconnect_user(staff=staff, user=member.pk)
    assert member.sessions.count() == 1
    assert [(who, whom) for who, whom, _ in notes()] == [("staff", "member")]


def test_a_person_is_signed_out_everywhere(staff, member, outsider):
    for who in (member, member, outsider):
        session_key(who)
    disconnect_user(staff=staff, user=member.pk, sign_out=True)
    assert member.sessions.count() == 0
    assert outsider.sessions.count() == 1
    assert len(notes()) == 1


def test_nobody_disconnects_himself_an_owner_or_a_stranger(staff, owner):
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    with pytest.raises(Invalid) as error:
        disconnect_user(staff=staff, user=staff.pk)
    assert error.value.details["fields"].keys() == {"user"}
    with pytest.raises(Forbidden):
        disconnect_user(staff=staff, user=owner.pk, sign_out=True)
    with pytest.raises(NotFound):
        disconnect_user(staff=staff, user=10**12)
    assert notes() == []


def test_an_owner_disconnects_an_owner(owner, member):
    User.objects.filter(pk__in=[owner.pk, member.pk]).update(is_superuser=True, is_staff=True)
    disconnect_user(staff=owner, user=member.pk)
    assert len(notes()) == 1


def test_disconnecting_needs_the_permission_to_moderate(staff, member, outsider):
    take(staff, "moderate_rooms")
    for who in (staff, outsider):
        with pytest.raises(Forbidden):
            disconnect_user(staff=who, user=member.pk)
