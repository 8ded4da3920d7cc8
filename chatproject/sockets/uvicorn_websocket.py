"""Uvicorn's WebSocket protocol, with a way for frames that are made already.

The only module that knows how uvicorn's protocol works inside; `tests/sockets/test_versions.py` fails when a
new version moves what is used here. Without it, under any other server, the same is sent by `websocket.send`.
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from chatproject.sockets.engine import EXTENSION


class FrameWebSocket(WebSocketsSansIOProtocol):
    """Offers itself in the scope as the carrier of ready-made frames."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # the handshake was one; the application runs in a later turn
            self.scope["extensions"][EXTENSION] = {"carrier": self}

    def write(self, frames: bytes) -> None:
        if not (self.close_sent or self.disconnected):
            self.transport.write(frames)

    def unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    async def close(self, code: int) -> None:
        await self.send({"type": "websocket.close", "code": code, "reason": None})

    def abort(self) -> None:
        self.transport.abort()
