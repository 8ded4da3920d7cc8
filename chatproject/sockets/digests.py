"""Events that may come very often, such as a feed of all that happens.

The first of a moment leave at once, of the others a digest at its end: however many there are, few are sent.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from chatproject.sockets.publishing import Emission

MOMENT = 1.0  # second, from the first event on
SINGLY = 20  # events of one kind to the same rooms that leave at once in a moment
MOST_KEPT = 10_000  # of the others; what is more is lost

_Kind = tuple[Any, ...]  # what has to be the same for events to be digested together


class Digests:
    """Keeps what comes too often, and hands what becomes of it to `apply`; on the loop."""

    def __init__(self, apply: Callable[[Emission], None]) -> None:
        self._apply = apply
        self._passed: Counter[_Kind] = Counter()
        self._kept: defaultdict[_Kind, list[Mapping[str, Any]]] = defaultdict(list)
        self._examples: dict[_Kind, Emission] = {}
        self._end: asyncio.TimerHandle | None = None

    def keep(self, emission: Emission) -> bool:
        """Counts one; true if it is kept for the end of the moment, false if it leaves now."""
        if self._end is None:
            self._end = asyncio.get_running_loop().call_later(MOMENT, self.release)
        kind = (emission.event, emission.to, emission.namespaces, emission.digest)
        self._passed[kind] += 1
        if self._passed[kind] <= SINGLY:
            return False
        if len(self._kept[kind]) < MOST_KEPT:
            self._kept[kind].append(emission.payload)
            self._examples[kind] = emission
        return True

    def release(self) -> None:
        """Ends the moment: what was kept leaves, digested."""
        self.stop()
        kept, examples = self._kept, self._examples
        self._kept, self._examples = defaultdict(list), {}
        for kind, payloads in kept.items():
            example = examples[kind]
            for payload in example.digest(payloads) if example.digest else ():
                self._apply(example._replace(payload=payload, digest=None))

    def stop(self) -> None:
        """Ends the moment; what was kept stays so until there is another."""
        if self._end is not None:
            self._end.cancel()
        self._end = None
        self._passed.clear()
