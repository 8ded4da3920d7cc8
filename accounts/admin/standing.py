"""Whose accounts somebody may touch on the admin site."""

from django.http import HttpRequest

from accounts.models import User


def is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


def may_touch(request: HttpRequest, user: User | None) -> bool:
    """Whether an account may be changed, ended or signed out: one of the staff by superusers only."""
    return is_superuser(request) or user is None or not (user.is_staff or user.is_superuser)
