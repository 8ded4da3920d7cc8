"""The community as a whole: whether it is open, and who was invited."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

TOKEN_BYTES = 16


class CommunityManager(models.Manager["Community"]):
    def current(self) -> Community:
        """The one row there is; made on first use."""
        return self.get_or_create(pk=Community.ONLY)[0]


class Community(models.Model):
    """What the first run asked. One row; before it is answered the community is open."""

    ONLY = 1

    founded_at = models.DateTimeField(null=True, editable=False)
    signup_open = models.BooleanField(default=True, help_text="Anybody may sign up; else by invitation only.")

    objects = CommunityManager()

    class Meta:
        verbose_name_plural = "community"

    def __str__(self) -> str:
        return "Community"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def usable(self) -> InvitationQuerySet:
        """Invitations that still let somebody sign up."""
        fresh = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        left = Q(max_uses__isnull=True) | Q(uses__lt=F("max_uses"))
        return self.filter(fresh & left, revoked=False)


def make_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


class Invitation(models.Model):
    """A link that lets people sign up where sign-up is closed."""

    token = models.CharField(max_length=32, unique=True, default=make_token, editable=False)
    note = models.CharField(max_length=100, blank=True, help_text="Who or what it is for.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="invitations"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: does not expire.")
    max_uses = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as many as like.")
    uses = models.PositiveIntegerField(default=0, editable=False)
    revoked = models.BooleanField(default=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.note or f"Invitation {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("invitation", args=[self.token])
