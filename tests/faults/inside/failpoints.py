"""Places where a server can be made to fail: it sleeps, raises or kills itself there."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from chatproject.sockets.line import Writer
from chatproject.sockets.socket import Socket
from rooms.namespaces import ChatNamespace

POINTS = {"before_commit", "after_commit_before_ack", "after_ack_before_emit", "in_connect"}
ACTIONS = {"sleep", "raise", "kill"}
SLEEP = 0.5  # seconds
ACK_LEAVES = 0.005  # seconds that the loop needs to hand an ack to the system

_armed: dict[str, str] = {}
_left: Counter[str] = Counter()
_hits: Counter[str] = Counter()


def arm(point: str, action: str, *, times: int = 1) -> None:
    """The next `times` that `point` is reached, `action` happens."""
    assert point in POINTS and action in ACTIONS, (point, action)
    _armed[point], _left[point] = action, times


def hits() -> dict[str, int]:
    """How often something happened, by point."""
    return dict(_hits)


def _due(point: str) -> str | None:
    if not _left[point]:
        return None
    _left[point] -= 1
    _hits[point] += 1
    return _armed[point]


def _act(action: str | None) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "sleep":
        time.sleep(SLEEP)
    elif action == "raise":
        raise OperationalError("a failpoint")


def install() -> None:
    """Puts the points where they belong; until one is armed nothing is different."""
    _install_commit()
    _install_ack()
    _install_connect()


def _install_commit() -> None:
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def _commit(self: BaseDatabaseWrapper) -> Any:
        if threading.current_thread().name != "writes":  # a page's
            return commit(self)
        _act(_due("before_commit"))
        committed = commit(self)
        _act(_due("after_commit_before_ack"))
        return committed

    BaseDatabaseWrapper._commit = _commit  # type: ignore[attr-defined]


def _install_ack() -> None:
    flush = Writer._flush
    held: list[list[Any]] = []  # what everybody else is to be written, while only the ack has left

    def let_go(self: Writer, action: str) -> None:
        lines, held[:] = held[0], []
        try:
            _act(action)
        finally:
            flush(self, lines)

    def _flush(self: Writer, lines: list[Any]) -> None:
        if held:
            held[0].extend(lines)
        elif self._answered and (action := _due("after_ack_before_emit")):
            flush(self, [])
            held.append([*lines])
            asyncio.get_running_loop().call_later(ACK_LEAVES, let_go, self, action)
        else:
            flush(self, lines)

    Writer._flush = _flush  # type: ignore[method-assign]


def _install_connect() -> None:
    on_connect = ChatNamespace.on_connect

    async def _on_connect(self: ChatNamespace, socket: Socket) -> None:
        if (action := _due("in_connect")) == "sleep":
            await asyncio.sleep(SLEEP)
        else:
            _act(action)
        await on_connect(self, socket)

    ChatNamespace.on_connect = _on_connect  # type: ignore[method-assign]
