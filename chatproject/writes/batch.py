"""Carries out writes that share a transaction, so that one that fails fails alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from chatproject.connections import release_connections
from chatproject.errors import as_domain_error
from chatproject.writes.write import Outcome, Write, note_failure

log = logging.getLogger(__name__)


class NotBegun(Exception):
    """No transaction could be begun: the database is locked by somebody else, or away."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def carry_out(batch: Sequence[Write], waiting: Callable[[], Sequence[Write]]) -> Iterator[list[Write]]:
    """Writes in one transaction; yields the writes that are decided, in the order of their execution.

    What fails as a whole (a deadlock, a lost connection) is done again one by one, each in a transaction of
    its own. Where not even a transaction begins all are refused, and what is `waiting` by then with them:
    each would wait as long again.
    """
    try:
        decided = _transact(batch)
    except NotBegun as error:
        decided = _refuse([*batch, *waiting()], error)
    except Exception as error:
        log.warning("writes done again one by one count=%d error=%s", len(batch), type(error).__name__)
        yield from _one_by_one(batch, waiting)
        return
    yield decided


def _one_by_one(batch: Sequence[Write], waiting: Callable[[], Sequence[Write]]) -> Iterator[list[Write]]:
    for position, write in enumerate(batch):
        try:
            decided = _transact([write])
        except NotBegun as error:
            yield _refuse([*batch[position:], *waiting()], error)
            return
        except Exception as error:
            decided = _refuse([write], error)
        yield decided


def _transact(batch: Sequence[Write]) -> list[Write]:
    """Writes all of a batch, or nothing; returns it in the order of execution. Raises what failed it."""
    begun, committed = False, []
    decided: list[Write] = []
    release_connections()
    try:
        with transaction.atomic():
            begun = True
            on_commit = transaction.get_connection().on_commit
            on_commit(lambda: committed.append(True))
            for write in batch:
                write.begin(on_commit)
            _lock(batch)
            for group in _groups(batch):
                _execute(group)
                decided += group
    except Exception as error:
        if not begun:
            raise NotBegun(error) from error
        if not committed:
            raise
        # What is stored must not be done again, whatever a hook of the commit makes of it.
        note_failure("after a commit")
    finally:
        for write in batch:
            write.end()
        release_connections()
    if not committed:
        raise OperationalError("rolled back without an error")
    return decided


def _lock(batch: Sequence[Write]) -> None:
    keys: dict[Any, set[Any]] = {}
    for write in batch:
        if write.lock:
            keys.setdefault(write.lock, set()).update(write.keys)
    for lock, wanted in keys.items():
        if wanted:
            lock(wanted)


def _groups(batch: Sequence[Write]) -> Collection[list[Write]]:
    """Those that are carried out together, in the order in which the first of each came."""
    groups: dict[Any, list[Write]] = {}
    for write in batch:
        groups.setdefault(write if write.alone else write.operation, []).append(write)
    return groups.values()


def _execute(group: list[Write]) -> None:
    first = group[0]
    outcomes = [_alone(first)] if first.alone else first.operation([write.item for write in group])
    for write, outcome in zip(group, outcomes, strict=True):
        write.outcome = outcome


def _alone(write: Write) -> Outcome:
    try:
        with transaction.atomic():
            return write.context.run(write.operation, write.item)
    except (OperationalError, InterfaceError):
        raise  # not its own fault: all of the batch is lost with it
    except Exception as error:
        return as_domain_error(error, log, "write failed")


def _refuse(writes: Sequence[Write], error: Exception) -> list[Write]:
    cause = error.cause if isinstance(error, NotBegun) else error
    refusal = as_domain_error(cause, log, f"writes refused count={len(writes)}")
    for write in writes:
        write.effects, write.outcome = [], refusal
    return list(writes)
