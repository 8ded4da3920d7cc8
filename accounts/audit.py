"""The audit: one row for each action of the staff, sealed in one chain; and whether the chain still holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.db import models, transaction
from django.utils import timezone

from chatproject.sockets.publishing import sender

from .models import AuditEntry, AuditHead, User
from .models.audit import BEGINNING, TARGET_LENGTH, Face


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
    `before` and `after` hold text, whole numbers, booleans, null, and lists and objects of them.
    """
    origin = _whence()
    head, _ = AuditHead.objects.select_for_update().get_or_create(pk=AuditHead.ONLY)
    entry = AuditEntry(
        number=head.number + 1,
        at=timezone.now(),
        actor_id=actor.pk if actor else None,
        actor_name=actor.username if actor else "",
        action=action,
        target_type=target._meta.model_name or "" if target else "",
        target_id=str(target.pk) if target else "",
        target_name=str(target)[:TARGET_LENGTH] if target else "",
        room_id=room_id,
        before=dict(before or {}),
        after=dict(after or {}),
        reason=reason,
        address=origin.address,
        face=origin.face,
        previous=head.hash,
    )
    entry.hash = entry.seal()
    entry.save(force_insert=True)
    head.number, head.hash = entry.number, entry.hash
    head.save()
    return entry


class Verdict(NamedTuple):
    """What was found: the faults, in words, and the head that the rows end with."""

    faults: list[str]
    number: int
    hash: str


def verify() -> Verdict:
    """Reads the whole chain and says what was changed, is missing, was cut off or stands elsewhere."""
    faults: list[str] = []
    number, last = 0, BEGINNING
    for entry in AuditEntry.objects.order_by("number").iterator():
        if entry.number != number + 1:
            faults.append(_gap(number + 1, entry.number - 1))
        elif entry.previous != last:
            faults.append(f"Entry {entry.number} does not follow entry {number}: one was changed.")
        if entry.hash != entry.seal():
            faults.append(f"Entry {entry.number} was changed.")
        number, last = entry.number, entry.hash
    head = AuditHead.objects.filter(pk=AuditHead.ONLY).first() or AuditHead()
    if head.number > number:
        faults.append(f"{_gap(number + 1, head.number)} The end was cut off.")
    elif (head.number, head.hash) != (number, last):
        faults.append(f"The head names entry {head.number}, but the chain ends with another {number}.")
    return Verdict(faults, number, last)


def _gap(first: int, last: int) -> str:
    return f"Entry {first} is missing." if first == last else f"Entries {first} to {last} are missing."


def _whence() -> Origin:
    if origin := _origin.get():
        return origin
    if socket := sender.get():
        return Origin(Face.CONSOLE if socket.namespace == "/admin" else Face.CHAT, socket.address)
    return Origin(Face.COMMAND, "")
