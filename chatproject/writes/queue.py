"""Where writes wait, the thread that carries them out, and how their answers come back to the loop."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from django.db import connections

from chatproject.errors import DomainError, Internal, Unavailable
from chatproject.writes.batch import carry_out
from chatproject.writes.write import Effect, Outcome, Write, note_failure

log = logging.getLogger(__name__)

R = TypeVar("R")

MOST_WAITING = 2_000  # writes; more are refused at once
LARGEST_BATCH = 256  # writes in one transaction
# Seconds that a transaction waits for as many writes as the one before had: who was answered just now writes
# again in a moment. A lone writer never waits. Half a millisecond made rooms of ten a quarter faster.
GATHERING = 0.0005
RETRY_AFTER = 1  # seconds, when too many wait
# Seconds that the last writes have. Whoever asked for them had the server's own time to finish before that.
DRAIN_TIMEOUT = 1


class WriteQueue:
    """Made once per process and used on one loop; the thread begins with the first write.

    `waiting` counts the writes that are not answered yet, `batches` the transactions so far, `largest` the
    most writes that have shared one.
    """

    def __init__(self, *, most_waiting: int = MOST_WAITING, largest_batch: int = LARGEST_BATCH) -> None:
        self.batches = self.largest = 0
        self._most_waiting = most_waiting
        self._largest_batch = largest_batch
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()  # None: no more will come
        self._unanswered: dict[_Asked, None] = {}  # in the order in which they came
        self._last_batch = 0
        self._closed = False
        self._ended: asyncio.Future[None] | None = None  # of the thread; None before there is one

    @property
    def waiting(self) -> int:
        return len(self._unanswered)

    async def submit(self, write: Write) -> None:
        """Has `write` carried out; returns after `done` was called. Raises `Unavailable` if too many wait.

        Who is cancelled here does not take the write back.
        """
        if self._closed or self.waiting >= self._most_waiting:
            raise Unavailable(retry_after=RETRY_AFTER)
        if self._ended is None or self._ended.done():
            self._begin()
        asked = _Asked(write)
        self._unanswered[asked] = None
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

    def _begin(self) -> None:
        ended = asyncio.get_running_loop().create_future()
        threading.Thread(target=self._work, args=[ended], name="writes", daemon=True).start()
        self._ended = ended

    def _answer(self, decided: Sequence[_Asked]) -> None:
        for asked in decided:
            del self._unanswered[asked]
            asked.answer()

    def _end(self, ended: asyncio.Future[None]) -> None:
        """The thread has ended. What it has left, if it was not told to end, nobody else may carry out."""
        self._asked = SimpleQueue()
        left = list(self._unanswered)
        _fail(left)
        self._answer(left)
        ended.set_result(None)

    # --- In the thread --------------------------------------------------------------------------

    def _work(self, ended: asyncio.Future[None]) -> None:
        loop = ended.get_loop()
        try:
            while batch := self._next_batch():
                self._serve(batch, loop)
        except BaseException:
            note_failure("writer's thread failed")
        finally:
            try:
                connections.close_all()
            finally:
                _on(loop, self._end, ended)

    def _next_batch(self) -> list[_Asked]:
        """What waits, at least one; nothing at the end."""
        first = self._asked.get()
        if first is None:
            return []
        if self._asked.qsize() + 1 < self._last_batch:
            time.sleep(GATHERING)
        return [first, *self._take(self._largest_batch - 1)]

    def _take(self, most: int) -> Iterator[_Asked]:
        """What waits by now, but no more than this."""
        with suppress(Empty):
            for _ in range(most):
                asked = self._asked.get_nowait()
                if asked is None:
                    self._asked.put(None)  # not now: what came before it is first
                    return
                yield asked

    def _serve(self, batch: list[_Asked], loop: asyncio.AbstractEventLoop) -> None:
        self.batches += 1
        self._last_batch = len(batch)
        self.largest = max(self.largest, len(batch))
        left = {asked.write: asked for asked in batch}

        def waiting() -> list[Write]:
            more = {asked.write: asked for asked in self._take(self._most_waiting)}
            left.update(more)
            return [*more]

        try:
            for decided in carry_out(list(left), waiting):
                _on(loop, self._answer, [left.pop(write) for write in decided])
        except BaseException:
            # The thread lives on whatever happens; they are answered first, for the log may fail as well.
            _fail(left.values())
            _on(loop, self._answer, list(left.values()))
            note_failure("write queue failed")


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
        note_failure("what follows a write failed")


def _fail(asked: Iterable[_Asked]) -> None:
    for one in asked:
        one.write.effects, one.write.outcome = [], Internal()


def _on(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *args: Any) -> None:
    # A loop that is gone has nobody left to be told.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *args)


def _call(operation: Callable[[], Any]) -> Any:
    return operation()
