"""When people last posted where they have to take their time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from rooms.models.room import Room

WHO_LENGTH = 70  # characters: a guest's key is the longest


class SlowPost(models.Model):
    """The last post of a person, or a guest, in a room with slow mode; leaving the room does not undo it."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="slow_posts", db_index=False)
    who = models.CharField(max_length=WHO_LENGTH)  # a person's id in digits, or a guest's key
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "who"], name="slow_post_once")]

    def __str__(self) -> str:
        return f"{self.who} in {self.room}"
