"""Adds to the audit: what was done, by whom, from where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.db import models, transaction
from django.utils import timezone

from accounts.models import AuditEntry, AuditHead, User
from accounts.models.audit import TARGET_LENGTH, Face
from accounts.models.session import ADDRESS_LENGTH
from chatproject.sockets.publishing import sender


class Origin(NamedTuple):
    """From where somebody acts."""

    face: Face
    address: str


# Where a request that is being answered comes from; events of sockets know it by themselves.
_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


@contextmanager
def acting(face: Face, address: str = "") -> Iterator[None]:
    """What is recorded within is done by this face, from this address."""
    token = _origin.set(Origin(face, address))
    try:
        yield
    finally:
        _origin.reset(token)


@transaction.atomic
def record(
    action: str,
    *,
    actor: User | None,
    target: models.Model | None = None,
    room_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Adds the next entry to the chain, in the transaction of what it tells of.

    Takes the lock of the chain's head until that transaction ends: nothing that locks comes after it.
    `before` and `after` hold text, whole numbers, booleans, null, and lists and objects of them. Raises
    ValueError for anything else, and for text that no database keeps: what comes back must hash the same.
    """
    origin = whence()
    before, after = _checked(dict(before or {})), _checked(dict(after or {}))
    head, _ = AuditHead.objects.select_for_update().get_or_create(pk=AuditHead.ONLY)
    entry = AuditEntry(
        number=head.number + 1,
        at=timezone.now(),
        actor_id=actor.pk if actor else None,
        actor_name=actor.username if actor else "",
        action=action,
        target_type=target._meta.model_name or "" if target else "",
        target_id=str(target.pk) if target else "",
        target_name=_text(str(target))[:TARGET_LENGTH] if target else "",
        room_id=room_id,
        before=before,
        after=after,
        reason=_text(reason),
        address=origin.address[:ADDRESS_LENGTH],
        face=origin.face,
        previous=head.hash,
    )
    entry.hash = entry.seal()
    entry.save(force_insert=True)
    head.number, head.hash = entry.number, entry.hash
    head.save()
    return entry


def whence() -> Origin:
    """From where what is done now is done: the request or the socket that is being answered, or a command."""
    if origin := _origin.get():
        return origin
    if socket := sender.get():
        return Origin(Face.CONSOLE if socket.namespace == "/admin" else Face.CHAT, socket.address)
    return Origin(Face.COMMAND, "")


def _checked(value: Any) -> Any:
    """`value` as it comes back from the database: numbers with a point would be rounded, keys become text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return [_checked(item) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {_text(key): _checked(item) for key, item in value.items()}
    raise ValueError(f"no part of an audit entry: {value!r}")


def _text(text: str) -> str:
    """Raises ValueError for NUL and for lone surrogates, which PostgreSQL does not take."""
    if "\0" in text:
        raise ValueError("NUL in an audit entry")
    text.encode()  # a UnicodeEncodeError is a ValueError
    return text
