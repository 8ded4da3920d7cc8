"""A person with an account, or a bot with one."""

from datetime import UTC, datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.utils import timezone

from accounts.avatars import Avatar, avatar_of
from accounts.fields import ColourField, FoldedField
from accounts.names import NAME_LENGTH, validate_name

from .people import PeopleManager, UserQuerySet

USERNAME_LENGTH = 150  # code points
# The end of what has none: every moment is before it, and no time zone pushes it out of the calendar.
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
BAN_REASON_LENGTH = 500  # code points
USERNAME_TAKEN = "A person with this username already exists."


class User(AbstractBaseUser, PermissionsMixin):
    username = models.CharField(
        max_length=USERNAME_LENGTH,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": USERNAME_TAKEN},
        help_text="Letters, digits and @ . + - _ only.",
    )
    username_folded = FoldedField(source="username", unique=True)
    email = models.EmailField("e-mail address", blank=True)
    display_name = models.CharField(
        max_length=NAME_LENGTH,
        blank=True,
        validators=[validate_name],
        help_text="Shown to others instead of the username.",
    )
    display_name_folded = FoldedField(source="display_name", db_index=True)
    colour = ColourField(source="username")
    is_bot = models.BooleanField("bot", default=False, help_text="A program, not a person.")
    is_staff = models.BooleanField(
        "staff", default=False, help_text="May enter the admin site and the console."
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="May sign in. Unselect this instead of deleting an account."
    )
    banned_until = models.DateTimeField(
        null=True, editable=False, help_text="Kept by the operations that ban people and lift bans."
    )
    ban_reason = models.CharField(max_length=BAN_REASON_LENGTH, blank=True, editable=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = PeopleManager.from_queryset(UserQuerySet)()

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.username

    @property
    def name(self) -> str:
        """What others see."""
        return self.display_name or self.username

    @property
    def avatar(self) -> Avatar:
        return avatar_of(self.colour)

    @property
    def is_banned(self) -> bool:
        """Whether the person may not sign in now; a ban that has an end is over by itself."""
        return self.banned_until is not None and self.banned_until > timezone.now()

    @property
    def ban_ends_at(self) -> datetime | None:
        """When a ban is over by itself; None if it does not end, or there is none."""
        return None if self.banned_until == FOREVER else self.banned_until

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
