"""What people may not do for a while: mutes and bans."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.session import ADDRESS_LENGTH
from accounts.models.user import USERNAME_LENGTH
from rooms.models.room import Room

REASON_LENGTH = 500  # code points


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def active(self, at: datetime | None = None) -> SanctionQuerySet:
        """Those that hold now, or at another time: not lifted, and not over by themselves."""
        now = at or timezone.now()
        return self.filter(Q(until=None) | Q(until__gt=now), lifted_at=None, created_at__lte=now)

    def held_at(self, moment: datetime) -> SanctionQuerySet:
        """Those that held at a moment of the past, also if they were lifted since."""
        lasted = Q(until=None) | Q(until__gt=moment)
        kept = Q(lifted_at=None) | Q(lifted_at__gt=moment)
        return self.filter(lasted, kept, created_at__lte=moment)

    def in_full(self) -> SanctionQuerySet:
        """Each with whom it concerns, where, and who set it."""
        return self.select_related("user", "room", "by")

    def mutes(self) -> SanctionQuerySet:
        return self.filter(kind=Sanction.Kind.MUTE)

    def bans(self) -> SanctionQuerySet:
        return self.filter(kind=Sanction.Kind.BAN)


class Sanction(models.Model):
    """A mute or a ban, in one room or everywhere. It ends at `until`, or when it is lifted.

    `user` is null for a guest, who is kept out by the network that their connection came from.
    """

    class Kind(models.TextChoices):
        MUTE = "mute", "Mute"
        BAN = "ban", "Ban"

    kind = models.CharField(max_length=8, choices=Kind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="sanctions",
        db_index=False,
    )
    user_name = models.CharField("whom", max_length=USERNAME_LENGTH)
    room = models.ForeignKey(
        Room, models.CASCADE, null=True, blank=True, related_name="sanctions", help_text="Empty: everywhere."
    )
    reason = models.CharField(max_length=REASON_LENGTH)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="sanctions_given", db_index=False
    )
    by_name = models.CharField(max_length=USERNAME_LENGTH)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: until it is lifted.")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="sanctions_lifted", db_index=False
    )

    objects = SanctionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["user", "kind"], condition=Q(lifted_at=None), name="sanction_of_user"),
        ]

    def __str__(self) -> str:
        where = f" in {self.room}" if self.room_id else ""
        return f"{self.get_kind_display()} of {self.user_name}{where}"

    @property
    def is_active(self) -> bool:
        """Whether it holds now."""
        return self.lifted_at is None and (self.until is None or self.until > timezone.now())


class SanctionNetwork(models.Model):
    """A network from which nobody comes in as a guest or signs up while its ban holds.

    People with an account come in from there all the same: many share one address.
    """

    sanction = models.ForeignKey(Sanction, models.CASCADE, related_name="networks")
    network = models.CharField(max_length=ADDRESS_LENGTH, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.network
