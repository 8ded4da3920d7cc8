"""Namespaces: each with its own middlewares, handlers and rooms, and one pipeline for all events."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any, ClassVar, Protocol, get_type_hints

import socketio
from django.db import InterfaceError, OperationalError
from pydantic import BaseModel, ValidationError

from chatproject.errors import DomainError, Internal, Invalid, TooLarge, Unavailable, UnknownEvent
from chatproject.sockets.database import in_database
from chatproject.sockets.publishing import sender
from chatproject.sockets.server import Server
from chatproject.sockets.socket import Socket

log = logging.getLogger(__name__)

ADMISSION_TIMEOUT = 5  # seconds that all middlewares of a namespace have together
RETRY_AFTER = 1  # seconds, when the database did not answer

Ack = dict[str, Any]

# PostgreSQL keeps no NUL, and half a surrogate pair cannot be encoded at all.
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


class Middleware(Protocol):
    """Looks at a socket that wants in, and raises a `DomainError` to refuse it."""

    def __call__(self, socket: Socket) -> Awaitable[None]: ...


class Payload(BaseModel, extra="forbid", strict=True):
    """The base of what events carry: exactly the declared fields, of exactly the declared types."""


class Handler:
    """One `on_…` method: the payload it declares, and where it runs."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method
        self.model: type[Payload] = get_type_hints(method)["payload"]
        self.is_async = inspect.iscoroutinefunction(method)

    def validate(self, arguments: Sequence[Any]) -> Payload:
        """The payload; none at all counts as an empty one. Raises `Invalid` with the fields at fault."""
        given = arguments[0] if arguments else {}
        if len(arguments) > 1 or not isinstance(given, dict):
            raise Invalid({"": "One JSON object is expected."})
        try:
            payload = self.model.model_validate(given)
        except ValidationError as error:
            raise Invalid(_fields(error)) from None
        for field in _unkeepable(given):
            raise Invalid({field: "There is a character in it that cannot be kept."})
        return payload

    async def __call__(self, namespace: Namespace, socket: Socket, payload: Payload) -> Any:
        if self.is_async:
            return await self.method(namespace, socket, payload)
        return await in_database(self.method, namespace, socket, payload)


class Namespace(socketio.AsyncNamespace):
    """Base of a namespace's handlers.

    `middlewares` run in order when a socket wants in, once, and all must pass. A method
    `on_<event>(self, socket, payload: SomePayload)` handles `<event>`: what it returns is the `data`
    of a good ack, the `DomainError` it raises the `error` of a bad one. A plain method may use the
    ORM: it runs in a database thread. An `async` one runs on the loop, and must be quick.
    """

    middlewares: ClassVar[Sequence[Middleware]] = ()
    handlers: ClassVar[dict[str, Handler]] = {}
    server: Server

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
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

    def on_refused(self, socket: Socket, error: DomainError) -> None:
        """A socket was refused by a middleware."""

    async def admit(self, socket: Socket) -> None:
        """Runs the middlewares. Raises a `DomainError` if one refuses, fails or takes too long."""
        try:
            async with asyncio.timeout(ADMISSION_TIMEOUT):
                for middleware in self.middlewares:
                    await middleware(socket)
        except DomainError:
            raise
        except (TimeoutError, OperationalError, InterfaceError):
            log.warning("middleware unavailable ns=%s", self.namespace, exc_info=True)
            raise Unavailable(retry_after=RETRY_AFTER) from None
        except Exception:
            log.exception("middleware failed ns=%s", self.namespace)
            raise Internal from None

    async def handle(
        self,
        socket: Socket,
        event: str,
        arguments: Sequence[Any],
        *,
        too_large: bool = False,
        acknowledge: Callable[[Ack], object],
    ) -> None:
        """Handles one event and hands its ack, once, to `acknowledge`. Never raises; one line in the log."""
        began = perf_counter()
        handler = self.handlers.get(event) if isinstance(event, str) else None
        try:
            ack = {"ok": True, "data": await self._run(handler, socket, arguments, too_large)}
        except DomainError as error:
            ack = {"ok": False, "error": error.payload()}
        # The client's own text stays out of the log: the name is one of ours or a question mark.
        name = event if handler else "?"
        code = ack["error"]["code"] if "error" in ack else "ok"
        self.server.journal.handled(socket, name, code, perf_counter() - began)
        acknowledge(ack)

    async def _run(
        self, handler: Handler | None, socket: Socket, arguments: Sequence[Any], too_large: bool
    ) -> Any:
        if handler is None:
            raise UnknownEvent
        if too_large:
            raise TooLarge
        payload = handler.validate(arguments)
        token = sender.set(socket)
        try:
            return await handler(self, socket, payload)
        except DomainError:
            raise
        except (OperationalError, InterfaceError):
            log.warning("database unavailable ns=%s", self.namespace, exc_info=True)
            raise Unavailable(retry_after=RETRY_AFTER) from None
        except Exception:
            log.exception("handler failed ns=%s", self.namespace)
            raise Internal from None
        finally:
            sender.reset(token)

    async def trigger_event(self, event: str, *args: Any) -> None:
        """Refused: events come through `handle`, so that a client's own "connect" is just a name."""
        raise TypeError("events are handled by Namespace.handle")


def _fields(error: ValidationError) -> dict[str, str]:
    """Field -> what is wrong with it; never what was sent."""
    return {
        ".".join(str(part) for part in problem["loc"]): _sentence(problem["msg"])
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    }


def _unkeepable(given: Mapping[str, Any]) -> Iterator[str]:
    """The fields, by name or path, whose text could not be stored or sent on."""
    waiting: list[tuple[str, Any]] = list(given.items())
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and _UNKEEPABLE.search(value):
            yield path
        elif isinstance(value, dict):
            waiting += [(f"{path}.{key}", key) for key in value]
            waiting += [(f"{path}.{key}", item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}.{index}", item) for index, item in enumerate(value)]


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text if text.endswith(".") else f"{text}."
