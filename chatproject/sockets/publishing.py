"""From Django to the sockets: `publish`, called anywhere in the sync world, in order and after commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from django.db import transaction
from socketio.async_pubsub_manager import AsyncPubSubManager

from chatproject.sockets.targets import names
from chatproject.writes import follow

if TYPE_CHECKING:
    from chatproject.sockets.server import Server
    from chatproject.sockets.socket import Socket

log = logging.getLogger(__name__)

NOBODY: tuple[str, ...] = ()

# Makes the payloads that came too often fewer: what is sent in their place.
Digest: TypeAlias = Callable[[Sequence[Mapping[str, Any]]], Iterable[Mapping[str, Any]]]

# The socket whose event is being handled in this context, if any.
sender: ContextVar[Socket | None] = ContextVar("sender", default=None)

_server: Server | None = None


class Emission(NamedTuple):
    """What happens to the sockets in `to`, in this order: told of `event`, moved between rooms, closed."""

    event: str | None
    payload: Mapping[str, Any]
    to: tuple[str, ...]
    except_: tuple[str, ...]
    namespaces: tuple[str, ...]
    sender: Socket | None
    join: tuple[str, ...]
    leave: tuple[str, ...]
    close: bool
    volatile: bool
    digest: Digest | None


def publish(
    event: str | None,
    payload: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None,
    *,
    to: str | Iterable[str],
    except_: str | Iterable[str] = NOBODY,
    namespace: str | Iterable[str] = "/",
    but_sender: bool = False,
    join: str | Iterable[str] = NOBODY,
    leave: str | Iterable[str] = NOBODY,
    close: bool = False,
    volatile: bool = False,
    digest: Digest | None = None,
) -> None:
    """Sends an event to all sockets in the rooms `to`, each once, when the current transaction commits.

    On the loop, where there is no transaction: at once, in order with all else. Not to those in `except_`.

    `but_sender` leaves out the socket whose event is being handled. `join` and `leave` then move the
    same sockets between rooms; `close` ends their connections, after the event has left. `volatile`
    events are dropped for sockets that are behind, and a `payload` that is a function is not called where
    nobody listens. Of those with a `digest` only the first of a moment leave at once; at its end leaves what
    `digest` makes of the payloads of the others. Rolled back: nothing happens. No room: nobody.
    Raises `ValueError` for what is no room name ("" or None): it must never come to mean everybody.
    """
    to, namespaces = names(to), names(namespace)
    if volatile and not _is_heard(to, namespaces):
        return
    emission = Emission(
        event=event,
        payload=payload() if callable(payload) else payload or {},
        to=to,
        except_=_names(except_),
        namespaces=namespaces,
        sender=sender.get() if but_sender else None,
        join=_names(join),
        leave=_names(leave),
        close=close,
        volatile=volatile,
        digest=digest,
    )
    if follow(partial(_apply, emission)):
        return  # it leaves with the answer of the write that is carried out here
    if _in_loop():
        _submit(emission)  # the loop has no transaction, and must not ask the database for one
    else:
        transaction.on_commit(partial(_submit, emission))


def bind(server: Server | None) -> None:
    """Makes `server` the one that `publish` reaches in this process; None for none."""
    global _server
    _server = server


def bound() -> Server | None:
    """The server that `publish` reaches in this process, if there is one."""
    return _server


def _is_heard(rooms: tuple[str, ...], namespaces: tuple[str, ...]) -> bool:
    """Whether somebody may be in one of `rooms` now; from any thread, so it may be wrong a moment later."""
    if _server is None:
        return False
    if isinstance(_server.manager, AsyncPubSubManager):
        return True  # in another process
    return any(_server.manager.members(namespace, room) for namespace in namespaces for room in rooms)


def _names(given: str | Iterable[str]) -> tuple[str, ...]:
    return NOBODY if given is NOBODY else names(given)


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _submit(emission: Emission) -> None:
    if _server is None:
        # A command, a migration: nobody is connected to this process.
        log.debug("not published event=%s", emission.event)
    else:
        _server.submit(partial(_server.apply, emission))


def _apply(emission: Emission) -> None:
    if _server is not None:
        _server.apply(emission)
