"""One ASGI application of two: Socket.IO under its path, Django for everything else."""

import asyncio
import logging
from http import HTTPStatus
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

from chatproject.errors import RateLimited
from chatproject.sockets import origins, publishing
from chatproject.sockets.addresses import client_address, client_network
from chatproject.sockets.line import POLICY
from chatproject.sockets.polling.request import session_id
from chatproject.sockets.refusals import BAD_REQUEST, FORBIDDEN, NO_TRANSPORT, refuse, refuse_for
from chatproject.sockets.server import Server

log = logging.getLogger(__name__)

PATH = "/socket.io/"

Requested = WebSocketScope | HTTPScope


class Application:
    """Serves `server` at `/socket.io/` and `django` elsewhere, and starts and stops the server.

    What is not for a transport that the server speaks, or comes from a foreign origin or host, is refused
    before the engine sees it.
    """

    def __init__(self, server: Server, django: Any) -> None:
        self.server = server
        self._django: ASGI3Application = django
        self._started = self._hung_up = False

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        await self.start()
        if client := scope.get("client"):
            # One form for everybody who asks: pages, logs, limits. A proxy passes on whatever it is told.
            scope["client"] = (client_address(scope), client[1])
        if scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        elif scope["path"].startswith(PATH):
            await self._poll(scope, receive, send)
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

    def hang_up(self) -> None:
        """Ends requests that wait: the host is about to wait for them."""
        self._hung_up = True
        self.server.eio.hang_up()

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
        if wait := self._wait(scope):
            await receive()
            await refuse_for(wait, scope, send)
            self._hold_off(scope)
            return
        if why := self._refusal(scope):
            await receive()
            # Before it is accepted: the client sees a plain 403.
            await send({"type": "websocket.close", "code": POLICY, "reason": None})
            self._turn_away(scope, why)
            return
        await self._serve(scope, receive, send)

    async def _poll(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if not self.server.polling:
            await refuse(send, HTTPStatus.BAD_REQUEST, NO_TRANSPORT)
        elif wait := self._wait(scope):
            await refuse_for(wait, scope, send)
            self._hold_off(scope)
        elif why := self._refusal(scope):
            if why == "protocol":
                await refuse(send, HTTPStatus.BAD_REQUEST, BAD_REQUEST)
            else:
                await refuse(send, HTTPStatus.FORBIDDEN, FORBIDDEN)
            self._turn_away(scope, why)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Requested, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        try:
            await self.server.handle_request(scope, receive, send)
        except asyncio.CancelledError:
            # A host that ends has waited for it long enough: an end like any other, no fault to be logged.
            if not self._hung_up:
                raise

    def _wait(self, scope: Requested) -> float:
        """Seconds that this address has to wait until it may open another connection; 0 if it may now."""
        # The requests of a session that there is open nothing.
        if session_id(scope) in self.server.eio.lines:
            return 0.0
        return self.server.connect_limit.take(client_address(scope))

    def _refusal(self, scope: Requested) -> str:
        """Why this request is refused; "" if it is not."""
        if not scope["path"].startswith(PATH):
            return "path"
        if not origins.has_allowed_host(scope):
            return "host"
        if not origins.is_own_or_trusted(scope):
            # The proxy must say that it speaks https to the browser, and be trusted to say so.
            return "origin_https_without_forwarded_proto" if origins.is_proxied_https(scope) else "origin"
        return "" if _is_understood(scope, polling=self.server.polling) else "protocol"

    def _hold_off(self, scope: Requested) -> None:
        # What is counted together is logged together, however many addresses there are in a network.
        self.server.journal.held_off(client_network(scope), RateLimited.code)

    def _turn_away(self, scope: Requested, why: str) -> None:
        self.server.journal.turned_away(client_address(scope), why)


def _is_understood(scope: Requested, *, polling: bool) -> bool:
    """Whether the query says all that it has to, once; a session id only where sessions outlive a request."""
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    transport = "websocket" if scope["type"] == "websocket" else "polling"
    sessions = query.get("sid", [])
    return (
        query.get("EIO") == ["4"]
        and query.get("transport") == [transport]
        and len(sessions) <= polling
        and "" not in sessions
        and "j" not in query  # JSONP: a script of any site could ask for it
    )
