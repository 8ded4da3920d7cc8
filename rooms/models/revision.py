"""What messages said before they were edited or deleted."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from rooms.models.deletion import Deletion
from rooms.models.message import Message


class Revision(models.Model):
    """A message's body as it was until some time; kept for its author and for staff."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="revisions")
    body = models.TextField()
    until = models.DateTimeField()
    # What it was deleted with, and how it was shown, if it was not edited: by these it comes back.
    html = models.TextField(blank=True, default="", editable=False)
    deletion = models.ForeignKey(
        Deletion, models.SET_NULL, null=True, blank=True, editable=False, related_name="revisions"
    )

    class Meta:
        ordering: ClassVar = ["pk"]  # as they came: ids are given under the room's row lock

    def __str__(self) -> str:
        return self.body[:80]
