"""Emoji that people put to messages."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from rooms.models.message import Message

EMOJI_LENGTH = 32  # code points; the longest in use, a couple with two tones of skin, has 10


class Reaction(models.Model):
    """One person's emoji at one message; the message's version tells of each that comes or goes."""

    # The unique constraint is an index of it.
    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reactions")
    emoji = models.CharField(max_length=EMOJI_LENGTH)

    class Meta:
        ordering: ClassVar = ["pk"]  # as they came: ids are given under the room's row lock
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "emoji", "user"], name="reaction_once"),
        ]

    def __str__(self) -> str:
        return f"{self.emoji} by {self.user}"
