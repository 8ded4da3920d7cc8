"""What a client missed in the rooms it holds: each message that changed, once, as it is by now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.conf import settings

from rooms.models import Message, Room
from rooms.models.message import MessageQuerySet, add_reactions
from rooms.operations.access import Place
from rooms.operations.answers import Allowance
from rooms.operations.reading import PAGE

SYNC_PAGE = 100  # messages of one room in one answer
SYNC_TOTAL = 500  # messages of all rooms in one answer


class Changed(NamedTuple):
    """What changed in a room up to `version`; with `reset`, instead of it, the newest page."""

    messages: list[Message]
    version: int
    reset: bool


def changes_since(places: Iterable[Place], held: Mapping[int, int]) -> dict[int, Changed]:
    """What changed in those of `places` whose version is in `held`, since that version.

    Bounded: a room whose answer is cut, or did not fit in, has a version below the room's own. Takes a query
    for each room in which something changed, as long as there is space left, and one for all reactions.
    """
    asked = [_Asked.of(room, held[room.pk]) for room, _ in places if room.pk in held]
    reading = Allowance(SYNC_TOTAL)
    found = [each.read(reading) for each in asked]
    add_reactions([message for messages in found for message in messages or ()])
    telling = Allowance(SYNC_TOTAL)
    return {each.room.pk: each.answer(messages, telling) for each, messages in zip(asked, found, strict=True)}


class _Asked(NamedTuple):
    """A room whose changes are asked for. `ahead`: of a version that it does not have."""

    room: Room
    version: int
    ahead: bool
    reset: bool

    @classmethod
    def of(cls, room: Room, version: int) -> _Asked:
        # A version from the future: the database is older than the client, restored from a backup.
        ahead = version > room.version
        far_behind = bool(settings.SYNC_LIMIT) and room.version - version > settings.SYNC_LIMIT
        return cls(room, version, ahead, reset=ahead or far_behind)

    def read(self, allowance: Allowance) -> Sequence[Message] | None:
        """The first of the messages to be told of, in their order; None if there is no space for any."""
        if self.version == self.room.version:
            return []
        most = min(allowance.messages, PAGE if self.reset else SYNC_PAGE)
        found = self._messages()[:most] if most > 0 else []
        return allowance.take(found) or (None if most <= 0 or found else [])

    def answer(self, found: Sequence[Message] | None, allowance: Allowance) -> Changed:
        """What is told of them; of those that do not fit, only that there are more."""
        messages = allowance.take(found or ())
        if not messages and (found is None or found):
            return Changed([], 0 if self.ahead else self.version, reset=self.ahead)  # it is asked for again
        if self.reset:
            return Changed(messages[::-1], self.room.version, reset=True)
        # The latest change of a room is always one of its messages': below that there are more.
        reached = messages[-1].version if messages else self.room.version
        return Changed(sorted(messages, key=lambda message: message.seq), reached, reset=False)

    def _messages(self) -> MessageQuerySet:
        messages = Message.objects.filter(room=self.room).select_related("author")
        return messages.order_by("-seq") if self.reset else messages.since(self.version)
