"""An application that shows what the chat does not: rooms by name, and namespaces that tenants ask for.

Here clients name Socket.IO rooms themselves, which the product never allows.
"""

from __future__ import annotations

from typing import Any

from chatproject.errors import Forbidden
from chatproject.sockets.asgi import Application
from chatproject.sockets.namespace import Namespace, Payload
from chatproject.sockets.server import Server
from chatproject.sockets.socket import Socket


class Rooms(Payload):
    rooms: list[str]


class Say(Payload):
    """`to` of no room is nobody; without it, it is everybody. `others`: not the socket that says it."""

    text: str
    to: list[str] | None = None
    without: list[str] = []
    others: bool = False


class Nothing(Payload):
    pass


class Hall(Namespace):
    """Rooms that clients join, leave and talk to."""

    async def on_disconnect(self, socket: Socket, reason: str) -> None:
        self.server.of(self.namespace).emit("gone", {"sid": socket.sid, "rooms": socket.rooms})

    async def on_join(self, socket: Socket, payload: Rooms) -> dict[str, Any]:
        self.server.enter(socket, *payload.rooms)
        return {"rooms": socket.rooms}

    async def on_leave(self, socket: Socket, payload: Rooms) -> dict[str, Any]:
        self.server.exit(socket, *payload.rooms)
        return {"rooms": socket.rooms}

    async def on_say(self, socket: Socket, payload: Say) -> dict[str, Any]:
        target = self.server.of(self.namespace)
        if payload.to is not None:
            target = target.to(*payload.to)
        target = target.except_(*payload.without).but(socket if payload.others else None)
        target.emit("said", {"text": payload.text})
        return {}

    async def on_kind(self, socket: Socket, payload: Nothing) -> str:
        return type(self).__name__


async def knows_the_word(socket: Socket) -> None:
    """Middleware: only who says the word enters."""
    if socket.auth.get("word") != "please":
        raise Forbidden("Say the word.")


class Back(Hall):
    """As the hall, behind a middleware of its own."""

    middlewares = [knows_the_word]


async def healthy(scope: Any, receive: Any, send: Any) -> None:
    """Stands for Django."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


server = Server([Hall("/"), Back("/back")])
application = Application(server, healthy)
