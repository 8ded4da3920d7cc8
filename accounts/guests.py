"""People without an account: a name of their choice, kept in the Django session."""

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from django.contrib.sessions.backends.base import SessionBase

from .avatars import Avatar, avatar_of, colour_of
from .channels import session_digest
from .models import User

GUEST_NAME = "guest_name"  # in the Django session


@dataclass(frozen=True, slots=True)
class Guest:
    """A visitor; `name` is empty until one is chosen, `key` while there is no session to know one by."""

    name: str
    key: str

    id: ClassVar[None] = None
    is_authenticated: ClassVar[bool] = False
    is_staff: ClassVar[bool] = False

    @property
    def avatar(self) -> Avatar:
        return avatar_of(colour_of(self.name))


Person: TypeAlias = User | Guest


def person_of(user: Any, session: SessionBase) -> Person:
    """Who is there: the signed-in user that Django found, or the guest of the session."""
    if isinstance(user, User):
        return user
    # Reading the session comes first: only then does a forged key turn into none.
    name = session.get(GUEST_NAME, "")
    return Guest(name=name, key=session_digest(session.session_key) if session.session_key else "")
