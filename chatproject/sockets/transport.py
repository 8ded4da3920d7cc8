"""One WebSocket, between the ASGI server and the engine: looks at frames before the engine does."""

from collections.abc import Mapping
from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, ASGISendEvent

KEY = "chatproject.transport"  # where a connection's scope holds its transport

NORMAL = 1000
POLICY = 1008
TOO_BIG = 1009

# What a client of a WebSocket-only Engine.IO server has to say.
_CLOSE, _PONG, _MESSAGE = "1", "3", "4"


class Transport:
    """Wraps `receive` and `send` of one connection.

    A frame that is no Engine.IO packet of a client, or is over the limit, never reaches the engine:
    the connection closes (1008, 1009) instead. It also closes when the client says that it is done.
    """

    def __init__(
        self, receive: ASGIReceiveCallable, send: ASGISendCallable, *, address: str, frame_bytes: int
    ) -> None:
        self.address = address
        self.eio_sid = ""
        self.closing = False
        self.fault = ""  # why it was closed, if the client gave cause
        self._code = NORMAL
        self._accepted = False
        self._closed = False
        self._frame_bytes = frame_bytes
        self._receive = receive
        self._send = send

    def shut(self, code: int, fault: str = "") -> None:
        """Lets nothing more in; the close frame that follows carries `code`."""
        if not self.closing:
            self.closing, self._code, self.fault = True, code, fault

    async def receive(self) -> ASGIReceiveEvent:
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                self._closed = self.closing = True
                return event
            if event["type"] != "websocket.receive":
                return event
            if self.closing:
                continue  # what still has to leave does, and then the connection closes
            if self._passes(event.get("text")):
                return event
            await self.close()

    async def send(self, event: ASGISendEvent) -> None:
        if event["type"] == "websocket.accept":
            self._accepted = True
        elif event["type"] == "websocket.close":
            await self.close()
            return
        if not self._closed:
            await self._send(event)

    async def close(self) -> None:
        """Sends the close frame, once."""
        if self._closed:
            return
        self._closed = self.closing = True
        code = self._code if self._accepted else POLICY
        await self._send({"type": "websocket.close", "code": code, "reason": None})

    def _passes(self, text: str | None) -> bool:
        if text is None:
            self.shut(POLICY, "binary")
        elif self._frame_bytes and _bytes_over(text, self._frame_bytes):
            self.shut(TOO_BIG, "frame_too_large")
        elif text == _CLOSE:
            self.shut(NORMAL)  # the engine would only forget it, and keep the line open
        elif not text.startswith((_PONG, _MESSAGE)):
            self.shut(POLICY, "bad_packet")
        return not self.closing


def _bytes_over(text: str, limit: int) -> bool:
    # Encoding is only needed in the narrow band where the count of characters does not decide.
    return len(text) > limit or (len(text) * 4 > limit and len(text.encode()) > limit)


def of(scope: Mapping[str, Any]) -> Transport:
    """The transport of the connection with this scope."""
    transport: Transport = scope[KEY]
    return transport
