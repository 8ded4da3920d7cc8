"""One thing to be written, and what follows once it is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from contextvars import Context, ContextVar, Token, copy_context
from functools import partial
from typing import Any, Self, TypeAlias

log = logging.getLogger(__name__)

Effect: TypeAlias = Callable[[], object]
# What was asked for, or the `DomainError` that says why not.
Outcome: TypeAlias = Any


class Write:
    """One thing to be written.

    `operation` takes the list of all `item`s that came together, and gives each its outcome in the same
    order. One that is `alone` takes just its own item, in a savepoint of its own, and returns or raises.
    `done` is called on the loop with the outcome, once, after the commit.

    `lock` is called first, with the `keys` of all writes of a transaction: it takes the row locks that they
    need, in an order that is the same in all processes.
    """

    __slots__ = (
        "_on_commit", "_token", "alone", "context", "done", "effects", "item", "keys", "lock", "operation",
        "outcome",
    )  # fmt: skip

    def __init__(
        self,
        operation: Callable[[Any], Any],
        done: Callable[[Outcome], object],
        *,
        alone: bool = True,
        lock: Callable[[Collection[Any]], object] | None = None,
        keys: Collection[Any] = (),
    ) -> None:
        self.operation = operation
        self.done = done
        self.alone = alone
        self.lock = lock
        self.keys = keys
        self.item: Any
        self.context: Context
        self.outcome: Outcome = None
        self._token: Token[Write | None]
        self.effects: list[Effect] = []
        self._on_commit: Callable[[Effect], object] | None = None

    def __enter__(self) -> Self:
        """Whatever is made within knows for which write it is made."""
        self._token = current.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        current.reset(self._token)

    def begin(self, on_commit: Callable[[Effect], object]) -> None:
        """It is carried out now, in a transaction that calls back what it gets by `on_commit`."""
        self.effects = []  # not those of an attempt before this one
        self._on_commit = on_commit

    def end(self) -> None:
        """It is carried out, or has failed: whoever still has its context is no part of it any more."""
        self._on_commit = None

    def follow(self, effect: Effect) -> bool:
        """Has `effect` run on the loop once it is committed; false unless it is being carried out."""
        if self._on_commit is None:
            return False
        self._on_commit(partial(self.effects.append, effect))
        return True

    def ask(self, item: Any) -> Self:
        """Gives it its item; within `with`, whose context one that is alone is carried out in."""
        self.item = item
        if self.alone:  # an item that comes with others keeps its own
            self.context = copy_context()
        return self


def note_failure(what: str) -> None:
    """Logs the exception that is being handled. A log that fails keeps nobody from their answer."""
    with suppress(Exception):
        log.error(what, exc_info=True)  # noqa: LOG014 - as its docstring says


# The write that is asked for, or carried out, in this context.
current: ContextVar[Write | None] = ContextVar("current", default=None)


def follow(effect: Effect) -> bool:
    """Has `effect` run on the loop once the write of this context is committed, just before its answer.

    What is rolled back has no effects. Returns false, and does nothing, where no write is carried out.
    """
    write = current.get()
    return write is not None and write.follow(effect)
