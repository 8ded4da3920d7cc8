"""The row locks of commands that write: taken for all that share a transaction, in one order."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, TypeAlias

from django.db import connection

from rooms.models import Message, together


class RoomOf(NamedTuple):
    """The room that a message stands in, which never changes."""

    message: int


LockKey: TypeAlias = int | str | RoomOf


def lock_rooms(keys: Collection[LockKey]) -> None:
    """Locks rooms, by id, slug or one of their messages, until the transaction ends; lower ids first."""
    # On SQLite the transaction itself is the lock.
    if connection.features.has_select_for_update:
        messages = {key.message for key in keys if isinstance(key, RoomOf)}
        rooms = {key for key in keys if not isinstance(key, RoomOf)}
        together.lock_rooms(rooms | _rooms_of(messages))


def _rooms_of(messages: Collection[int]) -> set[int | str]:
    if not messages:
        return set()
    return {*Message.objects.filter(pk__in=messages).values_list("room_id", flat=True)}
