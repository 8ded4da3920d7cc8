"""The row locks of commands that write: taken for all that share a transaction, in one order."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from rooms.models import together


def lock_rooms(keys: Collection[int | str]) -> None:
    """Locks the rooms with these ids and slugs until the transaction ends; lower ids first."""
    # On SQLite the transaction itself is the lock.
    if connection.features.has_select_for_update:
        together.lock_rooms(keys)
