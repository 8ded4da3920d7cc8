"""Uvicorn's WebSocket protocol, with a way out for frames that are made already, and a short way in.

The only module that knows how uvicorn's protocol works inside; `tests/sockets/test_versions.py` fails when a
new version moves what is used here. Without it, under any other server, the same is sent by `websocket.send`.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from typing import Any, Literal, NamedTuple, cast
from urllib.parse import unquote

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import apply_mask  # type: ignore[attr-defined]  # its C version, if there is one
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from chatproject.sockets.engine import EXTENSION
from chatproject.sockets.handshake import plain_handshake

MOST_PONGS = 65_536  # unsent bytes above which a ping is not answered, but ends the connection

_WHOLE_TEXT = 0x81  # a text message in one frame, without extensions
_MASKED = 0x80
_OPCODE = 0x0F
_CONTINUATION, _CLOSE = 0, 8
_KEY = 4  # bytes of a frame's mask
_MEDIUM, _LONG = struct.Struct("!H"), struct.Struct("!Q")  # lengths that do not fit into the second byte
_SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %b\r\n%b\r\n"
)


class Always:
    """Stands for an event that is set, where nobody has to wait."""

    async def wait(self) -> bool:
        return True

    def set(self) -> None:
        """It is."""


class FrameWebSocket(WebSocketsSansIOProtocol):
    """Offers itself in the scope as the carrier of ready-made frames.

    Text messages in one frame, which is what clients send, are read here; every other frame, whole, is
    left to the parser of the class below, as is all that is not as it should be.
    """

    # What the class below sets for each connection, and changes for few.
    transport: asyncio.Transport = None  # type: ignore[assignment]
    close_timer = initial_response = None
    ping_timer = pong_timer = pending_ping_payload = None
    handshake_initiated = handshake_complete = close_sent = disconnected = read_paused = False
    close_timeout = 10.0  # seconds
    ping_sent_at = last_ping_rtt = 0.0
    frames: list[bytes] = []
    curr_msg_data_type: Literal["text", "bytes"] = "bytes"
    writable: Any = Always()

    _rest = b""  # what has come and not been taken, from `_offset` on
    _offset = 0
    _held = False  # whether there may be whole frames in it, which wait
    _in_fragments = False  # whether a message has begun whose last frame has not come
    _accept = b""  # what answers a plain handshake

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        # Not by the class below: what that makes is half of a connection's memory, and hardly ever used.
        self.config, self.app_state = config, app_state
        self.app = config.loaded_app
        self.root_path, self.asgi_version = config.root_path, config.asgi_version
        self.ping_interval, self.ping_timeout = config.ws_ping_interval, config.ws_ping_timeout
        self.loop = _loop or asyncio.get_event_loop()
        self.logger = logging.getLogger("uvicorn.error")
        self.connections, self.tasks = server_state.connections, server_state.tasks
        self.default_headers = server_state.default_headers
        self._events = Events()
        self.queue = self._events  # type: ignore[assignment]  # a lighter one, of the same methods
        self._conn: ServerProtocol | None = None

    @property
    def conn(self) -> ServerProtocol:  # type: ignore[override]
        """The full parser, from when something comes that needs it."""
        if self._conn is None:
            state = State.OPEN if self.handshake_complete else State.CONNECTING
            self._conn = ServerProtocol(state=state, max_size=self.config.ws_max_size, logger=self.logger)
        return self._conn

    # --- The handshake --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # As the class below does, without asking the system for what the transport knows.
        self.transport = cast("asyncio.Transport", transport)
        self.connections.add(self)
        self.server, self.client = (_address(transport, name) for name in ("sockname", "peername"))
        self.scheme = "wss" if transport.get_extra_info("sslcontext") else "ws"

    def _shake_hands(self, data: bytes) -> None:
        handshake = plain_handshake(data) if self._conn is None else None
        if handshake is None:
            super().data_received(data)
            return
        self._accept = handshake.accept
        self.handshake_initiated = True
        raw_path, _, query = handshake.target.partition(b"?")
        self.scope = {
            "type": "websocket",
            "asgi": {"version": self.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": self.scheme,
            "server": self.server,
            "client": self.client,
            "root_path": self.root_path,
            "path": self.root_path + unquote(raw_path.decode()),
            "raw_path": self.root_path.encode("ascii") + raw_path,
            "query_string": query,
            "headers": handshake.headers,
            "subprotocols": [],
            "state": self.app_state.copy(),
            "extensions": {"websocket.http.response": {}, EXTENSION: {"carrier": self}},
        }
        self.queue.put_nowait({"type": "websocket.connect"})
        task = self.loop.create_task(self.run_asgi())
        task.add_done_callback(self.on_task_complete)
        self.tasks.add(task)

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close" and self._held:
            self.loop.call_soon(self._read)  # the client's own close may stand behind what nobody will take
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            await super().send(message)
            self.handshake_complete = True  # or the class below logs, as an error, that there was none
            return
        plain = self._accept and not self.handshake_complete and self._conn is None
        if not plain or message["type"] != "websocket.accept" or message.get("subprotocol"):
            await super().send(message)
        elif not self.transport.is_closing():
            self.handshake_complete = True
            headers = [*self.default_headers, *message.get("headers", ())]
            more = b"".join(b"%b: %b\r\n" % header for header in headers)
            self.transport.write(_SWITCHING % (self._accept, more))
            self.start_keepalive()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if hasattr(self, "scope"):
            # It names us, as we do it: only the rarest round of the garbage collector would take both.
            self.scope["extensions"].pop(EXTENSION, None)

    def pause_writing(self) -> None:
        self.writable = asyncio.Event()

    def resume_writing(self) -> None:
        self.writable.set()
        self.writable = Always()

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
            self._shake_hands(data)
            return
        self._rest, self._offset = self._rest[self._offset :] + data, 0
        if not self._held:
            self._read()

    def _read(self) -> None:
        """Takes some of the frames that have come; the others wait for the application, or for the next turn.

        However small its frames are, and however many, a client takes no more than its share of each turn.
        """
        self._held = False
        if self.transport.is_closing():
            return  # it went away since the last turn
        ahead = self.config.ws_max_queue
        for _ in range(ahead if self.close_sent else ahead - len(self._events.waiting)):
            frame = _parse(self._rest, self._offset, self.config.ws_max_size)
            if frame is None:
                self._rest, self._offset = self._rest[self._offset :], 0
                self._read_on()
                return
            start, self._offset = self._offset, frame.end
            quickly = self._take(self._rest, start, frame)
            if self.transport.is_closing():
                return  # what follows a fault, or a close, is of no interest
            if not quickly:
                break
        self._held = True
        self._pause()
        if self._events.empty() or self.close_sent:
            self.loop.call_soon(self._read)

    async def receive(self) -> Any:
        event = await self._events.get()
        if self._events.empty():
            if self._held:
                self.loop.call_soon(self._read)
            else:
                self._read_on()
        return event

    def _pause(self) -> None:
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def _read_on(self) -> None:
        if self.read_paused and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()

    def _take(self, data: bytes, start: int, frame: Frame) -> bool:
        """Hands on a text message that has come in one frame, and leaves any other frame to the parser.

        False for what takes so long that it should be all in this turn.
        """
        if self.close_sent and data[start] & _OPCODE != _CLOSE:
            return True  # the application is past it
        if data[start] != _WHOLE_TEXT or not frame.is_plain or self._in_fragments:
            self._leave_to_parser(data[start : frame.end])
            return False
        try:
            key = data[frame.body - _KEY : frame.body]
            text = apply_mask(data[frame.body : frame.end], key).decode()
        except UnicodeDecodeError:
            self._refuse_text()
        else:
            self._events.put_nowait({"type": "websocket.receive", "text": text})
        return True

    def handle_ping(self) -> None:
        if self.unsent() > MOST_PONGS:
            self.abort()  # it pings, and does not take what it asked for
        else:
            super().handle_ping()

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
        final, opcode = frame[0] & 0x80, frame[0] & _OPCODE
        if opcode == _CONTINUATION or not final:
            self._in_fragments = not final
        super().data_received(frame)


def _address(transport: asyncio.BaseTransport, name: str) -> tuple[str, int] | None:
    found = transport.get_extra_info(name)
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) else None


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
        self.waiting: list[Any] = []  # few: `ws_max_queue`, and the end
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
