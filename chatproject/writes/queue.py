"""Where writes wait, the thread that carries them out, and how their answers come back to the loop."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from django.db import connections

from chatproject.errors import DomainError, Internal, Unavailable
from chatproject.writes.batch import carry_out
from chatproject.writes.write import Effect, Outcome, Write

log = logging.getLogger(__name__)

R = TypeVar("R")

MOST_WAITING = 2_000  # writes; more are refused at once
LARGEST_BATCH = 256  # writes in one transaction
# Seconds that a transaction waits for as many writes as the one before had: who was answered just now writes
# again in a moment. A lone writer never waits. Half a millisecond made rooms of ten a quarter faster.
GATHERING = 0.0005
RETRY_AFTER = 1  # seconds, when too many wait
DRAIN_TIMEOUT = 5  # seconds that the last writes have


class WriteQueue:
    """Made once per process and used on one loop; the thread begins with the first write.

    `waiting` counts the writes that are not answered yet, `batches` the transactions so far, `largest` the
    most writes that have shared one.
    """

    def __init__(self, *, most_waiting: int = MOST_WAITING, largest_batch: int = LARGEST_BATCH) -> None:
        self.waiting = self.batches = self.largest = 0
        self._most_waiting = most_waiting
        self._largest_batch = largest_batch
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()  # None: no more will come
        self._last_batch = 0
        self._closed = False
        self._ended: asyncio.Future[None] | None = None  # None as long as there is no thread

    async def submit(self, write: Write) -> None:
        """Has `write` carried out; returns after `done` was called. Raises `Unavailable` if too many wait.

        Who is cancelled here does not take the write back.
        """
        if self._closed or self.waiting >= self._most_waiting:
            raise Unavailable(retry_after=RETRY_AFTER)
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
            threading.Thread(target=self._work, args=[self._ended], name="writes", daemon=True).start()
        asked = _Asked(write)
        self.waiting += 1
        self._asked.put(asked)
        await asked.answered

    async def run(
        self,
        operation: Callable[[], R],
        *,
        lock: Callable[[Collection[Any]], object] | None = None,
        keys: Collection[Any] = (),
    ) -> R:
        """The result of `operation`, which writes. Raises the `DomainError` that it raises."""
        outcomes: list[Outcome] = []
        with Write(_call, outcomes.append, lock=lock, keys=keys) as write:
            write.ask(operation)
        await self.submit(write)
        outcome = outcomes[0]
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    async def drain(self, timeout: float = DRAIN_TIMEOUT) -> None:
        """Takes nothing more, and returns when all that waits is answered, or after `timeout` seconds."""
        self._closed = True
        if self._ended is None:
            return
        self._asked.put(None)
        await asyncio.wait([self._ended], timeout=timeout)
        if not self._ended.done():
            log.error("writes not finished in time count=%d", self.waiting)

    # --- On the loop ----------------------------------------------------------------------------

    def _answer(self, decided: Sequence[_Asked]) -> None:
        for asked in decided:
            self.waiting -= 1
            asked.answer()

    # --- In the thread --------------------------------------------------------------------------

    def _work(self, ended: asyncio.Future[None]) -> None:
        loop = ended.get_loop()
        try:
            while batch := self._next_batch():
                self._serve(batch, loop)
        finally:
            connections.close_all()
            _on(loop, ended.set_result, None)

    def _next_batch(self) -> list[_Asked]:
        """What waits, at least one; nothing at the end."""
        batch: list[_Asked] = []
        asked = self._asked.get()
        if self._asked.qsize() + 1 < self._last_batch:
            time.sleep(GATHERING)
        with suppress(Empty):
            while asked is not None:
                batch.append(asked)
                if len(batch) == self._largest_batch:
                    return batch
                asked = self._asked.get_nowait()
            if batch:
                self._asked.put(None)  # not now: this batch comes first
        return batch

    def _serve(self, batch: list[_Asked], loop: asyncio.AbstractEventLoop) -> None:
        self.batches += 1
        self._last_batch = len(batch)
        self.largest = max(self.largest, len(batch))
        left = {asked.write: asked for asked in batch}
        try:
            for decided in carry_out(list(left)):
                _on(loop, self._answer, [left.pop(write) for write in decided])
        except BaseException:
            # The thread lives on whatever happens: nobody else would answer what waits.
            log.exception("write queue failed writes=%d", len(left))
            for write in left:
                write.effects, write.outcome = [], Internal()
            _on(loop, self._answer, list(left.values()))


class _Asked:
    """A write on its way, and whoever waits for it."""

    __slots__ = ("answered", "write")

    def __init__(self, write: Write) -> None:
        self.write = write
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answer(self) -> None:
        """What was published leaves, then the answer; whoever waits goes on after both."""
        for effect in self.write.effects:
            _guarded(effect)
        _guarded(lambda: self.write.done(self.write.outcome))
        if not self.answered.done():
            self.answered.set_result(None)


def _guarded(effect: Effect) -> None:
    try:
        effect()
    except Exception:
        log.exception("what follows a write failed")


def _on(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *args: Any) -> None:
    # A loop that is gone has nobody left to be told.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *args)


def _call(operation: Callable[[], Any]) -> Any:
    return operation()
