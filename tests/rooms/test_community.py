"""The founding, signing up, and invitations."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from accounts.models import User
from chatproject.errors import DomainError, Forbidden, Invalid
from rooms.models import Community, Invitation, Room
from rooms.operations.community import Openness, find_invitation, found_community, needs_owner, sign_up
from tests.support.people import person, room
from tests.support.server import PASSWORD

from .conftest import at_once

pytestmark = pytest.mark.django_db


def found(openness=Openness.OPEN, username="olivia"):
    return found_community(username=username, password=PASSWORD, openness=openness)


def invite(**fields):
    return Invitation.objects.create(**fields)


def join(token=None, username="nina"):
    return sign_up(username=username, password=PASSWORD, invitation=token)


@pytest.fixture
def closed():
    return found(Openness.PRIVATE)


# --- The founding -------------------------------------------------------------------------------
def test_a_new_place_needs_an_owner_until_it_has_one():
    assert needs_owner()
    olivia = found()
    assert olivia.is_superuser
    assert olivia.is_staff
    assert olivia.check_password(PASSWORD)
    assert not needs_owner()


def test_an_ordinary_or_a_staff_account_is_no_owner(staff, outsider):
    assert needs_owner()


def test_a_superuser_of_the_command_line_is_an_owner():
    User.objects.create_superuser("root", password=PASSWORD)
    assert not needs_owner()
    with pytest.raises(Forbidden):
        found()


def test_once_founded_it_is_never_asked_again_even_without_an_owner():
    found().delete()
    assert not User.objects.filter(is_superuser=True).exists()
    assert not needs_owner()
    with pytest.raises(Forbidden):
        found()


def test_the_founder_belongs_to_the_first_room():
    assert Room.objects.get(slug="lobby").memberships.filter(user=found()).exists()


def test_an_open_community_lets_anybody_sign_up_and_guests_talk(guest):
    found(Openness.OPEN)
    assert Community.objects.current().signup_open
    lobby = Room.objects.for_guests().get()
    assert lobby.guests_may_post
    assert join().username == "nina"


def test_a_private_team_lets_nobody_sign_up_and_no_guests_in(guest):
    other = room("other", guests_may_read=True)
    assert Room.objects.visible_to(guest).contains(other)
    found(Openness.PRIVATE)
    assert not Community.objects.current().signup_open
    assert not Room.objects.for_guests().exists()
    with pytest.raises(Forbidden):
        join()
    assert not User.objects.filter(username="nina").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_the_first_run_in_the_same_moment_one_owns_the_place():
    answers = at_once(*(partial(found, username=f"person{number}") for number in range(2)))
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert sum(isinstance(answer, DomainError) for answer in answers) == 1
    assert User.objects.count() == 1


# --- Signing up ---------------------------------------------------------------------------------
def test_who_signs_up_belongs_to_the_rooms_for_everybody():
    found()
    assert Room.objects.get(slug="lobby").memberships.filter(user=join()).exists()


def test_a_taken_name_is_refused_by_its_field():
    found()
    join()
    with pytest.raises(Invalid) as error:
        join(username="NINA")
    assert error.value.details["fields"].keys() == {"username"}


# --- Invitations --------------------------------------------------------------------------------
def soon():
    return timezone.now() + timedelta(minutes=1)


def past():
    return timezone.now() - timedelta(seconds=1)


def test_an_invitation_lets_people_in_where_sign_up_is_closed(closed):
    invitation = invite()
    join(invitation.token)
    invitation.refresh_from_db()
    assert invitation.uses == 1


@pytest.mark.parametrize(
    ("make", "good"),
    [
        (invite, True),
        (lambda: invite(expires_at=soon()), True),
        (lambda: invite(expires_at=past()), False),
        (lambda: invite(max_uses=2, uses=1), True),
        (lambda: invite(max_uses=2, uses=2), False),
        (lambda: invite(max_uses=0), False),
        (lambda: invite(revoked=True), False),
    ],
    ids=["plain", "not yet expired", "expired", "one use left", "used up", "for nobody", "revoked"],
)
def test_an_invitation_is_good_or_not(closed, make, good):
    token = make().token
    assert (find_invitation(token) is not None) == good
    if good:
        assert join(token)
    else:
        with pytest.raises(Forbidden):
            join(token)
        assert not User.objects.filter(username="nina").exists()


@pytest.mark.parametrize("token", [None, "", "unknown", "x" * 1000])
def test_no_invitation_is_none(closed, token):
    with pytest.raises(Forbidden):
        join(token)


def test_tokens_differ_and_cannot_be_guessed():
    tokens = {invite().token for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 22 for token in tokens)


def test_a_sign_up_that_fails_uses_up_no_invitation(closed):
    person("nina")
    invitation = invite(max_uses=1)
    with pytest.raises(Invalid):
        join(invitation.token)
    invitation.refresh_from_db()
    assert invitation.uses == 0


def test_where_sign_up_is_open_no_invitation_is_used_up():
    found()
    invitation = invite(max_uses=1)
    join(invitation.token)
    invitation.refresh_from_db()
    assert invitation.uses == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_the_last_use_in_the_same_moment_one_comes_too_late():
    found(Openness.PRIVATE)
    token = invite(max_uses=1).token
    answers = at_once(*(partial(join, token, f"person{number}") for number in range(3)))
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert sum(isinstance(answer, Forbidden) for answer in answers) == 2
    assert Invitation.objects.get().uses == 1
