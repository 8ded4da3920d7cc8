"""The Socket.IO server: who is there, who is in which room, and what goes out to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from engineio import packet as engine_packet
from socketio import packet

from chatproject.sockets import transport
from chatproject.sockets.origins import is_own_or_trusted
from chatproject.sockets.packets import StrictJSON, TextPacket
from chatproject.sockets.protocol import Protocol
from chatproject.sockets.socket import Socket
from chatproject.sockets.targets import Target

if TYPE_CHECKING:
    from chatproject.sockets.namespace import Namespace
    from chatproject.sockets.publishing import Emission

log = logging.getLogger(__name__)

# Both libraries log payloads and session ids below this level.
_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.ERROR)

# A socket with more packets than this waiting is behind: volatile events pass it by.
VOLATILE_BACKLOG = 8


class Server(Protocol):
    """Serves namespaces over WebSocket; made once per process, bound to the loop that serves it."""

    def __init__(
        self,
        namespaces: Iterable[Namespace],
        *,
        ping_interval: float = 10,
        ping_timeout: float = 8,
        connect_timeout: float = 10,
        frame_bytes: int = 100_000,
        event_bytes: int = 65_536,
    ) -> None:
        super().__init__(
            connect_timeout=connect_timeout,
            event_bytes=event_bytes,
            async_mode="asgi",
            # One client's events are handled in the order they came, and no faster than we handle them.
            async_handlers=False,
            transports=["websocket"],
            allow_upgrades=False,
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
            max_http_buffer_size=frame_bytes or 2**31,
            http_compression=False,
            cookie=None,
            cors_allowed_origins=lambda origin, environ: is_own_or_trusted(environ["asgi.scope"]),
            serializer=TextPacket,
            json=StrictJSON,
            logger=_library_log,
            engineio_logger=_library_log,
        )
        self.frame_bytes = frame_bytes
        self.loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        for namespace in namespaces:
            self.register_namespace(namespace)

    # --- Life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Binds the server to the running loop and starts what its namespaces do on their own."""
        self.loop = asyncio.get_running_loop()
        for namespace in self.namespace_handlers.values():
            await namespace.on_start()

    async def stop(self) -> None:
        """Ends what `start` began. Connections are the ASGI server's to close."""
        for namespace in self.namespace_handlers.values():
            await namespace.on_stop()
        await self.shutdown()
        self.loop = None

    def submit(self, action: Callable[[], object]) -> None:
        """Runs `action` on the server's loop, after everything submitted before it; from any thread."""
        # A loop that is gone has no sockets left to reach.
        with suppress(RuntimeError):
            if self.loop is not None:
                self.loop.call_soon_threadsafe(action)

    def run(self, coroutine: Any) -> None:
        """Runs a coroutine in the background of the server's loop; what it raises is logged."""
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background task failed", exc_info=error)

    # --- Reaching sockets -----------------------------------------------------------------------

    def of(self, namespace: str) -> Target:
        """Every socket in `namespace`, to be narrowed with `to`, `except_` and `but`."""
        return Target(self, namespace)

    async def emit(self, *args: Any, **options: Any) -> None:
        """Refused: an empty `to` would reach everybody. Use `publish`, or `of(namespace)`."""
        raise TypeError("use publish(), or of(namespace).to(room).emit(event, data)")

    def apply(self, emission: Emission) -> None:
        """Carries out what was published; on the server's loop, at once and whole."""
        for namespace in emission.namespaces:
            target = self.of(namespace).to(*emission.to).except_(*emission.except_).but(emission.sender)
            if emission.event:
                narrowed = target.volatile() if emission.volatile else target
                narrowed.emit(emission.event, emission.payload)
            if emission.join:
                target.join(*emission.join)
            if emission.leave:
                target.leave(*emission.leave)
            if emission.close:
                target.disconnect(close=True)
                # Somebody whose session was still valid when its middleware looked comes too late.
                for socket in self._entering:
                    if socket.namespace == namespace:
                        socket.ended.update(emission.to)

    def deliver(self, sockets: Sequence[Socket], event: str, data: Any, *, volatile: bool = False) -> None:
        """Puts one event on the way to each of `sockets`: encoded once, in order, without waiting."""
        if not sockets:
            return
        encoded = TextPacket(packet.EVENT, data=[event, data], namespace=sockets[0].namespace).encode()
        frame = engine_packet.Packet(engine_packet.MESSAGE, encoded)
        for socket in sockets:
            self._put(socket.eio_sid, frame, volatile=volatile)

    def deliver_for_ack(self, socket: Socket, event: str, data: Any, callback: Callable[..., object]) -> int:
        """Puts one event on the way to one socket; its answer goes to `callback`. Returns the ack's id."""
        ack_id: int = self.manager._generate_ack_id(socket.sid, callback)
        event_packet = TextPacket(packet.EVENT, data=[event, data], namespace=socket.namespace, id=ack_id)
        self._put(socket.eio_sid, engine_packet.Packet(engine_packet.MESSAGE, event_packet.encode()))
        return ack_id

    def forget_ack(self, socket: Socket, ack_id: int) -> None:
        """Waits no longer for an answer; a client that never answers leaves nothing behind."""
        self.manager.callbacks.get(socket.sid, {}).pop(ack_id, None)

    def sockets_in(self, namespace: str, rooms: Sequence[str] | None) -> list[Socket]:
        """The sockets in any of `rooms`, each once; in the whole namespace if `rooms` is None."""
        present = self.sockets.get(namespace, {})
        if rooms is None:
            return list(present.values())
        members = self.manager.rooms.get(namespace, {})
        sids = {sid: None for room in rooms for sid in members.get(room, ())}
        return [present[sid] for sid in sids if sid in present]

    def rooms_of(self, socket: Socket) -> list[str]:
        """The names of the rooms that `socket` is in, sorted."""
        rooms = self.manager.rooms.get(socket.namespace, {})
        return sorted(
            name for name, sids in rooms.items() if name not in (None, socket.sid) and socket.sid in sids
        )

    def rooms_in(self, namespace: str) -> list[str]:
        """The names of the rooms that somebody is in, without the one of its own that every socket has."""
        sids = self.sockets.get(namespace, {})
        return [name for name in self.manager.rooms.get(namespace, {}) if name and name not in sids]

    def enter(self, socket: Socket, *rooms: str) -> None:
        """Puts a socket into rooms, unless it has left them, or all of it, meanwhile."""
        if socket.sid not in self.sockets.get(socket.namespace, {}):
            return
        for room in rooms:
            if room not in socket.left:
                self.manager.basic_enter_room(socket.sid, socket.namespace, room)

    def exit(self, socket: Socket, *rooms: str) -> None:
        """Takes a socket out of rooms."""
        if socket.entering:
            # Its handler may be about to join what it read before it lost the right to it.
            socket.left.update(rooms)
        for room in rooms:
            self.manager.basic_leave_room(socket.sid, socket.namespace, room)

    def drop(self, eio_sid: str, fault: str = "", code: int = transport.POLICY) -> None:
        """Ends a whole connection: what was sent before still leaves, nothing comes in or out after.

        `fault` says what its client did wrong, if it did; the client sees the WebSocket close with `code`.
        """
        environ = self.environ.get(eio_sid)
        if environ is None:
            return
        line = transport.of(environ["asgi.scope"])
        if line.closing:
            return
        line.shut(code, fault)
        self.run(self._close(eio_sid))

    async def forget(self, line: transport.Transport) -> None:
        """Clears up after a connection that is over, in whatever way it ended."""
        if line.fault:
            self.journal.dropped(line.address, line.fault)
        engine_socket = self.eio.sockets.pop(line.eio_sid, None)
        if engine_socket is not None:
            await engine_socket.close(wait=False, abort=True, reason=self.reason.TRANSPORT_CLOSE)
        await self._handle_eio_disconnect(line.eio_sid, self.reason.TRANSPORT_CLOSE)

    async def leave_namespace(self, socket: Socket) -> None:
        """Sends a socket out of its namespace, once; its connection and other namespaces stay."""
        if self.sockets[socket.namespace].get(socket.sid) is not socket:
            return
        await self._send_packet(socket.eio_sid, TextPacket(packet.DISCONNECT, namespace=socket.namespace))
        await self._handle_disconnect(socket.eio_sid, socket.namespace, self.reason.SERVER_DISCONNECT)

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Sends one client out of a namespace (default `/`)."""
        socket = self.sockets.get(namespace or "/", {}).get(sid)
        if socket is not None:
            await self.leave_namespace(socket)

    async def _close(self, eio_sid: str) -> None:
        engine_socket = self.eio.sockets.get(eio_sid)
        if engine_socket is None:
            return
        engine_socket.queue.put_nowait(None)  # its writer sends what stands before this, then closes
        await engine_socket.close(wait=False, abort=True, reason=self.reason.SERVER_DISCONNECT)

    def _put(self, eio_sid: str, frame: engine_packet.Packet, *, volatile: bool = False) -> None:
        engine_socket = self.eio.sockets.get(eio_sid)
        environ = self.environ.get(eio_sid)
        if engine_socket is None or environ is None or transport.of(environ["asgi.scope"]).closing:
            return
        if volatile and engine_socket.queue.qsize() > VOLATILE_BACKLOG:
            return
        engine_socket.queue.put_nowait(frame)
