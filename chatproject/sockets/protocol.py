"""What comes in: python-socketio's handling of packets, with its open doors shut.

With `server.py` the only module that reaches into python-socketio and python-engineio; what it overrides
there is private to them, and `tests/sockets/test_versions.py` fails when a new version moves it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import socketio
from engineio import packet as engine_packet
from socketio import packet

from chatproject.errors import DomainError, Internal, Unauthenticated
from chatproject.sockets import transport
from chatproject.sockets.journal import Journal
from chatproject.sockets.packets import TextPacket
from chatproject.sockets.socket import Socket

if TYPE_CHECKING:
    from chatproject.sockets.namespace import Namespace

log = logging.getLogger(__name__)


class Protocol(socketio.AsyncServer):
    """Lets sockets in by their namespace's middlewares, hands on their events, and clears up after them.

    `sockets` (namespace -> sid -> socket) holds who has entered, and nobody else.
    """

    def __init__(self, *, connect_timeout: float, event_bytes: int, **options: Any) -> None:
        super().__init__(**options)
        self.journal = Journal()
        self.connect_timeout = connect_timeout
        self.event_bytes = event_bytes
        self.sockets: dict[str, dict[str, Socket]] = defaultdict(dict)
        self._present: dict[str, dict[str, Socket]] = {}  # transport -> namespace -> socket
        self._entering: set[Socket] = set()

    # --- What the engine reports ----------------------------------------------------------------

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        transport.of(environ["asgi.scope"]).eio_sid = eio_sid
        self._present[eio_sid] = {}
        if self.connect_timeout:
            asyncio.get_running_loop().call_later(self.connect_timeout, self._reap, eio_sid)

    def _reap(self, eio_sid: str) -> None:
        """Closes a connection that has joined no namespace in its time."""
        if self._present.get(eio_sid) == {}:
            self.drop(eio_sid, "no_namespace")

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        environ = self.environ.get(eio_sid)
        if environ is None or transport.of(environ["asgi.scope"]).closing:
            return  # it was ended; what was still on the wire is not handled any more
        try:
            received = TextPacket(encoded_packet=data)
        except ValueError:
            self.drop(eio_sid, "bad_packet")
            return
        if received.packet_type == packet.CONNECT:
            await self._handle_connect(eio_sid, received.namespace, received.data)
        elif received.packet_type == packet.DISCONNECT:
            await self._handle_disconnect(eio_sid, received.namespace, self.reason.CLIENT_DISCONNECT)
        elif (socket := self._present[eio_sid].get(received.namespace)) is None:
            self.drop(eio_sid, "not_connected")
        elif received.packet_type == packet.EVENT:
            too_large = bool(self.event_bytes) and len(data.encode()) > self.event_bytes
            await self._handle_socket_event(socket, received, too_large=too_large)
        else:
            await self._handle_ack(eio_sid, received.namespace, received.id, received.data)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        if environ := self.environ.get(eio_sid):
            # While one namespace is being left, no other is entered: nobody would ever leave it.
            transport.of(environ["asgi.scope"]).shut(transport.NORMAL)
        for namespace in list(self._present.get(eio_sid, ())):
            await self._handle_disconnect(eio_sid, namespace, reason)
        self._present.pop(eio_sid, None)
        self.environ.pop(eio_sid, None)

    # --- Entering and leaving a namespace -------------------------------------------------------

    async def _handle_connect(self, eio_sid: str, namespace: str, auth: Mapping[str, Any] | None) -> None:
        handler: Namespace | None = self.namespace_handlers.get(namespace)
        scope = self.environ[eio_sid]["asgi.scope"]
        if handler is None:
            self.journal.turned_away(transport.of(scope).address, "invalid_namespace")
            await self._refuse(eio_sid, namespace, "Invalid namespace", {})
            return
        if namespace in self._present[eio_sid]:
            await self._refuse(eio_sid, namespace, "Connected already", {"code": "conflict"})
            return
        socket = Socket(self, eio_sid, namespace, scope, auth)
        try:
            await self._admit(handler, socket)
        except DomainError as error:
            self.journal.refused(socket, error.code)
            await self._refuse(eio_sid, namespace, str(error), {"code": error.code, **error.details})
            handler.on_refused(socket, error)
            return
        if eio_sid not in self.environ or transport.of(scope).closing:
            return  # the client went away, or was sent away, while the middlewares decided
        await self._enter(handler, socket)

    async def _admit(self, handler: Namespace, socket: Socket) -> None:
        # Not known to python-socketio yet: nothing of the namespace can reach this socket.
        self._entering.add(socket)
        try:
            await handler.admit(socket)
        finally:
            self._entering.discard(socket)
        if socket.ended.intersection(socket.own_rooms):
            raise Unauthenticated("This session has ended. Sign in again.")

    async def _enter(self, handler: Namespace, socket: Socket) -> None:
        eio_sid, namespace = socket.eio_sid, socket.namespace
        socket.sid = await self.manager.pre_connect(eio_sid, namespace)
        await self.manager.connect(socket.sid, namespace)
        self._present[eio_sid][namespace] = self.sockets[namespace][socket.sid] = socket
        # First, so that no event can overtake it.
        await self._send_packet(
            eio_sid, TextPacket(packet.CONNECT, data={"sid": socket.sid}, namespace=namespace)
        )
        self.enter(socket, *socket.own_rooms)
        self.journal.connected(socket)
        try:
            await handler.on_connect(socket)
        except Exception:
            log.exception("on_connect failed ns=%s", namespace)
            self.drop(eio_sid, "internal")
        # `enter` may still be on its way through the loop's queue; this goes behind it.
        self.submit(socket.settle)

    async def _handle_disconnect(self, eio_sid: str, namespace: str, reason: str | None = None) -> None:
        socket = self._present.get(eio_sid, {}).pop(namespace, None)
        if socket is None:
            return
        # From here on nothing reaches it, while its rooms can still be read.
        self.sockets[namespace].pop(socket.sid, None)
        self.journal.disconnected(socket, reason or self.reason.CLIENT_DISCONNECT)
        try:
            await self.namespace_handlers[namespace].on_disconnect(socket, reason or "")
        except Exception:
            log.exception("on_disconnect failed ns=%s", namespace)
        finally:
            self._fail_acks(socket)
            await self.manager.disconnect(socket.sid, namespace, ignore_queue=True)

    def _fail_acks(self, socket: Socket) -> None:
        for callback in self.manager.callbacks.get(socket.sid, {}).values():
            if hasattr(callback, "gone"):
                callback.gone()

    async def _refuse(self, eio_sid: str, namespace: str, message: str, data: Mapping[str, Any]) -> None:
        content = {"message": message, **({"data": data} if data else {})}
        await self._send_packet(eio_sid, TextPacket(packet.CONNECT_ERROR, data=content, namespace=namespace))

    # --- Events ---------------------------------------------------------------------------------

    async def _handle_socket_event(self, socket: Socket, received: TextPacket, *, too_large: bool) -> None:
        handler: Namespace = self.namespace_handlers[socket.namespace]
        name, *arguments = list(received.data or [""])
        acknowledge = partial(self._acknowledge, socket, received.id)
        await handler.handle(socket, name, arguments, too_large=too_large, acknowledge=acknowledge)

    def _acknowledge(self, socket: Socket, ack_id: int | None, ack: Mapping[str, Any]) -> None:
        """Puts an ack on its way; nothing if none was asked for, or nobody is there."""
        if ack_id is not None and socket.sid in self.sockets[socket.namespace]:
            answer = self._encode_ack(socket, ack_id, ack)
            self._put(socket.eio_sid, engine_packet.Packet(engine_packet.MESSAGE, answer))

    @staticmethod
    def _encode_ack(socket: Socket, ack_id: int, ack: Mapping[str, Any]) -> str:
        answer = TextPacket(packet.ACK, data=[ack], namespace=socket.namespace, id=ack_id)
        try:
            return str(answer.encode())
        except (TypeError, ValueError):
            log.exception("ack is no JSON ns=%s", socket.namespace)
            answer.data = [{"ok": False, "error": Internal().payload()}]
            return str(answer.encode())
