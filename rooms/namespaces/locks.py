"""The row locks of commands that write: taken for all that share a transaction, in one order."""

from __future__ import annotations

from collections.abc import Collection

from rooms.models import Room


def lock_rooms(keys: Collection[int | str]) -> None:
    """Locks the rooms with these ids and slugs until the transaction ends; lower ids first."""
    list(Room.objects.named_any(keys).select_for_update().order_by("pk").values_list("pk"))
