"""Questions about people."""

from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import UserManager
from django.db import models
from django.db.models import Case, Q, Value, When

from accounts.names import folded

if TYPE_CHECKING:
    from .user import User


class UserQuerySet(models.QuerySet["User"]):
    def named(self, username: str) -> Self:
        """Who has this username, in any case."""
        return self.filter(username_folded=folded(username))

    def called(self, name: str) -> Self:
        """Who is shown by this name or signs in with it, in any case."""
        text = folded(name)
        # Most people have no display name: an empty one is nobody's.
        return self.filter(Q(username_folded=text) | Q(display_name_folded=text)) if text else self.none()

    def owners(self) -> Self:
        return self.filter(is_superuser=True)

    def matching(self, query: str) -> Self:
        """People whose username or display name holds `query`, those that begin with it first."""
        text = folded(query)
        holds = Q(username_folded__contains=text) | Q(display_name_folded__contains=text)
        begins = Q(username_folded__startswith=text) | Q(display_name_folded__startswith=text)
        rank = Case(When(begins, then=Value(0)), default=Value(1))
        return self.filter(holds).order_by(rank, "username_folded")


class PeopleManager(UserManager["User"]):
    """Django's own ways to create people, who are then found by their username in any case."""

    use_in_migrations = False

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get_queryset().named(username or "").get()

    async def aget_by_natural_key(self, username: str | None) -> "User":
        return await self.get_queryset().named(username or "").aget()
