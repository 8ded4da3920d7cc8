"""Handlers of events: the payload that each declares, and where it runs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError

from chatproject.errors import DomainError, Invalid
from chatproject.sockets.database import in_database
from chatproject.writes import Outcome, Write

if TYPE_CHECKING:
    from chatproject.sockets.namespace import Namespace
    from chatproject.sockets.socket import Socket

F = TypeVar("F", bound=Callable[..., Any])
Item = TypeVar("Item")
Result = TypeVar("Result")

# PostgreSQL keeps no NUL, and half a surrogate pair cannot be encoded at all.
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


class Payload(BaseModel, extra="forbid", strict=True):
    """The base of what events carry: exactly the declared fields, of exactly the declared types."""


def write(method: F) -> F:
    """Declares a plain `on_…` method that writes: it runs in the write queue, and fails alone."""
    method.__dict__["write"] = _call
    return method


def write_together(
    operation: Callable[[Sequence[Item]], Sequence[Result | DomainError]], answer: Callable[[Result], Any]
) -> Callable[[Callable[..., Awaitable[Item]]], Callable[..., Awaitable[Item]]]:
    """Declares an `async on_…` method that only says what is to be written, for commands that come often.

    `operation` writes all that came together, in one transaction, and gives for each the result or the
    `DomainError`, in order. `answer` makes a result the data of its ack.
    """

    def answered(items: Sequence[Item]) -> list[Outcome]:
        results = operation(items)
        return [result if isinstance(result, DomainError) else answer(result) for result in results]

    def declare(method: Callable[..., Awaitable[Item]]) -> Callable[..., Awaitable[Item]]:
        method.__dict__["write_together"] = answered
        return method

    return declare


class Handler:
    """One `on_…` method."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self.model: type[Payload] = get_type_hints(method)["payload"]
        self._method = method
        self._is_async = inspect.iscoroutinefunction(method)
        self._together: Callable[..., Any] | None = getattr(method, "write_together", None)
        self.writes = self._together is not None or hasattr(method, "write")

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
        """What one that is no write returns."""
        if self._is_async:
            return await self._method(namespace, socket, payload)
        return await in_database(self._method, namespace, socket, payload)

    async def ask(
        self, namespace: Namespace, socket: Socket, payload: Payload, done: Callable[[Outcome], object]
    ) -> Write:
        """What one that is a write wants to be written; `done` gets the data of its ack, or the error."""
        with Write(
            self._together or _call,
            done,
            alone=self._together is None,
            lock=namespace.lock,
            keys=namespace.lock_keys(payload),
        ) as asked:
            run = partial(self._method, namespace, socket, payload)
            return asked.ask(await run() if self._together else run)


def _call(function: Callable[[], Any]) -> Any:
    return function()


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
