"""The forms of sign-up, log-in and guests' names."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm, UsernameField
from django.core.exceptions import ValidationError

from .models import User
from .models.user import USERNAME_TAKEN
from .names import NAME_LENGTH

CHOOSING_HELP = "At least 8 characters; nothing common, and not like your name."

if TYPE_CHECKING:
    PersonForm = forms.ModelForm[User]
    CreationForm = BaseUserCreationForm[User]
else:
    PersonForm = forms.ModelForm
    CreationForm = BaseUserCreationForm


class UnusedUsernameForm(PersonForm):
    """Refuses a username that somebody else has in any case of its letters."""

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.named(username).exclude(pk=self.instance.pk).exists():
            raise ValidationError(USERNAME_TAKEN, code="unique")
        return username


class SignUpForm(UnusedUsernameForm, CreationForm):
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


class LogInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "This username and password do not belong together.",
        "inactive": "This account is not active.",
    }


class GuestForm(forms.Form):
    name = forms.CharField(max_length=NAME_LENGTH, label="Your name")
