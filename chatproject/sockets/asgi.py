"""One ASGI application of two: Socket.IO under its path, Django for everything else."""

import logging
from typing import Any
from urllib.parse import parse_qs

from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    HTTPScope,
    LifespanScope,
    Scope,
    WebSocketScope,
)

from chatproject.sockets import origins, publishing
from chatproject.sockets.line import POLICY
from chatproject.sockets.server import Server

log = logging.getLogger(__name__)

PATH = "/socket.io/"


class Application:
    """Serves `server` at `/socket.io/` and `django` elsewhere, and starts and stops the server.

    A handshake that is not for WebSocket, or from a foreign origin or host, is refused before the
    engine sees it.
    """

    def __init__(self, server: Server, django: Any) -> None:
        self.server = server
        self._django: ASGI3Application = django
        self._started = False

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        await self.start()
        if scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        elif scope["path"].startswith(PATH):
            await self._explain(scope, send)
        else:
            await self._django(scope, receive, send)

    async def start(self) -> None:
        """Starts the server, once; a host without lifespan events starts it by its first request."""
        if not self._started:
            self._started = True
            await self.server.start()
            publishing.bind(self.server)

    async def stop(self) -> None:
        """Stops the server; nothing published reaches it any more."""
        publishing.bind(None)
        await self.server.stop()

    async def _live(self, scope: LifespanScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await receive()
        await self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _connect(
        self, scope: WebSocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        if why := _refusal(scope):
            self.server.journal.turned_away((scope.get("client") or ("", 0))[0], why)
            await receive()
            # Before it is accepted: the client sees a plain 403.
            await send({"type": "websocket.close", "code": POLICY, "reason": None})
            return
        await self.server.handle_request(scope, receive, send)

    async def _explain(self, scope: HTTPScope, send: ASGISendCallable) -> None:
        """The answer to long-polling, which this server does not speak."""
        body = b'{"code":0,"message":"Transport unknown: use transports: [\\"websocket\\"]"}'
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 400, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _refusal(scope: WebSocketScope) -> str:
    """Why this handshake is refused; "" if it is not."""
    if not scope["path"].startswith(PATH):
        return "path"
    if not origins.has_allowed_host(scope):
        return "host"
    if not origins.is_own_or_trusted(scope):
        # The proxy must say that it speaks https to the browser, and be trusted to say so.
        return "origin_https_without_forwarded_proto" if origins.is_proxied_https(scope) else "origin"
    return "" if _opens_connection(scope) else "protocol"


def _opens_connection(scope: WebSocketScope) -> bool:
    """Whether a new connection is asked for; the engine would write the `sid` of another into its log."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    return query.get("EIO") == ["4"] and query.get("transport") == ["websocket"] and "sid" not in query
