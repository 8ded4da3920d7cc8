"""Django's database sessions, in our own model: whose a session is stands in its row."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.core import signing
from django.utils import timezone

from chatproject.sockets.session_check import RENEWAL_INTERVAL

from . import operations
from .channels import session_digest
from .models import Session, User
from .reasons import Reason


class Trail(NamedTuple):
    """Where and when a session was last seen."""

    address: str
    agent: str
    last_seen: datetime

    @classmethod
    def of(cls, row: Session | None) -> "Trail | None":
        return cls(row.address, row.agent, row.last_seen) if row else None


class Stored(NamedTuple):
    """A session as it stands in its row, not decoded."""

    data: str
    expires: datetime


class SessionStore(db.SessionStore):
    """Keeps the row's own columns when it writes the session; deleting it drops its sockets."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.trail: Trail | None = None
        self.encoded = ""  # the data as they were read

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    @classmethod
    def load_many(cls, keys: Collection[str]) -> dict[str, "SessionStore"]:
        """Those of the sessions that exist and have not expired, by key; one query for all."""
        rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
        return {row.session_key: cls._loaded(row) for row in rows}

    @classmethod
    def stored(cls, keys: Collection[str]) -> dict[str, Stored]:
        """Those of the sessions that have a row, by key, expired or not; one query for all."""
        rows = Session.objects.filter(session_key__in=keys)
        found = rows.values_list("session_key", "session_data", "expire_date")
        return {key: Stored(data, expires) for key, data, expires in found}

    @classmethod
    def renew_many(cls, lasting: Mapping[str, int]) -> None:
        """Lets sessions last so many seconds from now: those that have not ended, and not twice an hour."""
        now = timezone.now()
        for seconds in set(lasting.values()):
            keys = [key for key, lasts in lasting.items() if lasts == seconds]
            ends = now + timedelta(seconds=seconds)
            rows = Session.objects.filter(session_key__in=keys, expire_date__gt=now)
            rows.filter(expire_date__lte=ends - RENEWAL_INTERVAL).update(expire_date=ends)

    @property
    def is_renewable(self) -> bool:
        """Whether the browser was given its cookie, and the row its data, an hour ago or longer."""
        self.keys()  # reads it: an unknown or expired key becomes None
        if self.session_key is None:
            return False
        # Django signs the data together with the time at which they are written.
        how = {"salt": self.key_salt, "serializer": self.serializer, "max_age": RENEWAL_INTERVAL}
        try:
            signing.loads(self.encoded, **how)
        except signing.BadSignature as fault:
            return isinstance(fault, signing.SignatureExpired)
        return False

    @classmethod
    def _loaded(cls, row: Session) -> "SessionStore":
        store = cls(row.session_key)
        store._note(row)
        # Where Django keeps what it has read.
        store._session_cache = store.decode(row.session_data)  # type: ignore[attr-defined]
        return store

    def _get_session_from_db(self) -> Session | None:
        row: Session | None = super()._get_session_from_db()  # type: ignore[misc]
        self._note(row)
        return row

    async def _aget_session_from_db(self) -> Session | None:
        row: Session | None = await super()._aget_session_from_db()  # type: ignore[misc]
        self._note(row)
        return row

    def _note(self, row: Session | None) -> None:
        self.trail = Trail.of(row)
        self.encoded = row.session_data if row else ""

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast("Session", super().create_model_instance(data))
        row.digest = session_digest(row.session_key)
        # Looked up: an account may be deleted while one of its requests is still being answered.
        row.user = User.objects.filter(pk=data[SESSION_KEY]).first() if SESSION_KEY in data else None
        if self.trail:
            row.address, row.agent, row.last_seen = self.trail
        return row

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        return await sync_to_async(self.create_model_instance)(data)

    def delete(self, session_key: str | None = None) -> None:
        """Ends the current session, as a log-out does, or the one whose key was just exchanged."""
        if session_key:
            operations.replace_session(session_key=session_key)
        elif self.session_key:
            operations.end_session(session_key=self.session_key, reason=Reason.SIGNED_OUT)

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)
