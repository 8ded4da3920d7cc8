"""Sessions of long-polling: how they begin, hear, say, move on to a WebSocket, and end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable

from chatproject.sockets.addresses import client_network
from chatproject.sockets.engine import Engine
from chatproject.sockets.line import NORMAL, POLICY, TOO_BIG, Line
from chatproject.sockets.polling.carrier import PollCarrier, PollingLine
from chatproject.sockets.polling.request import Gone, Request, header, session_cookie, session_id
from chatproject.sockets.refusals import BAD_REQUEST, UNKNOWN_SESSION

UPGRADE_TIMEOUT = 10  # seconds that a move to WebSocket may take

_CLOSE, _NOOP, _OK = "1", "6", "ok"
_PROBE, _PROBED, _UPGRADE = "2probe", "3probe", "5"
_SEPARATOR = "\x1e"


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
        request = Request(scope, receive, send)
        with suppress(Gone):
            if not sid:
                await self._greet(request)
            elif (line := self._polling_line(scope)) is None:
                await request.refuse(UNKNOWN_SESSION)
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
            if session_cookie(line.header(b"cookie")) == session_cookie(header(scope, b"cookie"))
            else None
        )

    # --- One session ----------------------------------------------------------------------------

    async def _greet(self, request: Request) -> None:
        if request.scope["method"] != "GET":
            await request.refuse(BAD_REQUEST)
            return
        carrier = PollCarrier()
        self.places.take(client_network(request.scope))
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

    async def _tell(self, line: Line, carrier: PollCarrier, request: Request) -> None:
        try:
            await request.body(self.frame_bytes)
            if carrier.is_polled:
                self._give_up(line, carrier, POLICY, "second_poll")
                told = []
            else:
                told = await carrier.poll(request.receive)
        except Gone:
            carrier.abort()
            raise
        if told:
            await request.answer(_SEPARATOR.join(told))
        else:
            await request.refuse(UNKNOWN_SESSION)

    async def _hear(self, line: Line, carrier: PollCarrier, request: Request) -> None:
        if request.scope["method"] != "POST" or carrier.is_heard:
            self._give_up(line, carrier, POLICY, "bad_request")
            await request.refuse(BAD_REQUEST)
            return
        carrier.is_heard = True
        try:
            body = await request.body(self.frame_bytes)
        except Gone:
            carrier.abort()
            raise
        if body is None:
            self._give_up(line, carrier, TOO_BIG, "frame_too_large")
        else:
            async with carrier.saying:
                await self._take_packets(line, carrier, body)
        carrier.is_heard = False
        await (request.refuse(BAD_REQUEST) if line.fault else request.answer(_OK))

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
        await receive()
        line = self._polling_line(scope)
        # One at a time: those who come for a session that is there are not counted.
        if line is None or line.carrier.is_claimed:
            await send({"type": "websocket.close", "code": POLICY, "reason": None})
            return
        polls: PollCarrier = line.carrier
        polls.is_claimed = True
        try:
            has_moved = await self._has_moved(line, polls, scope, receive, send)
        finally:
            polls.is_claimed = False
        if has_moved:
            await self._serve(line, receive, send)
        else:
            polls.is_moving = False
            await send({"type": "websocket.close", "code": POLICY, "reason": None})

    async def _has_moved(
        self,
        line: Line,
        polls: PollCarrier,
        scope: Mapping[str, Any],
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
    ) -> bool:
        """Accepts a WebSocket and lets it take a line over; false if the line stays where it is."""
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        is_agreed = await self._is_agreed(polls, receive, send)
        async with polls.saying:  # what came by POST is handled before what comes now
            if not is_agreed or polls.over.is_set() or line.closing:
                return False
            line.flush(self._now())
            line.carrier = self._carrier(scope, send)
            line.carrier.write(polls.take_all())
            polls.over.set()
        return True

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
