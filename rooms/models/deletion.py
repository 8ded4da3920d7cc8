"""Messages that were deleted together, so that it can be undone together."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from rooms.models.room import Room

UNDO_TIME = timedelta(minutes=1)


class Deletion(models.Model):
    """One act of deleting: one message, or all that somebody said in a room since some time."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="deletions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="deletions")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Deletion {self.pk} in {self.room}"
