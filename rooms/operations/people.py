"""People as the console shows them: found by name, with what they may not do for now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db.models import Q

from accounts.models import User
from rooms.models import Room, Sanction
from rooms.operations.console import SEE
from rooms.operations.standing import require_permission

PAGE = 100  # people in one answer


class Known(NamedTuple):
    """Somebody with an account, and the mutes and bans that hold now."""

    user: User
    sanctions: list[Sanction]


def known(*, by: User, users: Collection[int]) -> dict[int, Known]:
    """Those of `users` who have an account, by id. Raises `Forbidden`. A fixed number of queries."""
    by = require_permission(by, SEE)
    return {person.user.pk: person for person in _known(by, User.objects.filter(pk__in=users))}


def search(*, by: User, query: str = "", cursor: str | None = None) -> tuple[list[Known], str | None]:
    """A page of all whose name holds `query`, there or not, and the cursor of the next; by username.

    Raises `Forbidden`. A fixed number of queries.
    """
    by = require_permission(by, SEE)
    people = User.objects.matching(query).order_by("username_folded")
    if cursor:
        people = people.filter(username_folded__gt=cursor)
    found = list(people[: PAGE + 1])
    following = found[PAGE - 1].username_folded if len(found) > PAGE else None
    return _known(by, found[:PAGE]), following


def _known(by: User, people: Iterable[User]) -> list[Known]:
    people = list(people)
    sanctions: defaultdict[int | None, list[Sanction]] = defaultdict(list)
    seen = Q(room=None) | Q(room__in=Room.objects.for_staff(by).values("pk"))
    active = Sanction.objects.active().filter(seen, user__in=people)
    for sanction in active.in_full():
        sanctions[sanction.user_id].append(sanction)
    return [Known(user, sanctions[user.pk]) for user in people]
