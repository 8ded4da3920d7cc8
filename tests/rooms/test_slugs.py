"""Addresses of rooms: readable in any script, each used once, never mistaken for an id."""

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatproject.errors import Conflict, Invalid
from rooms.models import Room
from rooms.models.room import NAME_LENGTH
from rooms.operations.rooms import create_room
from rooms.operations.slugs import chosen_slug, free_slug
from tests.support.people import room

from .conftest import at_once

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Design", "design"),
        ("Über uns!", "über-uns"),
        ("日本語 の部屋", "日本語-の部屋"),
        ("Кухня", "кухня"),
        ("C++ / Rust", "c-rust"),
        ("  spaced   out  ", "spaced-out"),
        ("🎉🎉", "room"),
        ("---", "room"),
        ("2026", "room-2026"),
        ("٣", "room-٣"),
        ("<script>alert(1)</script>", "scriptalert1script"),
        ("../../etc/passwd", "etcpasswd"),
    ],
)
def test_a_slug_is_made_of_the_name(name, slug):
    assert free_slug(name) == slug


def test_a_slug_that_is_taken_gets_a_number():
    room("design")
    assert free_slug("Design") == "design-2"
    room("design-2")
    assert free_slug("Design") == "design-3"


def test_a_long_name_leaves_space_for_a_number():
    name = "x" * NAME_LENGTH
    room(free_slug(name))
    assert len(free_slug(name)) <= NAME_LENGTH


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=NAME_LENGTH))
def test_whatever_the_name_its_slug_can_be_chosen_and_is_no_id(db, name):
    slug = free_slug(name)
    assert chosen_slug(slug) == slug
    assert not slug.isdecimal()
    assert "/" not in slug


@pytest.mark.parametrize(
    "slug", ["", "7", "٣", "UPPER", "a b", "-a", "a/b", "..", "a\0", "x" * 81, "<b>", "ﬁ"]
)
def test_what_cannot_be_a_slug_is_refused(slug):
    with pytest.raises(Invalid) as error:
        chosen_slug(slug)
    assert error.value.details["fields"].keys() == {"slug"}


def test_a_chosen_slug_that_is_taken_is_a_conflict(owner, lobby):
    with pytest.raises(Conflict) as error:
        create_room(person=owner, name="Another", slug="lobby")
    assert error.value.details["fields"].keys() == {"slug"}


@pytest.mark.django_db(transaction=True)
def test_rooms_of_one_name_made_in_the_same_moment_get_addresses_of_their_own(owner):
    made = at_once(*[partial(create_room, person=owner, name="Twins")] * 3)
    assert {each.slug for each in made} == {"twins", "twins-2", "twins-3"}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_choose_one_address_in_the_same_moment_one_gets_it(owner):
    made = at_once(*[partial(create_room, person=owner, name="Twins", slug="twins")] * 3)
    assert sorted(type(each).__name__ for each in made) == ["Conflict", "Conflict", "Room"]
    assert Room.objects.filter(name="Twins").count() == 1


def test_a_room_is_found_by_its_id_and_by_its_slug(lobby):
    for key in (lobby.pk, str(lobby.pk), "lobby"):
        assert Room.objects.named(key).get() == lobby


def test_digits_of_another_script_are_no_id(lobby):
    key = "".join("٠١٢٣٤٥٦٧٨٩"[int(digit)] for digit in str(lobby.pk))
    assert not Room.objects.named(key).exists()
    assert not Room.objects.named_any([key]).exists()


@pytest.mark.parametrize("key", [0, 10**18, "9" * 80, "Lobby", "none", "%", "lobby "])
def test_what_names_no_room_finds_none(lobby, key):
    assert not Room.objects.named(key).exists()
