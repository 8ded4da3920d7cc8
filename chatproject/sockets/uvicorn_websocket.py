"""Uvicorn's WebSocket protocol, with a way out for frames that are made already, and a short way in.

The only module that knows how uvicorn's protocol works inside; `tests/sockets/test_versions.py` fails when a
new version moves what is used here. Without it, under any other server, the same is sent by `websocket.send`.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any, NamedTuple

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import apply_mask  # type: ignore[attr-defined]  # its C version, if there is one
from websockets.http11 import Request

from chatproject.sockets.engine import EXTENSION

AHEAD = 8  # messages that may wait for the application before no more are read

_WHOLE_TEXT = 0x81  # a text message in one frame, without extensions
_MASKED = 0x80
_CONTINUATION = 0
_KEY = 4  # bytes of a frame's mask
_MEDIUM, _LONG = struct.Struct("!H"), struct.Struct("!Q")  # lengths that do not fit into the second byte


class FrameWebSocket(WebSocketsSansIOProtocol):
    """Offers itself in the scope as the carrier of ready-made frames.

    Text messages in one frame, which is what clients send, are read here; every other frame, whole, is
    left to the parser of the class below, as is all that is not as it should be.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._events = Events()
        self.queue = self._events  # type: ignore[assignment]  # a lighter one, of the same methods
        self._rest = b""  # the beginning of a frame
        self._in_fragments = False  # whether a message has begun whose last frame has not come

    # --- The carrier ----------------------------------------------------------------------------

    def write(self, frames: bytes) -> None:
        if not (self.close_sent or self.disconnected):
            self.transport.write(frames)

    def unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    async def close(self, code: int) -> None:
        await self.send({"type": "websocket.close", "code": code, "reason": None})

    def abort(self) -> None:
        self.transport.abort()

    # --- What comes in --------------------------------------------------------------------------

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # the handshake was one; the application runs in a later turn
            self.scope["extensions"][EXTENSION] = {"carrier": self}

    def data_received(self, data: bytes) -> None:
        if not self.handshake_complete:
            super().data_received(data)
            return
        data = self._rest + data if self._rest else data
        start = 0
        while (frame := _parse(data, start, self.config.ws_max_size)) is not None:
            if not self._take_text(data, start, frame):
                self._leave_to_parser(data[start : frame.end])
            start = frame.end
            if self.transport.is_closing():
                return  # what follows a fault, or a close, is of no interest
        self._rest = data[start:]

    def _take_text(self, data: bytes, start: int, frame: Frame) -> bool:
        """Hands on a text message that has come in one frame; False if it is something else."""
        if data[start] != _WHOLE_TEXT or not frame.is_plain or self._in_fragments or self.close_sent:
            return False
        try:
            key = data[frame.body - _KEY : frame.body]
            text = apply_mask(data[frame.body : frame.end], key).decode()
        except UnicodeDecodeError:
            self._refuse_text()
            return True
        self._events.put_nowait({"type": "websocket.receive", "text": text})
        if len(self._events.waiting) >= AHEAD and not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()
        return True

    def send_receive_event_to_app(self) -> None:
        try:
            if self.curr_msg_data_type == "text" and not self.close_sent:
                b"".join(self.frames).decode()
        except UnicodeDecodeError:
            self._refuse_text()
        else:
            super().send_receive_event_to_app()

    def _refuse_text(self) -> None:
        """As the class below does with text that is not UTF-8, but without a traceback in the log."""
        self.conn.send_close(1007)
        self.handle_parser_exception()

    def _leave_to_parser(self, frame: bytes) -> None:
        final, opcode = frame[0] & 0x80, frame[0] & 0x0F
        if opcode == _CONTINUATION or not final:
            self._in_fragments = not final
        super().data_received(frame)


class Frame(NamedTuple):
    """Where a frame's body begins, where the frame ends, and whether it is masked and within the limit."""

    body: int
    end: int
    is_plain: bool


def _parse(data: bytes, start: int, limit: int) -> Frame | None:
    """The frame at `start`; None if it is not all there. One over the `limit` ends where the data does."""
    if len(data) < start + 2:
        return None
    size, masked = data[start + 1] & 0x7F, data[start + 1] & _MASKED
    body = start + 2
    if size >= 126:
        form = _MEDIUM if size == 126 else _LONG
        body += form.size
        if len(data) < body:
            return None
        (size,) = form.unpack_from(data, start + 2)
    if size > limit:
        return Frame(body, len(data), is_plain=False)
    body += _KEY if masked else 0
    return Frame(body, body + size, is_plain=bool(masked)) if len(data) >= body + size else None


class Events:
    """What waits for the application: the part of `asyncio.Queue` that is used, in a tenth of the memory."""

    __slots__ = ("_awaited", "waiting")

    def __init__(self) -> None:
        self.waiting: list[Any] = []  # a handful at most
        self._awaited: asyncio.Future[None] | None = None

    def put_nowait(self, event: Any) -> None:
        self.waiting.append(event)
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)

    async def get(self) -> Any:
        while not self.waiting:
            self._awaited = asyncio.get_running_loop().create_future()
            try:
                await self._awaited
            finally:
                self._awaited = None
        return self.waiting.pop(0)

    def empty(self) -> bool:
        return not self.waiting
