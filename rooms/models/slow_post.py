"""When people last posted where they have to take their time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

from accounts.models import User
from rooms.models.room import Room

if TYPE_CHECKING:
    from accounts.guests import Person

WHO_LENGTH = 70  # characters: a guest's key is the longest


def who(person: Person) -> str:
    """What stands for a person, or a guest, whose posts are counted."""
    return str(person.pk) if isinstance(person, User) else person.key


class SlowPostQuerySet(models.QuerySet["SlowPost"]):
    def of(self, person: Person) -> SlowPostQuerySet:
        """The last posts of somebody, in any rooms."""
        return self.filter(who=who(person))


class SlowPost(models.Model):
    """The last post of a person, or a guest, in a room with slow mode; leaving the room does not undo it."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="slow_posts", db_index=False)
    who = models.CharField(max_length=WHO_LENGTH)  # a person's id in digits, or a guest's key
    at = models.DateTimeField()

    objects = SlowPostQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "who"], name="slow_post_once")]

    def __str__(self) -> str:
        return f"{self.who} in {self.room}"
