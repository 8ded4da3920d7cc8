"""A visitor's session: Django's, with whose it is and where it was last seen."""

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from accounts.channels import DIGEST_LENGTH
from accounts.reasons import Reason

from .user import User

ADDRESS_LENGTH = 64  # characters: an IPv6 address with its zone
AGENT_LENGTH = 200  # characters


class Session(AbstractBaseSession):
    """The primary key is the digest, so that pages that name a session do not give its cookie away."""

    digest = models.CharField(max_length=DIGEST_LENGTH, primary_key=True)
    session_key = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, db_index=False, related_name="sessions"
    )
    address = models.CharField(max_length=ADDRESS_LENGTH, blank=True)
    agent = models.CharField("browser", max_length=AGENT_LENGTH, blank=True)
    last_seen = models.DateTimeField(default=timezone.now)

    # Told to the sockets when the row is deleted; None if whoever deletes it tells them.
    end_reason: Reason | None = Reason.REVOKED

    class Meta(AbstractBaseSession.Meta):
        indexes = [
            models.Index(fields=["user", "-last_seen"], name="session_of_user"),
            models.Index(fields=["-last_seen"], name="session_last_seen"),
        ]

    def __str__(self) -> str:
        return f"{self.user or 'a guest'}, {self.agent or 'unknown browser'}"

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from accounts.sessions import SessionStore  # noqa: PLC0415 - the store is built on this model

        return SessionStore
