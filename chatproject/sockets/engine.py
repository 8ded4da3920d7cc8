"""Engine.IO v4 over WebSocket, made for fan-out: one task and one small object per connection.

It takes the place of python-engineio's server under python-socketio, and keeps the names that are used
there. No queue, no writer task, no timer per connection: one sweep pings all lines, ends those that do not
answer or join no namespace, and what is sent goes through `Line`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import engineio
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable

from chatproject.sockets.addresses import client_network, network
from chatproject.sockets.frames import text_frame
from chatproject.sockets.limits import Places
from chatproject.sockets.line import POLICY, TOO_BIG, Carrier, Line, SendCarrier, Writer

# An ASGI extension of ours: `{"carrier": Carrier}`, for frames that are made already.
EXTENSION = "chatproject.frames"

FAREWELL_TIMEOUT = 1  # second that a server has to take the close of a connection that was ended
CLOSE_TIMEOUT = 5  # seconds that a client has to take what was sent before its connection closed
SID_BYTES = 15  # whole in base64
SIDS_AT_ONCE = 64
SWEEPS = 20  # looks at all lines within the shortest of the times that are watched
LONGEST_PAUSE = 0.5  # seconds between two looks

_CLOSE, _PING, _PONG, _MESSAGE = "1", "2", "3", "4"
_PING_FRAME = text_frame(_PING)
_NEVER = float("inf")


class Engine(engineio.AsyncServer):
    """Opens lines, listens to them, and says what came to the handlers of `connect`, `message`, `disconnect`.

    `lines` holds those that are open, by their session id.
    """

    def __init__(
        self, *, frame_bytes: int = 0, unsent_bytes: int = 0, connect_timeout: float = 0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.lines: dict[str, Line] = self.sockets  # the name that python-socketio knows
        self.frame_bytes = frame_bytes
        self.unsent_bytes = unsent_bytes
        self.connect_timeout = connect_timeout
        self.places = Places()  # of lines, by network
        self.writer: Writer | None = None
        self._randomness = b""
        self._sweeping: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        watched = [self.ping_interval, self.ping_timeout, *filter(None, [connect_timeout])]
        self._pause = min(LONGEST_PAUSE, min(watched) / SWEEPS)

    # --- What python-socketio asks of its engine ------------------------------------------------

    async def handle_request(
        self, scope: Mapping[str, Any], receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serves one WebSocket from its handshake to its end."""
        await self._accept(scope, receive, send)
        line = self._open(Line, scope, self._carrier(scope, send))
        await self._run_handler("connect", line.sid, {"asgi.scope": scope})
        await self._serve(line, receive, send)

    async def _accept(
        self, scope: Mapping[str, Any], receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        # Counted before anything is waited for: of many who come together none is one too many.
        place = client_network(scope)
        self.places.take(place)
        try:
            await receive()
            await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        except BaseException:
            self.places.give_back(place)  # there will be no line
            raise

    async def send(self, sid: str, data: str) -> None:
        """Sends a message of text."""
        if line := self.lines.get(sid):
            line.push(text_frame(_MESSAGE + data))

    async def send_packet(self, sid: str, pkt: Any) -> None:
        """Sends an Engine.IO packet of text."""
        if line := self.lines.get(sid):
            line.push(text_frame(pkt.encode()))

    def generate_id(self) -> str:
        """A session id that nobody can guess: 120 random bits, asked of the system many at a time."""
        if not self._randomness:
            self._randomness = secrets.token_bytes(SID_BYTES * SIDS_AT_ONCE)
        taken, self._randomness = self._randomness[:SID_BYTES], self._randomness[SID_BYTES:]
        return base64.urlsafe_b64encode(taken).decode()

    def transport(self, sid: str) -> str:
        """What carries a line: "websocket" or "polling". Raises `KeyError` for a line that is gone."""
        return self.lines[sid].transport

    async def disconnect(self, sid: str | None = None) -> None:
        """Closes one line, or all."""
        for line in list(self.lines.values()) if sid is None else filter(None, [self.lines.get(sid)]):
            self.close(line)

    async def shutdown(self) -> None:
        """Ends the sweep. Connections are the ASGI server's to close."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._sweeping = None

    def hang_up(self) -> None:
        """Ends requests that wait; a WebSocket is none."""

    def expect_join(self, line: Line) -> None:
        """Gives a line that is in no namespace its time to join one."""
        if self.connect_timeout:
            line.join_by = self._now() + self.connect_timeout

    # --- Ending a line --------------------------------------------------------------------------

    def close(self, line: Line, code: int = POLICY, fault: str = "") -> bool:
        """Lets what was sent before leave, and closes the line with `code`; False if it was closing already.

        A client that does not take it within `CLOSE_TIMEOUT` is not waited for.
        """
        if not line.shut(code, fault):
            return False
        line.due = self._now() + CLOSE_TIMEOUT
        closing = asyncio.ensure_future(self._close(line))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return True

    async def _close(self, line: Line) -> None:
        try:
            await asyncio.wait_for(line.carrier.close(line.code), CLOSE_TIMEOUT)
        except Exception:
            line.kill()  # it went away meanwhile, or takes nothing

    # --- One line -------------------------------------------------------------------------------

    def _open(self, kind: type[Line], scope: Mapping[str, Any], carrier: Carrier) -> Line:
        if self.writer is None:
            self.writer = Writer()
        if self._sweeping is None:
            self._sweep()
        line = kind(self.generate_id(), scope, carrier, self.writer, limit=self.unsent_bytes)
        line.due = self._now() + self.ping_interval
        self.expect_join(line)
        self.lines[line.sid] = line
        line.push(text_frame(f"0{json.dumps(self._opening(line))}"))
        return line

    def _carrier(self, scope: Mapping[str, Any], send: ASGISendCallable) -> Carrier:
        offered = scope.get("extensions") or {}
        carrier: Carrier = offered[EXTENSION]["carrier"] if EXTENSION in offered else SendCarrier(send)
        return carrier

    def _opening(self, line: Line) -> dict[str, Any]:
        return {
            "sid": line.sid,
            "upgrades": ["websocket"] if line.transport == "polling" else [],
            "pingInterval": round(self.ping_interval * 1000),
            "pingTimeout": round(self.ping_timeout * 1000),
            "maxPayload": self.max_http_buffer_size,
        }

    async def _serve(self, line: Line, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        line.task = asyncio.current_task()
        try:
            await self._listen(line, receive)
        except asyncio.CancelledError:
            if not line.closing:
                raise  # not ours: the server is stopping
        finally:
            await self._end(line)
            if line.dead:
                await self._say_goodbye(line, send)

    async def _listen(self, line: Line, receive: ASGIReceiveCallable) -> None:
        event: Any = {}
        while not line.dead and (event := await receive())["type"] == "websocket.receive":
            if line.closing:
                continue  # what still has to leave does
            text = event.get("text") or ""
            if fault := self._fault(text, event.get("bytes")):
                self.close(line, TOO_BIG if fault == "frame_too_large" else POLICY, fault)
            else:
                await self._take(line, text)
        if not line.closing and event.get("code") == TOO_BIG:
            line.fault = "frame_too_large"  # the server has a limit of its own, and closed it itself

    async def _take(self, line: Line, text: str) -> None:
        """One packet that a client may send."""
        if text[0] == _MESSAGE:
            line.handling = True
            await self.handlers["message"](line.sid, text[1:])
            line.handling = False
        elif text[0] == _PONG:
            if line.pinged:
                line.pinged = False
                line.due += self.ping_interval - self.ping_timeout  # an interval after the ping, however late
        else:
            self.close(line, 1000)

    def _fault(self, text: str, data: bytes | None) -> str:
        """What is wrong with a frame; "" if it is a packet that a client may send."""
        if data is not None:
            return "binary"
        if self.frame_bytes and _is_over(text, self.frame_bytes):
            return "frame_too_large"
        if text.startswith((_MESSAGE, _PONG)) or text == _CLOSE:
            return ""
        return "bad_packet"

    async def _say_goodbye(self, line: Line, send: ASGISendCallable) -> None:
        # It may be gone, or stuck: the server closes what is left all the same.
        with suppress(Exception):
            closing = send({"type": "websocket.close", "code": line.code, "reason": None})
            await asyncio.wait_for(closing, FAREWELL_TIMEOUT)

    async def _end(self, line: Line) -> None:
        reason = self.reason.SERVER_DISCONNECT if line.closing else self.reason.TRANSPORT_CLOSE
        if line.fault == "ping_timeout":
            reason = self.reason.PING_TIMEOUT
        line.closing, line.task = True, None
        try:
            await self._run_handler("disconnect", line.sid, reason)
        finally:
            if self.lines.pop(line.sid, None):
                self.places.give_back(network(line.address))

    async def _run_handler(self, event: str, *arguments: Any) -> None:
        await self.handlers[event](*arguments)

    # --- All lines ------------------------------------------------------------------------------

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for line in list(self.lines.values()):
            if now >= line.due:
                self._attend(line, now)
            elif now >= line.join_by and not (line.sockets or line.closing):
                self.close(line, POLICY, "no_namespace")
        self._sweeping = loop.call_later(self._pause, self._sweep)

    def _attend(self, line: Line, now: float) -> None:
        if line.closing:
            line.due = _NEVER
            line.kill()
        elif line.handling:
            # Its pong may wait behind what we have not finished, but it has to hear that we are there.
            line.pinged = False
            line.due = now + self.ping_interval
            line.push(_PING_FRAME)
        elif line.pinged:
            line.kill("ping_timeout")
        else:
            line.pinged = True
            line.due = now + self.ping_timeout
            line.push(_PING_FRAME)


def _is_over(text: str, limit: int) -> bool:
    # Encoding is only needed in the narrow band where the count of characters does not decide.
    return len(text) > limit or (len(text) * 4 > limit and len(text.encode()) > limit)
