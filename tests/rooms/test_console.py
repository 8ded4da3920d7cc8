"""What staff do from the console: who may, and what is noted down."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import AuditEntry, User
from chatproject.errors import Forbidden, Invalid, NotFound
from rooms.operations.console import disconnect_user
from rooms.operations.standing import require_permission

from .conftest import session_key

pytestmark = pytest.mark.django_db


def take(user, codename):
    user.user_permissions.remove(Permission.objects.get(codename=codename))


def notes():
    """Who did what to whom."""
    return list(AuditEntry.objects.order_by("number").values_list("actor_name", "action", "target_name"))


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


def test_a_person_is_disconnected_and_stays_signed_in(staff, member):
    session_key(member)
    disconnect_user(by=staff, user=member.pk)
    assert member.sessions.count() == 1
    assert notes() == [("staff", "disconnect_user", "member")]


def test_a_person_is_signed_out_everywhere(staff, member, outsider):
    for who in (member, member, outsider):
        session_key(who)
    disconnect_user(by=staff, user=member.pk, sign_out=True)
    assert member.sessions.count() == 0
    assert outsider.sessions.count() == 1
    assert len(notes()) == 1


def test_nobody_disconnects_himself_an_owner_or_a_stranger(staff, owner):
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    with pytest.raises(Invalid) as error:
        disconnect_user(by=staff, user=staff.pk)
    assert error.value.details["fields"].keys() == {"user"}
    with pytest.raises(Forbidden):
        disconnect_user(by=staff, user=owner.pk, sign_out=True)
    with pytest.raises(NotFound):
        disconnect_user(by=staff, user=10**12)
    assert notes() == []


def test_nobody_disconnects_somebody_of_their_own_standing(owner, staff, member, outsider):
    User.objects.filter(pk__in=[owner.pk, member.pk]).update(is_superuser=True, is_staff=True)
    User.objects.filter(pk=outsider.pk).update(is_staff=True)
    for by, user in ((owner, member), (staff, member)):
        with pytest.raises(Forbidden):
            disconnect_user(by=by, user=user.pk)
    assert notes() == []
    disconnect_user(by=owner, user=staff.pk)
    disconnect_user(by=staff, user=outsider.pk)
    assert len(notes()) == 2


def test_disconnecting_needs_the_permission_to_moderate(staff, member, outsider):
    take(staff, "moderate_rooms")
    for who in (staff, outsider):
        with pytest.raises(Forbidden):
            disconnect_user(by=who, user=member.pk)
