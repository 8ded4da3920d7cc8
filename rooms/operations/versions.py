"""Changes of many messages of a room at once: each has a version of its own, and not each is told of."""

from __future__ import annotations

from collections.abc import Sequence

from rooms.events import publications
from rooms.models import Message, Room
from rooms.models.together import store_versions

TOLD_EACH = 20  # changes; of more only the last is told


def count_changes(messages: Sequence[Message], room: Room) -> None:
    """Stores a change of each message as the room's next, in this order; under the room's row lock."""
    for message in messages:
        room.version += 1
        message.version = room.version
    store_versions(messages)
    room.save(update_fields=["version"])


def tell_changes(room: Room, *, since: int) -> None:
    """Tells all who hear the room of its messages' changes after a version, the socket that asked as well.

    Who hears of the last one of many misses those before it, and asks for them.
    """
    first = since if room.version - since <= TOLD_EACH else room.version - 1
    for message in room.messages.in_full().since(first):
        publications.message_changed(message, room=room, answered=False)
