"""Who did what to whom: rows that nobody changes, each sealed together with the one before."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

from django.db import models
from django.utils import timezone

from .session import ADDRESS_LENGTH
from .user import USERNAME_LENGTH

HASH_LENGTH = 64  # hexadecimal digits of SHA-256
ACTION_LENGTH = 40  # characters
TARGET_LENGTH = 200  # code points of a target's name; longer ones are cut
REASON_LENGTH = 500  # code points
BEGINNING = "0" * HASH_LENGTH  # what the first row is sealed with


class Face(models.TextChoices):
    """Where somebody acted."""

    CHAT = "chat", "Chat"
    CONSOLE = "console", "Live console"
    ADMIN = "admin", "Admin site"
    COMMAND = "command", "Command line"


class AuditEntry(models.Model):
    """One action. No foreign keys: what is written here outlives whoever and whatever it is about.

    `hash` is the SHA-256 of `sealed_text`: canonical JSON of all other fields, `previous` among them.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor_id = models.BigIntegerField(null=True, db_index=True)
    actor_name = models.CharField("who", max_length=USERNAME_LENGTH, blank=True)
    action = models.CharField(max_length=ACTION_LENGTH)
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField("target", max_length=TARGET_LENGTH, blank=True)
    room_id = models.BigIntegerField(null=True, db_index=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    address = models.CharField(max_length=ADDRESS_LENGTH, blank=True)
    face = models.CharField(max_length=12, choices=Face)
    previous = models.CharField(max_length=HASH_LENGTH)
    hash = models.CharField(max_length=HASH_LENGTH)

    class Meta:
        ordering = ["-number"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit"
        default_permissions = ("view",)
        indexes = [models.Index(fields=["target_type", "target_id"], name="audit_of_target")]

    def __str__(self) -> str:
        return f"{self.number}: {self.action.replace('_', ' ')}"

    def sealed_text(self) -> str:
        """What the hash is made of: canonical JSON, keys sorted, the time in UTC with microseconds."""
        fields = {name: getattr(self, name) for name in SEALED}
        return json.dumps(
            {**fields, "at": _utc(self.at)}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )

    def seal(self) -> str:
        """The hash that goes with what the row says now, whatever somebody has put there."""
        return hashlib.sha256(self.sealed_text().encode(errors="surrogatepass")).hexdigest()


SEALED = (
    "number", "actor_id", "actor_name", "action", "target_type", "target_id", "target_name", "room_id",
    "before", "after", "reason", "address", "face", "previous",
)  # fmt: skip


class AuditHead(models.Model):
    """The number and the hash of the latest entry: one row, whose lock puts all entries in one line."""

    ONLY = 1

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=HASH_LENGTH, default=BEGINNING)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
