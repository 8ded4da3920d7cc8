"""Who belonged to a room when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.user import USERNAME_LENGTH
from rooms.models.room import Room


class StayQuerySet(models.QuerySet["Stay"]):
    def during(self, since: datetime, until: datetime) -> StayQuerySet:
        """Those that overlap a span of time."""
        return self.filter(Q(left_at=None) | Q(left_at__gte=since), joined_at__lte=until)


class Stay(models.Model):
    """One membership from its beginning to its end; the membership itself is gone when it ends."""

    class End(models.TextChoices):
        LEFT = "left", "Left"
        REMOVED = "removed", "Removed"
        BANNED = "banned", "Banned"
        DELETED = "deleted", "Account deleted"

    room = models.ForeignKey(Room, models.CASCADE, related_name="stays", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="stays")
    user_name = models.CharField(max_length=USERNAME_LENGTH)
    joined_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=8, choices=End, blank=True)

    objects = StayQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["joined_at", "pk"]
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["room", "joined_at"], name="stay_in_room")]

    def __str__(self) -> str:
        return f"{self.user_name} in {self.room}"
