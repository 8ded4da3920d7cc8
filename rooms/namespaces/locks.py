"""The row locks of commands that write: taken for all that share a transaction, in one order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple, TypeAlias

from django.db import connection

from accounts.models import User
from chatproject.sockets.namespace import Payload
from rooms.models import Deletion, Message, Sanction, together


class RoomOf(NamedTuple):
    """The room that a message stands in, which never changes."""

    message: int


class PersonOf(NamedTuple):
    """Somebody who is acted on."""

    user: int


class ConcernedBy(NamedTuple):
    """The person and the room of a sanction, which never change."""

    sanction: int


class DeletedBy(NamedTuple):
    """The room that something was deleted in, which never changes."""

    deletion: int


LockKey: TypeAlias = int | str | RoomOf | PersonOf | ConcernedBy | DeletedBy

# What the fields of payloads name.
_NAMED: dict[str, Callable[..., LockKey]] = {
    "room": lambda key: key,
    "message": RoomOf,
    "user": PersonOf,
    "sanction": ConcernedBy,
    "deletion": DeletedBy,
}


def keys_of(payload: Payload) -> list[LockKey]:
    """What a command that writes may change, as the fields of its payload name it."""
    named = ((key, getattr(payload, field, None)) for field, key in _NAMED.items())
    return [key(value) for key, value in named if value is not None]


def take_locks(keys: Collection[LockKey]) -> None:
    """Locks rooms, by id, slug or what happened in them, then people, until the transaction ends.

    Of each kind lower ids first.
    """
    # On SQLite the transaction itself is the lock.
    if connection.features.has_select_for_update:
        sanctions = _concerned_by({key.sanction for key in keys if isinstance(key, ConcernedBy)})
        messages = {key.message for key in keys if isinstance(key, RoomOf)}
        deletions = {key.deletion for key in keys if isinstance(key, DeletedBy)}
        rooms = {key for key in keys if isinstance(key, int | str)} | _deleted_in(deletions)
        people = {key.user for key in keys if isinstance(key, PersonOf)}
        together.lock_rooms(rooms | _rooms_of(messages) | {room for room, _ in sanctions if room})
        lock_people(people | {user for _, user in sanctions if user})


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
