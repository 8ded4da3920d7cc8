"""Whose accounts staff may change, end or sign out."""

from accounts.models import User


def may_touch(by: User, user: User) -> bool:
    """Superusers those of everybody, others those of nobody who is staff."""
    return by.is_superuser or not (user.is_staff or user.is_superuser)
