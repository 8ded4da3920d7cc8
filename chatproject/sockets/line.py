"""One connection of a client, and how what is sent to it leaves: in order, bounded, in few writes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from asgiref.typing import ASGISendCallable

from chatproject.sockets.addresses import client_address
from chatproject.sockets.broadcast import Broadcast
from chatproject.sockets.frames import texts

if TYPE_CHECKING:
    from chatproject.sockets.socket import Socket

NORMAL = 1000
POLICY = 1008
TOO_BIG = 1009

TICK = 0.003  # seconds between two writes to a line that is busy
BEHIND = 16_384  # unsent bytes from which on a line is behind: volatile events pass it by

# What of a handshake is kept for as long as the connection lasts.
_KEPT_HEADERS = {b"accept-language", b"cookie", b"host", b"origin", b"user-agent"}


class Carrier(Protocol):
    """What takes a line's frames to its client."""

    def write(self, frames: bytes) -> None:
        """Sends whole frames, after all that was written before; never waits."""

    def unsent(self) -> int:
        """How many bytes of what was written have not left this process."""

    async def close(self, code: int) -> None:
        """Closes the connection when all that was written has left."""

    def abort(self) -> None:
        """Ends the connection now; what has not left is lost."""


class Line:
    """One connection, whatever carries it; several namespaces share it.

    Frames that are pushed while a client is busy leave joined, `TICK` apart; the first after a pause leaves
    at the end of the loop's present turn. Once it is `closing`, nothing is taken in or out any more.
    """

    __slots__ = (
        "__weakref__", "address", "carrier", "closing", "code", "dead", "due", "events_full_at", "fault",
        "handling", "headers", "join_by", "limit", "pending", "pinged", "refusals_full_at", "sid", "sockets",
        "task", "writer", "wrote",
    )  # fmt: skip

    transport = "websocket"

    def __init__(
        self, sid: str, scope: Mapping[str, Any], carrier: Carrier, writer: Writer, *, limit: int = 0
    ) -> None:
        self.sid = sid  # Engine.IO's own; must not stand in a log
        self.address = client_address(scope)
        self.headers = [header for header in scope["headers"] if header[0] in _KEPT_HEADERS]
        self.sockets: dict[str, Socket] = {}  # namespace -> who has entered it over this line
        self.closing = False
        self.dead = False  # whether it was ended without waiting for the client
        self.code = NORMAL
        self.fault = ""  # why it was closed, if the client gave cause
        self.carrier = carrier
        self.writer = writer
        self.limit = limit  # bytes that may wait for the client, 0 for no limit
        self.pending: list[bytes] = []
        self.wrote = 0.0  # when, by the loop's clock
        self.events_full_at = self.refusals_full_at = 0.0  # what `EventLimit` keeps of it
        # The engine's own notes.
        self.due = 0.0
        self.join_by = float("inf")
        self.pinged = False
        self.handling = False
        self.task: asyncio.Task[Any] | None = None

    @property
    def behind(self) -> bool:
        """Whether the client does not keep up with what is sent to it."""
        return self.carrier.unsent() > BEHIND

    def push(self, frame: bytes) -> None:
        """Sends a ready-made frame, after everything that was sent before."""
        if self.writer.broadcast is not None:
            self.writer.broadcast.catch_up(self)
        self.put(frame)

    def answer(self, frame: bytes) -> None:
        """Sends a frame that the client waits for, after all sent before; its line is written to first."""
        self.push(frame)
        self.writer.prefer(self)

    def put(self, frames: bytes) -> None:
        """Puts whole frames behind those that are pending."""
        if self.closing:
            return
        if not self.pending:
            self.writer.expect(self)
        self.pending.append(frames)

    def flush(self, now: float) -> None:
        """Writes what is pending. A client that does not take what it was sent before is given up."""
        frames, self.pending = self.pending, []
        if not frames:
            return
        written = frames[0] if len(frames) == 1 else b"".join(frames)
        unsent = self.carrier.unsent()
        # Who has taken everything so far may be sent an answer of any size.
        if self.limit and unsent and unsent + len(written) > self.limit:
            self.kill("slow")
            return
        self.wrote = now
        self.carrier.write(written)

    def shut(self, code: int, fault: str = "") -> bool:
        """Lets nothing more in or out but what is pending; False if it was shut before."""
        if self.closing:
            return False
        if self.writer.broadcast is not None:
            self.writer.broadcast.catch_up(self)
        self.flush(self.writer.now())
        if self.dead:
            return False
        self.closing, self.code, self.fault = True, code, fault
        return True

    def kill(self, fault: str = "") -> None:
        """Ends the connection now, without waiting for the client."""
        if not self.closing:
            self.closing, self.code, self.fault = True, POLICY, fault
        self.dead = True
        self.pending = []
        self.carrier.abort()
        # A server that cannot be told to abort is left by ending what listens; never inside a handler.
        if self.task is not None and not self.handling and self.task is not asyncio.current_task():
            self.task.cancel()

    def header(self, name: bytes) -> str:
        """All values of a header of the handshake, as one; "" if there is none, or it is not kept."""
        return "; ".join(value.decode("latin-1") for key, value in self.headers if key == name)


