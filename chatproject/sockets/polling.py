"""Long-polling beside WebSocket, for networks that let no WebSocket through.

What a client says comes by POST, and what it is told waits for its next GET; when it can, it moves on to a
WebSocket, and is then served like any other. Lines, pings, limits and checks are those of `Engine`: nothing
here knows python-engineio. Sessions are in the memory of one process: several processes need a proxy that
sends all requests of one session to the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent
from django.conf import settings
from django.http.cookie import parse_cookie

from chatproject.sockets.engine import Engine
from chatproject.sockets.frames import text_frame, texts
from chatproject.sockets.line import NORMAL, POLICY, TOO_BIG, Line

UPGRADE_TIMEOUT = 10  # seconds that a move to WebSocket may take
ANSWER_BYTES = (
    65_536  # of one GET's answer, unless one packet alone is longer: what a slow reader may hold up
)

_OPEN, _CLOSE, _NOOP, _OK = "0", "1", "6", "ok"
_PROBE, _PROBED, _UPGRADE = "2probe", "3probe", "5"
_SEPARATOR = "\x1e"
_UNKNOWN_SESSION = {"code": 1, "message": "Session ID unknown"}
_BAD_REQUEST = {"code": 3, "message": "Bad request"}


class Gone(Exception):
    """The client gave up its request."""


class PollCarrier:
    """Keeps what is sent until a GET asks for it."""

    def __init__(self) -> None:
        self.over = asyncio.Event()  # nothing comes any more
        self.saying = asyncio.Lock()  # held while what came by one POST is handled
        self.is_moving = False  # to a WebSocket
        self._waiting: list[str] = []
        self._unsent = 0
        self._poll: asyncio.Future[None] | None = None
        self._is_last = False

    @property
    def is_polled(self) -> bool:
        """Whether a GET waits."""
        return self._poll is not None

    def write(self, frames: bytes) -> None:
        for text in texts(frames):
            self._put(text)

    def unsent(self) -> int:
        return self._unsent

    async def close(self, code: int) -> None:
        self._is_last = True
        self._put(_CLOSE)
        await self.over.wait()

    def abort(self) -> None:
        self.take_all()
        self.over.set()
        self._wake()

    def end(self, word: str) -> None:
        """Nothing more; a GET that waits is told what there is, and this last word."""
        if self.is_polled:
            self._put(word)
        self.over.set()

    async def poll(self, receive: ASGIReceiveCallable) -> list[str]:
        """What is there, as soon as something is; nothing if nothing comes any more. Raises `Gone`."""
        self._poll = asyncio.get_running_loop().create_future()
        gone: asyncio.Future[Any] = asyncio.ensure_future(receive())
        try:
            if not self._waiting and not self.is_moving:
                await asyncio.wait([self._poll, gone], return_when=asyncio.FIRST_COMPLETED)
                if not self._poll.done():
                    raise Gone
        finally:
            gone.cancel()
            self._poll = None
        return self._take() or ([_NOOP] if self.is_moving else [])

    def move(self) -> None:
        """What is sent from now on goes by WebSocket: GETs are answered at once, with nothing."""
        self.is_moving = True
        self._wake()

    def take_all(self) -> bytes:
        """All that has not left yet, as frames."""
        waiting, self._waiting, self._unsent = self._waiting, [], 0
        return b"".join(map(text_frame, waiting))

    def _put(self, text: str) -> None:
        self._waiting.append(text)
        self._unsent += len(text.encode())
        self._wake()

    def _wake(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def _take(self) -> list[str]:
        count = size = 0
        for text in self._waiting:
            size += len(text.encode())
            if count and size > ANSWER_BYTES:
                size -= len(text.encode())
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        self._unsent -= size
        if self._is_last and not self._waiting:
            self.over.set()
        return taken


class PollingLine(Line):
    """A line that began with long-polling."""

    __slots__ = ()

    @property
    def transport(self) -> str:  # type: ignore[override]
        return "polling" if isinstance(self.carrier, PollCarrier) else "websocket"


class PollingEngine(Engine):
    """Serves WebSockets as `Engine` does, and HTTP requests besides."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._living: set[asyncio.Task[None]] = set()

    async def handle_request(
        self, scope: Mapping[str, Any], receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serves one WebSocket to its end, or answers one HTTP request."""
        sid = session_id(scope)
        if scope["type"] == "websocket":
            await (self._move(scope, receive, send) if sid else super().handle_request(scope, receive, send))
            return
        request = _Request(scope, receive, send)
        with suppress(Gone):
            if not sid:
                await self._greet(request)
            elif (line := self._polling_line(scope)) is None:
                await request.refuse(_UNKNOWN_SESSION)
            elif scope["method"] == "GET":
                await self._tell(line, line.carrier, request)
            else:
                await self._hear(line, line.carrier, request)

    async def shutdown(self) -> None:
        self.hang_up()
        await super().shutdown()

    def hang_up(self) -> None:
        """Ends what goes by polling, so that no GET holds up the end of the process."""
        for line in self.lines.values():
            if isinstance(line.carrier, PollCarrier):
                line.shut(NORMAL)
                line.carrier.end(_CLOSE)

    def _polling_line(self, scope: Mapping[str, Any]) -> Any:
        """The line that a request belongs to, if it still goes by polling and comes from the same visitor."""
        line = self.lines.get(session_id(scope))
        if line is None or not isinstance(line.carrier, PollCarrier) or line.carrier.over.is_set():
            return None
        # Whoever learns another's id has not got the cookie. A visitor who signs in or out starts anew.
        return (
            line
            if _session_cookie(line.header(b"cookie")) == _session_cookie(_header(scope, b"cookie"))
            else None
        )

    # --- One session ----------------------------------------------------------------------------

    async def _greet(self, request: _Request) -> None:
        if request.scope["method"] != "GET":
            await request.refuse(_BAD_REQUEST)
            return
        carrier = PollCarrier()
        line = self._open(PollingLine, request.scope, carrier)
        await self._run_handler("connect", line.sid, {"asgi.scope": request.scope})
        living = asyncio.ensure_future(self._live(line, carrier))
        self._living.add(living)
        living.add_done_callback(self._living.discard)
        await self._tell(line, carrier, request)

    async def _live(self, line: Line, carrier: PollCarrier) -> None:
        await carrier.over.wait()
        async with carrier.saying:
            if line.carrier is carrier:
                await self._end(line)

    async def _tell(self, line: Line, carrier: PollCarrier, request: _Request) -> None:
        if carrier.is_polled:
            self._give_up(line, carrier, POLICY, "second_poll")
            await request.refuse(_BAD_REQUEST)
            return
        await request.body(0)
        try:
            told = await carrier.poll(request.receive)
        except Gone:
            carrier.abort()
            raise
        if told:
            await request.answer(_SEPARATOR.join(told))
        else:
            await request.refuse(_UNKNOWN_SESSION)

    async def _hear(self, line: Line, carrier: PollCarrier, request: _Request) -> None:
        if request.scope["method"] != "POST" or carrier.saying.locked():
            self._give_up(line, carrier, POLICY, "bad_request")
            await request.refuse(_BAD_REQUEST)
            return
        async with carrier.saying:
            try:
                body = await request.body(self.frame_bytes)
            except Gone:
                carrier.abort()
                raise
            if body is None:
                self._give_up(line, carrier, TOO_BIG, "frame_too_large")
            else:
                await self._take_packets(line, carrier, body)
        await (request.refuse(_BAD_REQUEST) if line.fault else request.answer(_OK))

    async def _take_packets(self, line: Line, carrier: PollCarrier, body: bytes) -> None:
        for text in body.decode(errors="replace").split(_SEPARATOR):
            if line.closing:
                return
            if fault := self._fault(text, None):
                self._give_up(line, carrier, POLICY, fault)
            elif text == _CLOSE:
                line.shut(NORMAL)
                carrier.end(_NOOP)
            else:
                await self._take(line, text)

    def _give_up(self, line: Line, carrier: PollCarrier, code: int, fault: str) -> None:
        line.shut(code, fault)
        carrier.end(_CLOSE)

    # --- On to WebSocket ------------------------------------------------------------------------

    async def _move(
        self, scope: Mapping[str, Any], receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        line = self._polling_line(scope)
        await receive()
        if line is None or line.carrier.is_moving:
            await send({"type": "websocket.close", "code": POLICY, "reason": None})
            return
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        polls: PollCarrier = line.carrier
        is_agreed = await self._is_agreed(polls, receive, send)
        async with polls.saying:  # what came by POST is handled before what comes now
            if has_moved := is_agreed and not polls.over.is_set() and not line.closing:
                line.flush(self._now())
                line.carrier = self._carrier(scope, send)
                line.carrier.write(polls.take_all())
                polls.over.set()
        if has_moved:
            await self._serve(line, receive, send)
        else:
            polls.is_moving = False
            await send({"type": "websocket.close", "code": POLICY, "reason": None})

    async def _is_agreed(
        self, polls: PollCarrier, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> bool:
        """Whether the client says what has to be said before it moves, and in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(UPGRADE_TIMEOUT):
                if (await receive()).get("text") != _PROBE:
                    return False
                await send({"type": "websocket.send", "text": _PROBED, "bytes": None})
                polls.move()
                return (await receive()).get("text") == _UPGRADE
        return False


class _Request:
    """One HTTP request and its answer."""

    def __init__(
        self, scope: Mapping[str, Any], receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        self.scope = scope
        self.receive = receive
        self._send = send

    async def body(self, limit: int) -> bytes | None:
        """All of it; None if it is longer than `limit` bytes, 0 for no limit. Raises `Gone`."""
        parts, size, more = [], 0, True
        while more:
            event = await self.receive()
            if event["type"] != "http.request":
                raise Gone
            parts.append(event.get("body", b""))
            size += len(parts[-1])
            if limit and size > limit:
                return None
            more = event.get("more_body", False)
        return b"".join(parts)

    async def answer(self, text: str, status: int = 200, kind: str = "text/plain; charset=UTF-8") -> None:
        body = text.encode()
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            *self._sharing(),
        ]
        start: ASGISendEvent = {
            "type": "http.response.start",
            "status": status,
            "headers": headers,
            "trailers": False,
        }
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def refuse(self, why: Mapping[str, Any]) -> None:
        await self.answer(json.dumps(why), 400, "application/json")

    def _sharing(self) -> list[tuple[bytes, bytes]]:
        """Lets a page of a trusted origin read the answer; others do not come this far."""
        origin = _header(self.scope, b"origin")
        if not origin:
            return []
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"Origin"),
        ]


def session_id(scope: Mapping[str, Any]) -> str:
    """The session that a request says it belongs to; "" for a new one."""
    return str(parse_qs(scope["query_string"].decode("latin-1")).get("sid", [""])[0])


def _header(scope: Mapping[str, Any], name: bytes) -> str:
    values: list[bytes] = [value for key, value in scope["headers"] if key == name]
    return b"; ".join(values).decode("latin-1")


def _session_cookie(header: str) -> str:
    return str(parse_cookie(header).get(settings.SESSION_COOKIE_NAME, ""))
