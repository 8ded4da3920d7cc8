"""Where Django itself is the caller: after migrating, the first room is made."""

from typing import Any

from django.db import connections

from rooms.operations.rooms import make_first_room as operation


def make_first_room(using: str, **_: Any) -> None:
    """A new database gets the room in which everybody meets."""
    # Migrating backwards ends here, too, without the table.
    if "rooms_room" in connections[using].introspection.table_names():
        operation()
