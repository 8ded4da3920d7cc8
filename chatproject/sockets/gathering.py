"""Questions to the database that come together are asked together: many connections make few queries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from chatproject.sockets.database import in_database

K = TypeVar("K")
R = TypeVar("R")

MOST = 100  # questions in one call


class Gathering(Generic[K, R]):
    """Asks `load`, in a database thread, for what is wanted: one call at a time, for all that came meanwhile.

    `load` takes a list of keys and returns what it found for each, in the same order.
    """

    def __init__(self, load: Callable[[Sequence[K]], Sequence[R]]) -> None:
        self._load = load
        self._waiting: list[tuple[K, asyncio.Future[R]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> R:
        """What `load` finds for `key`. Raises what it raises."""
        found: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, found))
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask_all())
        return await found

    async def _ask_all(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._ask(asked)
        finally:
            self._asking = None

    async def _ask(self, asked: Sequence[tuple[K, asyncio.Future[R]]]) -> None:
        error: Exception | None = None
        results: Sequence[R] = []
        try:
            results = await in_database(self._load, [key for key, _ in asked])
        except Exception as raised:
            error = raised
        for index, (_, found) in enumerate(asked):
            if found.done():
                continue  # nobody waits any more
            if error is not None:
                found.set_exception(error)
            else:
                found.set_result(results[index])


class Gatherings(dict[Callable[[Sequence[Any]], Sequence[Any]], Gathering[Any, Any]]):
    """One for each function that loads, made when it is first asked."""

    def __missing__(self, load: Callable[[Sequence[Any]], Sequence[Any]]) -> Gathering[Any, Any]:
        self[load] = Gathering(load)
        return self[load]
