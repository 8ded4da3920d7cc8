"""Much of what happens, in few words: what the feed of the console is told when it would be too much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

MOST_LINES = 50  # of one moment; by kind alone there are fewer kinds than that

Activity: TypeAlias = Mapping[str, Any]


def digest_of(told: Sequence[Activity]) -> list[Activity]:
    """Fewer of them, each with the `count` of those that it stands for: by kind and room, or by kind alone.

    `user`, `room` and `detail` are null or empty where they differ.
    """
    lines = _grouped(told, "kind", "room")
    if len(lines) > MOST_LINES:
        lines = _grouped(told, "kind")
    return [_merged(line) for line in lines]


def _grouped(told: Iterable[Activity], *names: str) -> list[list[Activity]]:
    groups: defaultdict[Hashable, list[Activity]] = defaultdict(list)
    for one in told:
        groups[tuple(repr(one[name]) for name in names)].append(one)
    return list(groups.values())


def _merged(told: Sequence[Activity]) -> Activity:
    last = told[-1]
    if len(told) == 1:
        return last
    same = {name: value for name, value in last.items() if all(one[name] == value for one in told)}
    return {"user": None, "room": None, "detail": "", **same, "at": last["at"], "count": len(told)}
