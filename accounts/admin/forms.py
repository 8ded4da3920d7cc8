"""The forms of people's pages."""

from typing import TYPE_CHECKING

from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    UserChangeForm,
    UsernameField,
)

from accounts.forms import UnusedNameForm
from accounts.models import User

if TYPE_CHECKING:
    AddForm = AdminUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
    PasswordForm = AdminPasswordChangeForm[User]
else:
    AddForm = AdminUserCreationForm
    ChangeForm = UserChangeForm
    PasswordForm = AdminPasswordChangeForm


class AddPersonForm(UnusedNameForm, AddForm):
    class Meta:
        model = User
        fields = ("username",)
        field_classes = {"username": UsernameField}


class ChangePersonForm(UnusedNameForm, ChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes = {"username": UsernameField}


class OthersPasswordForm(PasswordForm):
    """Whoever saves it changes the password: also who takes it away, where Django finds nothing changed."""

    changed_data = ["password"]

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        if commit:  # nothing else: while it was hashed the person may have been banned
            user.save(update_fields=["password"])
        return user
