"""Messages that people point out to the staff."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.user import USERNAME_LENGTH
from rooms.models.message import Message
from rooms.models.sanction import REASON_LENGTH


class Report(models.Model):
    """Somebody finds that a message does not belong here. `body` is what it said then."""

    class Action(models.TextChoices):
        DISMISS = "dismiss", "Dismissed"
        DELETE_MESSAGE = "delete_message", "Message deleted"
        MUTE_USER = "mute_user", "Author muted"
        REMOVE_MEMBER = "remove_member", "Author removed from the room"
        BAN_USER = "ban_user", "Author banned"

    message = models.ForeignKey(Message, models.CASCADE, related_name="reports")
    body = models.TextField(editable=False)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="reports", db_index=False
    )
    reporter_name = models.CharField(max_length=USERNAME_LENGTH)
    reason = models.CharField(max_length=REASON_LENGTH)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="reports_resolved", db_index=False
    )
    action = models.CharField(max_length=20, choices=Action, blank=True)
    resolution = models.CharField(max_length=REASON_LENGTH, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        default_permissions = ("view",)
        constraints: ClassVar = [
            # Saying it again adds nothing while nobody has looked.
            models.UniqueConstraint(
                fields=["reporter", "message"], condition=Q(resolved_at=None), name="report_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Report {self.pk} by {self.reporter_name}"
