"""Django's database sessions, in our own model: whose a session is stands in its row."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple, cast

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

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


class SessionStore(db.SessionStore):
    """Keeps the row's own columns when it writes the session; deleting it drops its sockets."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.trail: Trail | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    @classmethod
    def load_many(cls, keys: Collection[str]) -> dict[str, "SessionStore"]:
        """Those of the sessions that exist and have not expired, by key; one query for all."""
        rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
        return {row.session_key: cls._loaded(row) for row in rows}

    @classmethod
    def _loaded(cls, row: Session) -> "SessionStore":
        store = cls(row.session_key)
        store.trail = Trail.of(row)
        # Where Django keeps what it has read.
        store._session_cache = store.decode(row.session_data)  # type: ignore[attr-defined]
        return store

    def _get_session_from_db(self) -> Session | None:
        row: Session | None = super()._get_session_from_db()  # type: ignore[misc]
        self.trail = Trail.of(row)
        return row

    async def _aget_session_from_db(self) -> Session | None:
        row: Session | None = await super()._aget_session_from_db()  # type: ignore[misc]
        self.trail = Trail.of(row)
        return row

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
