"""An application that shows what the chat does not: rooms by name, and namespaces that tenants ask for.

Here clients name Socket.IO rooms themselves, which the product never allows. `/watch` is told what happens to
the rooms of `/back`, and which of the tenants' namespaces begin and end.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import socketio

from chatproject.errors import Forbidden
from chatproject.sockets.asgi import Application
from chatproject.sockets.dynamic import ParentNamespace
from chatproject.sockets.manager import FanOutManager
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


class Announce(Payload):
    text: str
    without: list[str] = []


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

    async def on_say_everywhere(self, socket: Socket, payload: Say) -> dict[str, Any]:
        """As `say` to rooms, in all processes."""
        await self.server.manager.emit("said", {"text": payload.text}, self.namespace, room=payload.to)
        return {}

    async def on_kind(self, socket: Socket, payload: Nothing) -> str:
        return type(self).__name__


async def has_the_key(socket: Socket) -> None:
    """Middleware: a tenant's key is its name, backwards."""
    if socket.auth.get("key") != socket.namespace.removeprefix("/tenants/")[::-1]:
        raise Forbidden("This is not the tenant's key.")


async def knows_the_word(socket: Socket) -> None:
    """Middleware: only who says the word enters."""
    if socket.auth.get("word") != "please":
        raise Forbidden("Say the word.")


class Back(Hall):
    """As the hall, behind a middleware of its own; what happens to its rooms is told."""

    middlewares = [knows_the_word]

    def room_created(self, room: str) -> None:
        self._tell("created", room)

    def room_joined(self, socket: Socket, room: str) -> None:
        self._tell("joined", room, socket)

    def room_left(self, socket: Socket, room: str) -> None:
        self._tell("left", room, socket)

    def room_deleted(self, room: str) -> None:
        self._tell("deleted", room)

    def _tell(self, what: str, room: str, socket: Socket | None = None) -> None:
        told = {"what": what, "room": room, "sid": socket.sid if socket else None}
        self.server.of("/watch").emit("room", told)


class Watch(Namespace):
    """Tells all tenants something."""

    async def on_announce(self, socket: Socket, payload: Announce) -> dict[str, Any]:
        self.server.of("/tenants/*").except_(*payload.without).emit("notice", {"text": payload.text})
        return {}


class Tenant(Hall):
    """One tenant's namespace: its key opens it."""

    middlewares = [has_the_key]

    async def on_start(self) -> None:
        self.server.of("/watch").emit("tenant", {"what": "begins", "name": self.namespace})

    async def on_stop(self) -> None:
        self.server.of("/watch").emit("tenant", {"what": "ends", "name": self.namespace})


class Guarded(Tenant):
    """A tenant that is asked about before there is one."""

    middlewares = []


class Fixed(Hall):
    """A namespace that stands where a tenant's could."""


class OverRedis(socketio.AsyncRedisManager, FanOutManager):  # type: ignore[misc]
    """What one process says is heard in all."""


def manager() -> FanOutManager | None:
    """Playgrounds on the same channel are one to their clients; without Redis, each is alone."""
    redis = os.environ.get("PLAYGROUND_REDIS")
    return OverRedis(redis, channel=os.environ["PLAYGROUND_CHANNEL"]) if redis else None


async def healthy(scope: Any, receive: Any, send: Any) -> None:
    """Stands for Django."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def knows_the_password(name: str, auth: Mapping[str, Any]) -> bool:
    return name.startswith("/tenants/guarded-") and auth.get("password") == "sesame"


server = Server(
    [
        Hall("/"),
        Back("/back"),
        Watch("/watch"),
        ParentNamespace("/tenants/guarded-*", Guarded, knows_the_password),
        ParentNamespace("/tenants/*", Tenant, "/tenants/(?!guarded)[a-z0-9-]+"),
        Fixed("/tenants/fixed"),
    ],
    client_manager=manager(),
)
application = Application(server, healthy)
