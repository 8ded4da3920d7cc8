"""Uvicorn's HTTP protocol, with bounds: how large a request may be, and how long it may take to come.

Uvicorn itself waits for ever for the rest of a request, and keeps all that comes of it.
`tests/sockets/test_versions.py` fails when a new version moves what is used here.
"""

from __future__ import annotations

import asyncio
import logging
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

log = logging.getLogger(__name__)

HEAD_BYTES = 32_768  # of a request line and its headers: what nginx takes too
HEADERS = 200  # twice what Apache takes
BODY_PACE = 500  # bytes of a body per second, at least
LINGER = 1  # second that a client has to take its refusal, while what it still sends is thrown away


class Phase(Enum):
    """What of a request is expected next."""

    HEAD = auto()
    BODY = auto()
    NOTHING = auto()


class BoundedHttp(HttpToolsProtocol):
    """Refuses what is too large (413, 431), and who takes too long to ask (408)."""

    _phase = Phase.HEAD
    _since = 0.0  # when it began, or was found to get on, by the loop's clock
    _taken = 0  # bytes of the head or body so far
    _seen = 0  # of them, when they were last looked at
    _refused = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._expect(Phase.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._phase is Phase.NOTHING:
            self._expect(Phase.HEAD)
        in_head = self._phase is Phase.HEAD
        super().data_received(data)
        if in_head and self._phase is Phase.HEAD:
            self._take(len(data), HEAD_BYTES, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def handle_websocket_upgrade(self) -> None:
        self._watch_no_more()
        if not self._refused:
            super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        if not self._refused:
            super().send_400_response(msg)

    # --- What the parser reports ----------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect(Phase.HEAD)

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) < HEADERS:
            super().on_header(name, value)
        else:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        self._expect(Phase.BODY)
        if self._refused:
            return
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif settings.BODY_BYTES and self._announced() > settings.BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._refused:
            return
        self._take(len(body), settings.BODY_BYTES, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._phase = Phase.NOTHING
        if not self._refused:
            super().on_message_complete()

    def _announced(self) -> int:
        """The length of the body, as far as the head says; the parser has read it as a number."""
        return next((int(value) for name, value in self.headers if name == b"content-length"), 0)

    # --- The bounds -----------------------------------------------------------------------------

    def _expect(self, phase: Phase) -> None:
        self._phase, self._since = phase, self.loop.time()
        self._taken = self._seen = 0
        if self._timer is None:
            self._look_after(settings.REQUEST_TIMEOUT)

    def _take(self, size: int, limit: int, status: HTTPStatus) -> None:
        self._taken += size
        if limit and self._taken > limit:
            self._refuse(status)

    def _look_after(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._look)

    def _watch_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """One timer for each connection, however many requests it makes: a look at the one that is coming."""
        self._timer = None
        if self._phase is Phase.NOTHING:
            return
        now = self.loop.time()
        left = self._since + settings.REQUEST_TIMEOUT - now
        if left > 0:
            self._look_after(left)
        elif self._gets_on():
            self._since, self._seen = now, self._taken
            self._look_after(settings.REQUEST_TIMEOUT)
        elif self._phase is Phase.HEAD and not self._taken:
            self.transport.close()  # it asked for nothing
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _gets_on(self) -> bool:
        """Whether enough of a body has come since the last look, or nobody here takes it."""
        least = BODY_PACE * settings.REQUEST_TIMEOUT
        return self._phase is Phase.BODY and (self.flow.read_paused or self._taken - self._seen >= least)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answers with `status`, where nothing was answered yet, and ends the connection."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        address = self.client[0] if self.client else ""
        log.info("request_refused address=%s status=%d", address, status)
        if self._may_be_answered():
            body = status.phrase.encode()
            head = b"content-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[status] + head + body)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.flow.resume_reading()
        self._watch_no_more()
        self._timer = self.loop.call_later(LINGER, self.transport.close)

    def _may_be_answered(self) -> bool:
        """Whether an answer would be taken for that of the request that is coming."""
        cycle: Any = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            return not cycle.response_started
        return cycle is None or bool(cycle.response_complete)
