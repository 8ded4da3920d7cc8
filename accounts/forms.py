"""The forms of sign-up, log-in and guests' names."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import (
    AuthenticationForm,
    BaseUserCreationForm,
    PasswordChangeForm,
    UsernameField,
)
from django.core.exceptions import ValidationError

from chatproject.sockets.addresses import network

from .attempts import attempt
from .models import User
from .models.user import USERNAME_TAKEN
from .names import MIXED_ALPHABETS, NAME_LENGTH, mixes_alphabets

CHOOSING_HELP = "At least 8 characters; nothing common, and not like your name."
NAME_TAKEN = "Somebody here is called this already."

if TYPE_CHECKING:
    PersonForm = forms.ModelForm[User]
    CreationForm = BaseUserCreationForm[User]
else:
    PersonForm = forms.ModelForm
    CreationForm = BaseUserCreationForm


class UnusedNameForm(PersonForm):
    """Refuses a new name that somebody else has, or is shown by, in any case of its letters.

    What is not changed is not judged: else nobody could deactivate who has such a name already.
    """

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if "username" in self.changed_data:
            self._refuse_taken(username)
            if mixes_alphabets(username):
                raise ValidationError(MIXED_ALPHABETS, code="invalid")
        return username

    def clean_display_name(self) -> str:
        name: str = self.cleaned_data["display_name"]
        if "display_name" in self.changed_data:
            self._refuse_taken(name)
        return name

    def _refuse_taken(self, name: str) -> None:
        others = User.objects.exclude(pk=self.instance.pk)
        if others.named(name).exists():
            raise ValidationError(USERNAME_TAKEN, code="unique")
        if others.called(name).exists():
            raise ValidationError(NAME_TAKEN, code="unique")


class SignUpForm(UnusedNameForm, CreationForm):
    """Checks what `operations.sign_up` is then given; it is not saved itself."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # One line instead of Django's list: whoever breaks a rule is told which.
        self.fields["password1"].help_text = CHOOSING_HELP
        self.fields["password2"].help_text = ""

    class Meta:
        model = User
        fields = ("username", "email")
        field_classes = {"username": UsernameField}


class LimitedForm(AuthenticationForm):
    """Raises `RateLimited` instead of trying one more password than `LOGIN_RATE` allows."""

    def clean(self) -> dict[str, Any]:
        name, password = map(self.cleaned_data.get, ("username", "password"))
        if not (name and password):
            return super().clean()
        address = self.request.META["REMOTE_ADDR"] if self.request else ""
        with attempt(network=network(address), name=name):
            return super().clean()


class StaffLogInForm(LimitedForm, AdminAuthenticationForm):
    """The log-in of Django's admin."""


class LogInForm(LimitedForm):
    error_messages = {
        "invalid_login": "This username and password do not belong together.",
        "inactive": "This account is not active.",
    }


class PasswordForm(PasswordChangeForm):
    """Raises `RateLimited` like a log-in: who sits down at an open page may not try out its password."""

    def __init__(self, *args: Any, address: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.address = address

    def clean_old_password(self) -> str:
        with attempt(network=network(self.address), name=self.user.get_username()):
            return super().clean_old_password()


class GuestForm(forms.Form):
    name = forms.CharField(max_length=NAME_LENGTH, label="Your name")
