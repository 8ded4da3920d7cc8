"""The row locks of commands that write: taken for all that share a transaction, in one order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from django.db import connection

from accounts.models import User
from chatproject.sockets.namespace import Payload
from rooms.models import Deletion, Message, Room, Sanction, together


# No tuples: those of two kinds with the same id would be one in a set.
@dataclass(frozen=True, slots=True)
class RoomOf:
    """The room that a message stands in, which never changes."""

    message: int


@dataclass(frozen=True, slots=True)
class PersonOf:
    """Somebody who is acted on."""

    user: int


@dataclass(frozen=True, slots=True)
class ConcernedBy:
    """The person and the room of a sanction, which never change."""

    sanction: int


@dataclass(frozen=True, slots=True)
class DeletedBy:
    """The room that something was deleted in, which never changes."""

    deletion: int


@dataclass(frozen=True, slots=True)
class ReportedIn:
    """The room and the author of a message that was reported, which never change."""

    report: int


@dataclass(frozen=True, slots=True)
class RoomsForEverybody:
    """The rooms that everybody belongs to."""


LockKey: TypeAlias = int | str | RoomOf | PersonOf | ConcernedBy | DeletedBy | ReportedIn | RoomsForEverybody

# What the fields of payloads name.
_NAMED: dict[str, Callable[..., LockKey]] = {
    "room": lambda key: key,
    "message": RoomOf,
    "user": PersonOf,
    "sanction": ConcernedBy,
    "deletion": DeletedBy,
    "report": ReportedIn,
}


def keys_of(payload: Payload) -> list[LockKey]:
    """What a command that writes may change, as the fields of its payload name it."""
    named = ((key, getattr(payload, field, None)) for field, key in _NAMED.items())
    keys = [key(value) for key, value in named if value is not None]
    # A message to everybody names no room.
    return keys or ([RoomsForEverybody()] if getattr(payload, "as_message", False) else [])


def take_locks(keys: Collection[LockKey]) -> None:
    """Locks rooms, by id, slug or what happened in them, then people, until the transaction ends.

    Of each kind lower ids first.
    """
    # On SQLite the transaction itself is the lock.
    if connection.features.has_select_for_update:
        concerned = [
            *_concerned_by({key.sanction for key in keys if isinstance(key, ConcernedBy)}),
            *_reported_in({key.report for key in keys if isinstance(key, ReportedIn)}),
        ]
        messages = {key.message for key in keys if isinstance(key, RoomOf)}
        deletions = {key.deletion for key in keys if isinstance(key, DeletedBy)}
        rooms = {key for key in keys if isinstance(key, int | str)} | _deleted_in(deletions)
        if RoomsForEverybody() in keys:
            rooms |= {*Room.objects.filter(everyone=True, archived=False).values_list("pk", flat=True)}
        people = {key.user for key in keys if isinstance(key, PersonOf)}
        together.lock_rooms(rooms | _rooms_of(messages) | {room for room, _ in concerned if room})
        lock_people(people | {user for _, user in concerned if user})


def lock_people(ids: Iterable[int]) -> None:
    """Locks people, lower ids first; what only refers to them, a message for one, does not wait."""
    if ids := {*ids}:
        list(User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))


def _rooms_of(messages: Collection[int]) -> set[int | str]:
    if not messages:
        return set()
    return {*Message.objects.filter(pk__in=messages).values_list("room_id", flat=True)}


def _deleted_in(deletions: Collection[int]) -> set[int | str]:
    return (
        {*Deletion.objects.filter(pk__in=deletions).values_list("room_id", flat=True)} if deletions else set()
    )


def _concerned_by(sanctions: Collection[int]) -> list[tuple[int | None, int | None]]:
    return (
        list(Sanction.objects.filter(pk__in=sanctions).values_list("room_id", "user_id")) if sanctions else []
    )


def _reported_in(reports: Collection[int]) -> list[tuple[int, int | None]]:
    if not reports:
        return []
    messages = Message.objects.filter(reports__in=reports)
    return list(messages.values_list("room_id", "author_id"))