class Writer:
    """Lets the lines of one loop write: at once after a pause, else once per tick.

    `broadcast` is the one that is under way, if any.
    """

    def __init__(self) -> None:
        self.broadcast: Broadcast | None = None
        self._loop = asyncio.get_running_loop()
        self.now: Callable[[], float] = self._loop.time
        self._idle: list[Line] = []
        self._busy: list[Line] = []
        self._answered: list[Line] = []  # who waits for what it is sent, and is written to first

    def expect(self, line: Line) -> None:
        """`line` has its first pending frame since its last write."""
        if self.now() - line.wrote >= TICK:
            if not self._idle:
                self._loop.call_soon(self._flush_idle)
            self._idle.append(line)
        else:
            if not self._busy:
                self._loop.call_later(TICK, self._flush_busy)
            self._busy.append(line)

    def prefer(self, line: Line) -> None:
        """`line` comes first when lines are written to next."""
        self._answered.append(line)

    def begin(self, broadcast: Broadcast) -> None:
        """From now on `broadcast` is under way, until this turn of the loop ends or another begins."""
        self.finish()
        self.broadcast = broadcast
        self._loop.call_soon(self._finish_turn, broadcast)

    def finish(self) -> None:
        """Whatever is under way is given to its lines."""
        if self.broadcast is not None:
            broadcast, self.broadcast = self.broadcast, None
            broadcast.finish()

    def _finish_turn(self, broadcast: Broadcast) -> None:
        if self.broadcast is broadcast:
            self.finish()

    def _flush_idle(self) -> None:
        lines, self._idle = self._idle, []
        self._flush(lines)

    def _flush_busy(self) -> None:
        lines, self._busy = self._busy, []
        self._flush(lines)

    def _flush(self, lines: list[Line]) -> None:
        now = self.now()
        answered, self._answered = self._answered, []
        for line in answered:
            line.flush(now)
        for line in lines:
            line.flush(now)


class SendCarrier:
    """Carries frames by ASGI's own `websocket.send`, where the server offers nothing faster."""

    def __init__(self, send: ASGISendCallable) -> None:
        self._send = send
        self._waiting: deque[str] = deque()
        self._unsent = 0
        self._sending: asyncio.Task[None] | None = None

    def write(self, frames: bytes) -> None:
        for text in texts(frames):
            self._waiting.append(text)
            self._unsent += len(text)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.ensure_future(self._send_waiting())

    def unsent(self) -> int:
        return self._unsent

    async def close(self, code: int) -> None:
        if self._sending is not None:
            await asyncio.wait([self._sending])
        await self._send({"type": "websocket.close", "code": code, "reason": None})

    def abort(self) -> None:
        self._waiting.clear()
        if self._sending is not None:
            self._sending.cancel()

    async def _send_waiting(self) -> None:
        # An error means that the client is gone: who listens to it is told by the server.
        with suppress(Exception):
            while self._waiting:
                text = self._waiting.popleft()
                await self._send({"type": "websocket.send", "text": text, "bytes": None})
                self._unsent -= len(text)
