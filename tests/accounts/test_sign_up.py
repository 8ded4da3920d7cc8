import pytest

from accounts.forms import SignUpForm
from accounts.models import User
from accounts.operations import create_owner, prepared, sign_up
from chatproject.errors import Conflict, Invalid
from tests.support.server import PASSWORD

pytestmark = pytest.mark.django_db


def form(**fields):
    return SignUpForm(
        {"username": "nina", "email": "", "password1": PASSWORD, "password2": PASSWORD, **fields}
    )


def test_a_name_and_a_password_are_enough():
    assert form().is_valid()


def test_an_e_mail_address_may_be_given():
    filled = form(email="nina@example.org")
    assert filled.is_valid()
    assert filled.cleaned_data["email"] == "nina@example.org"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "two words"}, "username"),
        ({"username": "nul\0"}, "username"),
        ({"username": "<script>"}, "username"),
        ({"username": "ni\u202ena"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"email": "nobody"}, "email"),
        ({"password1": ""}, "password1"),
        ({"password2": ""}, "password2"),
        ({"password2": "another one 17"}, "password2"),
        ({"password1": "qwerty", "password2": "qwerty"}, "password2"),
        ({"password1": "password123", "password2": "password123"}, "password2"),
        ({"password1": "8371940562", "password2": "8371940562"}, "password2"),
        ({"username": "ninaninanina", "password1": "ninaninanina", "password2": "ninaninanina"}, "password2"),
        ({"password1": "nul\0nul\0nul", "password2": "nul\0nul\0nul"}, "password1"),
    ],
)
def test_what_cannot_be_accepted_is_said_at_its_field(fields, field):
    filled = form(**fields)
    assert not filled.is_valid()
    assert field in filled.errors


@pytest.mark.parametrize("username", ["member", "MEMBER", "\uff2dember"])
def test_a_taken_name_is_a_form_error_in_any_case(member, username):
    filled = form(username=username)
    assert not filled.is_valid()
    assert filled.errors == {"username": ["A person with this username already exists."]}


@pytest.mark.parametrize("username", ["anna", "ANNA", "\uff21nna"])
def test_a_name_that_somebody_is_shown_by_is_a_form_error(member, username):
    assert form(username=username).is_valid()
    member.display_name = "Anna"
    member.save()
    assert form(username=username).errors == {"username": ["Somebody here is called this already."]}


def test_a_username_does_not_mix_alphabets_that_look_alike():
    assert form(username="\u0430\u043d\u043d\u0430").is_valid()
    assert set(form(username="\u0430nna").errors) == {"username"}


def test_signing_up_makes_an_ordinary_account_whose_password_is_hashed_with_argon2():
    nina = sign_up(user=prepared(username="nina", password=PASSWORD, email="nina@EXAMPLE.org"))
    nina.refresh_from_db()
    assert nina.password.startswith("argon2$argon2id$")
    assert nina.check_password(PASSWORD)
    assert nina.email == "nina@example.org"
    assert not nina.is_staff
    assert not nina.is_superuser
    assert not nina.is_bot
    assert nina.is_active


def test_of_two_who_sign_up_by_one_name_the_later_is_told(member):
    with pytest.raises(Invalid) as refusal:
        sign_up(user=prepared(username="Member", password=PASSWORD))
    assert set(refusal.value.details["fields"]) == {"username"}
    assert User.objects.count() == 1


def test_the_owner_may_do_everything():
    olivia = create_owner(user=prepared(username="olivia", password=PASSWORD))
    assert olivia.is_superuser
    assert olivia.is_staff


def test_there_is_one_first_owner(member):
    create_owner(user=prepared(username="olivia", password=PASSWORD))
    with pytest.raises(Conflict):
        create_owner(user=prepared(username="second", password=PASSWORD))
    assert set(User.objects.values_list("username", flat=True)) == {"member", "olivia"}
