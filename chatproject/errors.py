"""The errors of the domain: each has a code for programs and a sentence for people.

Operations raise them; the namespaces' pipeline and the HTTP layer translate them, nobody else.
"""

import logging
import math
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from django.db import InterfaceError, OperationalError

R = TypeVar("R")

RETRY_AFTER = 1  # seconds, when the database did not answer


class DomainError(Exception):
    """A refusal that the person who asked is told about."""

    code: ClassVar[str] = "internal"
    message: ClassVar[str] = "Something went wrong here. It has been noted."

    def __init__(self, message: str | None = None, **details: Any) -> None:
        super().__init__(message or self.message)
        self.details = details

    def payload(self) -> dict[str, Any]:
        """`{code, message, …}`, as acks and JSON responses carry it."""
        return {"code": self.code, "message": str(self), **self.details}


class Invalid(DomainError):
    """What was sent is not what is expected; `fields` says where and why."""

    code = "invalid"
    message = "This cannot be accepted as it is."

    def __init__(self, fields: Mapping[str, str], message: str | None = None) -> None:
        super().__init__(message or next(iter(fields.values()), None), fields=dict(fields))


class UnknownEvent(DomainError):
    code = "unknown_event"
    message = "There is no such command."


class Unauthenticated(DomainError):
    code = "unauthenticated"
    message = "Sign in first."


class Forbidden(DomainError):
    code = "forbidden"
    message = "You may not do this."


class NotFound(DomainError):
    """What was named does not exist, or may not be seen: both look the same."""

    code = "not_found"
    message = "There is no such thing, or it is not yours to see."


class Conflict(DomainError):
    code = "conflict"
    message = "This is taken already."


class TooLarge(DomainError):
    code = "too_large"
    message = "This is too large."


class RateLimited(DomainError):
    """Too often, or too many at once; it may be asked again after `wait` seconds."""

    code = "rate_limited"
    message = "Too much at once; wait a moment."

    def __init__(self, wait: float, message: str | None = None, **details: Any) -> None:
        # Rounded up: who comes back when told is not refused for a fraction.
        super().__init__(message, retry_after=math.ceil(wait * 1000) / 1000, **details)


class Unavailable(DomainError):
    """It may work when asked again after `retry_after` seconds."""

    code = "unavailable"
    message = "This cannot be done right now; try again."

    def __init__(self, message: str | None = None, *, retry_after: float = 1) -> None:
        super().__init__(message, retry_after=retry_after)


class Internal(DomainError):
    """A fault of ours; what exactly stands in the log only."""


def good(outcome: R | DomainError) -> R:
    """What came of one thing that was asked for. Raises it, if it is the reason why nothing did."""
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def as_domain_error(error: Exception, log: logging.Logger, what: str) -> DomainError:
    """What a person is told of `error`; what is no refusal of ours goes into `log`, with `what` failed."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, OperationalError | InterfaceError):
        # One line: whoever looks after a database that is full or locked reads it very often.
        reason = next(iter(str(error).splitlines()), "")
        log.warning("%s: database unavailable error=%s reason=%r", what, type(error).__name__, reason)
        log.debug("%s: database unavailable", what, exc_info=error)
        return Unavailable(retry_after=RETRY_AFTER)
    log.error("%s", what, exc_info=error)
    return Internal()
