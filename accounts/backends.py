"""Who may sign in, and stay signed in."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.backends import AllowAllUsersModelBackend, ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.formats import date_format

from chatproject.texts import isolated

from . import events
from .models import User

_WHOEVER_IT_IS = AllowAllUsersModelBackend()


class Banned(ValidationError):
    """Somebody who knows the password is banned; the message says until when, and why."""

    def __init__(self, user: User) -> None:
        until = user.ban_ends_at
        end = f" until {date_format(until, 'j F Y, H:i')} UTC" if until else ""
        super().__init__(f"This account is banned{end}. Reason: {isolated(user.ban_reason)}", code="banned")


class PeopleBackend(ModelBackend):
    """Django's own, but nobody signs in, or stays, who is banned."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Raises `Banned` for the right password of somebody who is; others learn nothing of it."""
        user = _WHOEVER_IT_IS.authenticate(request, username, password, **kwargs)
        if not isinstance(user, User) or self.user_can_authenticate(user):
            return user
        if user.is_active:
            raise Banned(user)
        return None

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return super().user_can_authenticate(user) and not (isinstance(user, User) and user.is_banned)

    def session_ended(self, user: User) -> Mapping[str, Any]:
        """What the sockets of an active person are told who may not stay."""
        return events.ban_payload(user)
