"""The first run's form."""

from typing import Any

from django import forms

from accounts.forms import SignUpForm
from rooms.firstrun import is_right_code
from rooms.operations.community import Openness


class FirstRunForm(SignUpForm):
    """Makes the owner; asks for the code only where it is needed."""

    kind = forms.ChoiceField(
        label="What is this place?",
        widget=forms.RadioSelect,
        initial=Openness.OPEN.value,
        choices=[
            (Openness.OPEN.value, "An open community: anybody signs up, guests read and post in the Lobby"),
            (Openness.PRIVATE.value, "A private team: by invitation only, no guests"),
        ],
    )
    code = forms.CharField(
        max_length=40, help_text="It was printed where the server was started.", required=True
    )

    def __init__(self, *args: Any, with_code: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["email"]
        if not with_code:
            del self.fields["code"]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not is_right_code(code):
            raise forms.ValidationError("This is not the code that the server printed.", code="invalid")
        return code
