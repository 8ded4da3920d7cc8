"""What comes in: python-socketio's handling of packets, with its open doors shut.

Besides `manager.py` it is the only module that reaches into python-socketio; what it overrides there is
private to it, and `tests/sockets/test_versions.py` fails when a new version moves it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import socketio
from socketio import packet

from chatproject.errors import DomainError, Internal, RateLimited, Unauthenticated, as_domain_error
from chatproject.sockets.dynamic import Children
from chatproject.sockets.engine import Engine
from chatproject.sockets.journal import Journal
from chatproject.sockets.limits import FOR_EVER, Clock, EventLimit, Rate
from chatproject.sockets.line import POLICY, Line
from chatproject.sockets.manager import FanOutManager
from chatproject.sockets.packets import TextPacket, packet_frame
from chatproject.sockets.polling import PollingEngine
from chatproject.sockets.socket import Socket

if TYPE_CHECKING:
    from chatproject.sockets.namespace import Namespace

log = logging.getLogger(__name__)


class Protocol(socketio.AsyncServer):
    """Lets sockets in by their namespace's middlewares, hands on their events, and clears up after them."""

    eio: Engine
    manager: FanOutManager
    children: Children

    def __init__(
        self,
        *,
        event_bytes: int,
        event_rate: Rate | None,
        json_depth: int,
        polling: bool,
        clock: Clock,
        **options: Any,
    ) -> None:
        self.polling = polling  # whether long-polling is served besides WebSocket
        super().__init__(**options)
        self.manager_initialized: bool = False
        self.journal = Journal()
        self.event_bytes = event_bytes
        self.json_depth = json_depth
        self.event_limit = EventLimit(event_rate, clock=clock)
        self.clock = clock
        self._entering: set[Socket] = set()

    def _engineio_server_class(self) -> type[Engine]:
        return PollingEngine if self.polling else Engine

    # --- What the engine reports ----------------------------------------------------------------

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        if not self.manager_initialized:
            self.manager_initialized = True
            self.manager.initialize()

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        line = self.eio.lines[eio_sid]
        try:
            received = TextPacket(encoded_packet=data, depth=self.json_depth)
        except ValueError:
            self.drop(line, "bad_packet")
            return
        socket = line.sockets.get(received.namespace)
        wait = 0.0 if self._is_awaited(socket, received) else self.event_limit.take(line)
        if wait == FOR_EVER:
            self.drop(line, "flood")
        elif received.packet_type == packet.CONNECT:
            await self._connect(line, received.namespace, received.data, wait)
        elif socket is not None:
            too_large = bool(self.event_bytes) and len(data.encode()) > self.event_bytes
            await self._take(socket, received, wait, too_large=too_large)
        elif received.packet_type != packet.DISCONNECT:
            self.drop(line, "not_connected")

    def _is_awaited(self, socket: Socket | None, received: TextPacket) -> bool:
        """Whether it answers what a client was asked: as often as we ask."""
        if socket is None or received.packet_type != packet.ACK:
            return False
        return self.manager.awaits(socket, received.id)

    async def _take(self, socket: Socket, received: TextPacket, wait: float, *, too_large: bool) -> None:
        if received.packet_type == packet.EVENT:
            await self._handle_socket_event(socket, received, wait, too_large=too_large)
        elif received.packet_type == packet.DISCONNECT:
            await self.leave(socket, self.reason.CLIENT_DISCONNECT)
        else:
            await self.manager.answered(socket, received.id, received.data)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        line = self.eio.lines[eio_sid]
        if line.fault:
            self.journal.dropped(line.address, line.fault)
        await self.leave_all(line, reason)

    def drop(self, line: Line, fault: str = "", code: int = POLICY) -> None:
        """Ends a whole connection."""
        raise NotImplementedError

    # --- Entering and leaving a namespace -------------------------------------------------------

    async def _connect(
        self, line: Line, namespace: str, auth: Mapping[str, Any] | None, wait: float = 0.0
    ) -> None:
        if namespace in line.sockets:
            self._refuse(line, namespace, "Connected already", {"code": "conflict"})
            return
        try:
            if wait:
                raise RateLimited(wait)
            async with self.children.asked_for(namespace, auth or {}) as handler:
                if handler is None:
                    self.journal.turned_away(line.address, "invalid_namespace")
                    self._refuse(line, namespace, "Invalid namespace", {})
                else:
                    await self._let_in(handler, Socket(self, line, namespace, auth))
        except DomainError as error:
            self.journal.turned_away(line.address, error.code)
            self._refuse(line, namespace, str(error), {"code": error.code, **error.details})

    async def _let_in(self, handler: Namespace, socket: Socket) -> None:
        line, namespace = socket.line, socket.namespace
        try:
            await self._admit(handler, socket)
            if line.closing:
                return  # it went, or was sent away, while the middlewares decided
            # Nothing is awaited from here until it is in: who comes at the same time is counted.
            handler.take_place(socket)
        except DomainError as error:
            self.journal.refused(socket, error.code)
            self._refuse(line, namespace, str(error), {"code": error.code, **error.details})
            handler.on_refused(socket, error)
            return
        await self._enter(handler, socket)

    async def _admit(self, handler: Namespace, socket: Socket) -> None:
        # In no room and no table yet: nothing of the namespace can reach this socket.
        self._entering.add(socket)
        try:
            await handler.admit(socket)
        finally:
            self._entering.discard(socket)
        if socket.ended.intersection(socket.own_rooms):
            raise Unauthenticated("This session has ended. Sign in again.")

    async def _enter(self, handler: Namespace, socket: Socket) -> None:
        socket.sid = self.eio.generate_id()
        socket.line.sockets[socket.namespace] = socket
        self.manager.admit(socket)
        self.children.keep(socket.namespace)
        # First, so that no event can overtake it.
        socket.line.push(packet_frame(packet.CONNECT, {"sid": socket.sid}, namespace=socket.namespace))
        self.enter(socket, *socket.own_rooms)
        self.journal.connected(socket)
        try:
            await handler.on_connect(socket)
        except Exception as error:
            # It was told that it is in: a refusal now can only end the connection.
            refusal = as_domain_error(error, log, f"on_connect failed ns={socket.namespace}")
            self.journal.refused(socket, refusal.code)
            self.drop(socket.line, refusal.code)
        # `enter` may still be on its way through the loop's queue; this goes behind it.
        self.submit(socket.settle)

    async def leave(self, socket: Socket, reason: str) -> None:
        """Takes a socket out of its namespace, once; its connection and other namespaces stay."""
        if socket.line.sockets.get(socket.namespace) is not socket:
            return
        del socket.line.sockets[socket.namespace]
        # From here on nothing reaches it, while its rooms can still be read.
        self.manager.dismiss(socket)
        self.journal.disconnected(socket, reason)
        handler: Namespace = self.namespace_handlers[socket.namespace]
        handler.give_place_back(socket)
        try:
            await handler.on_disconnect(socket, reason)
        except Exception:
            log.exception("on_disconnect failed ns=%s", socket.namespace)
        finally:
            self.manager.forget_all(socket)
            socket.joined.clear()
            self.children.release(socket.namespace)
        if not socket.line.sockets:
            self.eio.expect_join(socket.line)

    async def leave_all(self, line: Line, reason: str) -> None:
        """Takes what entered over a connection out of its namespaces; it is closing, so none is entered."""
        for socket in list(line.sockets.values()):
            await self.leave(socket, reason)

    def _refuse(self, line: Line, namespace: str, message: str, data: Mapping[str, Any]) -> None:
        content = {"message": message, **({"data": data} if data else {})}
        line.push(packet_frame(packet.CONNECT_ERROR, content, namespace=namespace))

    # --- Events ---------------------------------------------------------------------------------

    async def _handle_socket_event(
        self, socket: Socket, received: TextPacket, wait: float, *, too_large: bool
    ) -> None:
        socket.spoke = True
        handler: Namespace = self.namespace_handlers[socket.namespace]
        name, *arguments = received.data or [""]
        acknowledge = partial(self._acknowledge, socket, received.id)
        await handler.handle(socket, name, arguments, wait=wait, too_large=too_large, acknowledge=acknowledge)

    def _acknowledge(self, socket: Socket, ack_id: int | None, ack: Mapping[str, Any]) -> None:
        """Puts an ack on its way; nothing if none was asked for, or nobody is there."""
        if ack_id is not None and socket.is_connected:
            socket.line.answer(_ack_frame(socket.namespace, ack_id, ack))


def _ack_frame(namespace: str, ack_id: int, ack: Mapping[str, Any]) -> bytes:
    try:
        return packet_frame(packet.ACK, [ack], namespace=namespace, ack_id=ack_id)
    except (TypeError, ValueError):
        log.exception("ack is no JSON ns=%s", namespace)
        error = {"ok": False, "error": Internal().payload()}
        return packet_frame(packet.ACK, [error], namespace=namespace, ack_id=ack_id)
