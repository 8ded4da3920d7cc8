"""Where Django itself is the caller: after migrating, and before a person is deleted."""

from typing import Any

from django.db import connections
from django.db.models import QuerySet

from accounts.models import User
from rooms.operations.departing import leave_for_good
from rooms.operations.rooms import make_first_room as operation


def make_first_room(using: str, **_: Any) -> None:
    """A new database gets the room in which everybody meets."""
    # Migrating backwards ends here, too, without the table.
    if "rooms_room" in connections[using].introspection.table_names():
        operation()


def leave_rooms(instance: User, origin: Any, **_: Any) -> None:
    """A person's rooms keep an owner, and hear that somebody has gone."""
    leave_for_good(instance, together_with=origin if _is_of_people(origin) else ())


def _is_of_people(origin: Any) -> bool:
    """Whether several accounts are deleted at once."""
    return isinstance(origin, QuerySet) and origin.model is User
