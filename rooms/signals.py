"""Where Django itself is the caller: after migrating, the first room is made."""

from typing import Any

from rooms.operations.rooms import make_first_room as operation


def make_first_room(**_: Any) -> None:
    """A new database gets the room in which everybody meets."""
    operation()
