"""Namespaces: each with its own middlewares, handlers and rooms, and one pipeline for all events."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Sequence
from functools import cached_property, partial
from time import perf_counter
from typing import Any, ClassVar, Final, Protocol

import socketio

from chatproject.errors import (
    RETRY_AFTER,
    DomainError,
    RateLimited,
    TooLarge,
    Unavailable,
    UnknownEvent,
    as_domain_error,
)
from chatproject.sockets.handlers import Handler, Payload, write, write_together
from chatproject.sockets.limits import PLACE_RETRY, Places, Rate, Throttle
from chatproject.sockets.publishing import sender
from chatproject.sockets.server import Server
from chatproject.sockets.socket import Socket
from chatproject.writes import Outcome

__all__ = ["RETRY_AFTER", "Middleware", "Namespace", "Payload", "write", "write_together"]

log = logging.getLogger(__name__)

ADMISSION_TIMEOUT = 5  # seconds that all middlewares of a namespace have together
Ack = dict[str, Any]

_LATER: Final = object()


class Middleware(Protocol):
    """Looks at a socket that wants in, and raises a `DomainError` to refuse it."""

    def __call__(self, socket: Socket) -> Awaitable[None]: ...


class Namespace(socketio.AsyncNamespace):
    """Base of a namespace's handlers.

    `middlewares` run in order when a socket wants in, once, and all must pass. A method
    `on_<event>(self, socket, payload: SomePayload)` handles `<event>`: what it returns is the `data`
    of a good ack, the `DomainError` it raises the `error` of a bad one. A plain method reads with the
    ORM, in a database thread; marked `@write` it also writes, in the write queue. An `async` one runs on
    the loop, and must be quick; marked `@write_together` it says what the queue is to write.
    """

    middlewares: ClassVar[Sequence[Middleware]] = ()
    handlers: ClassVar[dict[str, Handler]] = {}
    hears_rooms: ClassVar[bool] = False  # whether it defines one of the `room_…` methods
    server: Server

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        told = ("room_created", "room_joined", "room_left", "room_deleted")
        cls.hears_rooms = any(getattr(cls, name) is not getattr(Namespace, name) for name in told)
        cls.handlers = {
            name.removeprefix("on_"): Handler(method)
            for name, method in inspect.getmembers(cls, inspect.isfunction)
            if name.startswith("on_") and not hasattr(Namespace, name)
        }

    async def on_start(self) -> None:
        """The server has started."""

    async def on_stop(self) -> None:
        """The server is stopping."""

    async def on_connect(self, socket: Socket) -> None:
        """A socket has entered; it hears from `own_rooms` already. Its own events wait for this."""

    async def on_disconnect(self, socket: Socket, reason: str) -> None:
        """A socket is leaving; `socket.rooms` still holds, but nothing reaches it."""

    def lock_keys(self, payload: Payload) -> Collection[Any]:
        """What a command that writes needs locked, in a form that `lock` knows."""
        return ()

    @staticmethod
    def lock(keys: Collection[Any]) -> None:
        """Takes the row locks for all writes that share a transaction, in an order of its own."""

    # Limits. What is counted is counted by this process, and for this namespace.

    def limited_commands(self) -> Iterable[tuple[Rate | None, Collection[str]]]:
        """Commands that are held to a rate, each group to one of its own; None for none. Asked once."""
        return ()

    def most_sockets(self, socket: Socket) -> int:
        """How many sockets whoever `socket` counts for may have here at once; 0 for any number."""
        return 0

    def counts_for(self, socket: Socket) -> Hashable:
        """Who is held to these limits: its person, or, for whoever has not signed in, its address."""
        return getattr(socket.user, "pk", None) or socket.network

    def on_refused(self, socket: Socket, error: DomainError) -> None:
        """A socket was refused by a middleware."""

    # What happens to the namespace's rooms in this process: on the loop, in order. The room that each socket
    # has of its own is not told of. Who disconnects leaves its rooms before `on_disconnect`.

    def room_created(self, room: str) -> None:
        """A room has its first socket; `room_joined` follows."""

    def room_joined(self, socket: Socket, room: str) -> None:
        """A socket has joined a room."""

    def room_left(self, socket: Socket, room: str) -> None:
        """A socket has left a room."""

    def room_deleted(self, room: str) -> None:
        """The last socket has left a room; `room_left` came before."""

    async def admit(self, socket: Socket) -> None:
        """Runs the middlewares. Raises a `DomainError` if one refuses, fails or takes too long."""
        try:
            async with asyncio.timeout(ADMISSION_TIMEOUT):
                for middleware in self.middlewares:
                    await middleware(socket)
        except TimeoutError:
            log.warning("middlewares out of time ns=%s", self.namespace, exc_info=True)
            raise Unavailable(retry_after=RETRY_AFTER) from None
        except Exception as error:
            raise as_domain_error(error, log, f"middleware failed ns={self.namespace}") from None

    def take_place(self, socket: Socket) -> None:
        """Counts a socket in that the middlewares have passed. Raises `RateLimited` if it is one too many."""
        socket.counts_for = self.counts_for(socket)
        if self._places.is_full(socket.counts_for, self.most_sockets(socket)):
            raise RateLimited(PLACE_RETRY, "This is open too many times; close some of them.")
        self._places.take(socket.counts_for)

    def give_place_back(self, socket: Socket) -> None:
        """Counts a socket out that has left."""
        self._places.give_back(socket.counts_for)

    @cached_property
    def _places(self) -> Places:
        return Places()

    @cached_property
    def _throttles(self) -> dict[str, Throttle]:
        return {
            command: throttle
            for rate, commands in self.limited_commands()
            for throttle in [Throttle(rate, clock=self.server.clock)]
            for command in commands
        }

    async def handle(
        self,
        socket: Socket,
        event: str,
        arguments: Sequence[Any],
        *,
        wait: float = 0.0,
        too_large: bool = False,
        acknowledge: Callable[[Ack], object],
    ) -> None:
        """Handles one event and hands its ack, once, to `acknowledge`. Never raises; one line in the log.

        With `wait` it came too often, and is refused for so many seconds.
        """
        handled = partial(self._handled, socket, event, perf_counter(), acknowledge)
        token = sender.set(socket)
        try:
            if wait:
                raise RateLimited(wait)
            outcome = await self._run(socket, event, arguments, too_large, handled)
        except Exception as error:
            outcome = as_domain_error(error, log, f"handler failed ns={self.namespace}")
        finally:
            sender.reset(token)
        if outcome is not _LATER:
            handled(outcome)

    async def _run(
        self,
        socket: Socket,
        event: str,
        arguments: Sequence[Any],
        too_large: bool,
        handled: Callable[[Outcome], object],
    ) -> Outcome:
        """What comes of an event; `_LATER` if `handled` has got it already, with the commit."""
        handler = self.handlers.get(event) if isinstance(event, str) else None
        if handler is None:
            raise UnknownEvent
        if (throttle := self._throttles.get(event)) and (wait := throttle.take(socket.counts_for)):
            raise RateLimited(wait)
        if too_large:
            raise TooLarge
        payload = handler.validate(arguments)
        if not handler.writes:
            return await handler(self, socket, payload)
        await self.server.writes.submit(await handler.ask(self, socket, payload, handled))
        return _LATER

    def _handled(
        self, socket: Socket, event: str, began: float, acknowledge: Callable[[Ack], object], outcome: Outcome
    ) -> None:
        """Makes an outcome the ack, and a line of the journal."""
        refused = isinstance(outcome, DomainError)
        ack = {"ok": False, "error": outcome.payload()} if refused else {"ok": True, "data": outcome}
        # The client's own text stays out of the log: the name is one of ours or a question mark.
        name = event if isinstance(event, str) and event in self.handlers else "?"
        code = outcome.code if refused else "ok"
        self.server.journal.handled(socket, name, code, perf_counter() - began)
        acknowledge(ack)

    async def trigger_event(self, event: str, *args: Any) -> None:
        """Refused: events come through `handle`, so that a client's own "connect" is just a name."""
        raise TypeError("events are handled by Namespace.handle")
