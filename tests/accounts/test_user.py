import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.avatars import COLOURS
from accounts.models import User

pytestmark = pytest.mark.django_db


def test_a_person_is_shown_by_the_username_until_a_display_name_is_given():
    ann = User.objects.create_user("ann")
    assert ann.name == "ann"
    ann.display_name = "Ann Lee"
    assert (ann.name, ann.get_short_name(), str(ann)) == ("Ann Lee", "Ann Lee", "ann")


def test_the_colour_comes_from_the_username_and_stays():
    ann = User.objects.create_user("ann")
    colour = ann.colour
    assert 0 <= colour < COLOURS
    ann.username = "somebody-else"
    ann.save()
    ann.refresh_from_db()
    assert ann.colour == colour
    assert ann.avatar == {"colour": colour, "url": None}


def test_colours_differ_between_people():
    assert len({User.objects.create(username=f"person{number}").colour for number in range(40)}) > COLOURS / 2


def test_two_usernames_never_differ_by_case_alone_whoever_writes_them():
    User.objects.create(username="Ännchen")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="äNNCHEN")
    assert User.objects.count() == 1


def test_the_folded_names_follow_the_names():
    ann = User.objects.create(username="ann", display_name="Ann")
    ann.username, ann.display_name = "Zoë", "ZOË"
    ann.save()
    assert User.objects.called("zoë").get() == ann
    assert not User.objects.called("ann").exists()


def test_people_without_a_display_name_are_not_called_by_it():
    User.objects.create(username="ann")
    assert not User.objects.called("").exists()


def test_a_person_is_found_by_username_in_any_case():
    ann = User.objects.create(username="Ann")
    assert User.objects.get_by_natural_key("aNN") == ann
    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key(None)


def test_a_person_is_found_by_username_in_any_case_from_async_code():
    ann = User.objects.create(username="Ann")
    assert async_to_sync(User.objects.aget_by_natural_key)("aNN") == ann


@pytest.mark.parametrize("display_name", ["a\nb", "a\u202eb", "x" * 41])
def test_a_display_name_follows_the_rules_of_names(display_name):
    with pytest.raises(ValidationError) as refusal:
        User(username="ann", password="!", display_name=display_name).full_clean()
    assert set(refusal.value.message_dict) == {"display_name"}


def test_createsuperuser_makes_an_owner(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery 9")
    call_command("createsuperuser", interactive=False, username="olivia", verbosity=0)
    olivia = User.objects.get(username="olivia")
    assert olivia.is_superuser
    assert olivia.is_staff
    assert olivia.check_password("correct horse battery 9")
    assert list(User.objects.owners()) == [olivia]


def test_createsuperuser_refuses_a_name_that_is_taken_in_another_case(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery 9")
    User.objects.create(username="Olivia")
    with pytest.raises(CommandError, match="taken"):
        call_command("createsuperuser", interactive=False, username="olivia", verbosity=0)
