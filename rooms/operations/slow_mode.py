"""Slow mode: where a room has it, everybody waits between two messages, but those who keep order there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts.guests import Person
from chatproject.errors import RateLimited
from rooms.models import SlowPost
from rooms.models.restraint import is_exempt
from rooms.models.slow_post import who
from rooms.operations.access import Place


class SlowMode:
    """The turns of those who post in one transaction; costs no query unless a room of theirs is slow."""

    def __init__(self, asked: Iterable[tuple[Person, Place | None]], *, at: datetime) -> None:
        self._now = at
        slow = [(place, who(person)) for person, place in asked if place and _waits(person, place)]
        rooms, people = {place.room.pk for place, _ in slow}, {name for _, name in slow}
        last = SlowPost.objects.filter(room__in=rooms, who__in=people) if slow else ()
        self._last = {(post.room_id, post.who): post.at for post in last}
        self._new: dict[tuple[int, str], SlowPost] = {}

    def take_turn(self, person: Person, place: Place) -> None:
        """Counts a post in. Raises `RateLimited` if it comes too soon after the last one."""
        if not _waits(person, place):
            return
        turn = (place.room.pk, who(person))
        if last := self._last.get(turn):
            wait = last + timedelta(seconds=place.room.slow_mode) - self._now
            if wait > timedelta():
                message = f"One message in {place.room.slow_mode:,} seconds here; wait a little."
                raise RateLimited(wait.total_seconds(), message, slow_mode=True)
        self._last[turn] = self._now
        self._new[turn] = SlowPost(room=place.room, who=turn[1], at=self._now)

    def keep(self) -> None:
        """Stores the turns that were taken."""
        if self._new:
            SlowPost.objects.bulk_create(
                self._new.values(),
                update_conflicts=True,
                unique_fields=["room", "who"],
                update_fields=["at"],
            )


def _waits(person: Person, place: Place) -> bool:
    return not is_exempt(place.room, place.person(person), place.membership)
