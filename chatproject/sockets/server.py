"""The Socket.IO server: who is there, who is in which room, and what goes out to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from socketio import packet

from chatproject.sockets.broadcast import LARGE, Broadcast
from chatproject.sockets.database import Shares
from chatproject.sockets.digests import Digests
from chatproject.sockets.dynamic import Children, ChildrensTarget, ParentNamespace
from chatproject.sockets.gathering import Gatherings
from chatproject.sockets.limits import Clock, ConnectLimit, Rate
from chatproject.sockets.line import POLICY, Line
from chatproject.sockets.manager import FanOutManager, Members
from chatproject.sockets.packets import StrictJSON, TextPacket, packet_frame
from chatproject.sockets.protocol import Protocol
from chatproject.sockets.session_check import SessionCheck
from chatproject.sockets.socket import Socket
from chatproject.sockets.targets import Target
from chatproject.writes import WriteQueue

if TYPE_CHECKING:
    from chatproject.sockets.namespace import Namespace
    from chatproject.sockets.publishing import Emission

log = logging.getLogger(__name__)

K = TypeVar("K")
R = TypeVar("R")

# Both libraries log payloads and session ids below this level.
_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.ERROR)


class Server(Protocol):
    """Serves namespaces; made once per process, bound to the loop that serves it."""

    def __init__(
        self,
        namespaces: Iterable[Namespace | ParentNamespace],
        *,
        ping_interval: float = 10,
        ping_timeout: float = 8,
        connect_timeout: float = 10,
        frame_bytes: int = 100_000,
        event_bytes: int = 65_536,
        event_rate: Rate | None = None,
        json_depth: int = 100,
        connect_rate: Rate | None = None,
        sockets_per_address: int = 0,
        unsent_bytes: int = 1_048_576,
        polling: bool = False,
        session_check_interval: float = 10,
        client_manager: FanOutManager | None = None,
        clock: Clock = monotonic,
    ) -> None:
        super().__init__(
            event_bytes=event_bytes,
            event_rate=event_rate,
            json_depth=json_depth,
            polling=polling,
            clock=clock,
            client_manager=client_manager or FanOutManager(),
            async_mode="asgi",
            # One client's events are handled in the order they came, and no faster than we handle them.
            async_handlers=False,
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
            connect_timeout=connect_timeout,
            frame_bytes=frame_bytes,
            unsent_bytes=unsent_bytes,
            max_http_buffer_size=frame_bytes or 2**31,  # what clients are told
            serializer=TextPacket,
            json=StrictJSON,
            logger=_library_log,
            engineio_logger=_library_log,
        )
        self.loop: asyncio.AbstractEventLoop | None = None
        self.connect_limit = ConnectLimit(connect_rate, sockets_per_address, self.eio.places, clock=clock)
        self.writes = WriteQueue()
        self.shares = Shares()
        self.session_check = SessionCheck(self, session_check_interval)
        self._gatherings = Gatherings()
        self._digests = Digests(self._carry_out)
        self._tasks: set[asyncio.Task[None]] = set()
        given = list(namespaces)
        self.children = Children(self, [one for one in given if isinstance(one, ParentNamespace)])
        self._fixed = [one for one in given if not isinstance(one, ParentNamespace)]
        for namespace in self._fixed:
            self.register_namespace(namespace)

    # --- Life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Binds the server to the running loop and starts what its namespaces do on their own."""
        self.loop = asyncio.get_running_loop()
        for namespace in self._fixed:
            await namespace.on_start()
        self.session_check.start()

    async def stop(self) -> None:
        """Ends what `start` began. Connections are the ASGI server's to close."""
        self.session_check.stop()
        self._digests.stop()
        await self.children.stop()
        for namespace in self._fixed:
            await namespace.on_stop()
        await self.writes.drain()
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

    async def gathered(self, load: Callable[[Sequence[K]], Sequence[R]], key: K) -> R:
        """What `load` finds for `key`; called in a database thread, with all keys that came together."""
        result: R = await self._gatherings[load].ask(key)
        return result

    # --- Reaching sockets -----------------------------------------------------------------------

    def of(self, namespace: str) -> Target:
        """Every socket in `namespace`, or in a parent's children, to be narrowed with `to` and the like."""
        return self._kind_of_target(namespace)(self, namespace)

    def _kind_of_target(self, namespace: str) -> type[Target]:
        return ChildrensTarget if namespace in self.children.parents else Target

    async def emit(self, *args: Any, **options: Any) -> None:
        """Refused: an empty `to` would reach everybody. Use `publish`, or `of(namespace)`."""
        raise TypeError("use publish(), or of(namespace).to(room).emit(event, data)")

    def apply(self, emission: Emission) -> None:
        """Carries out what was published; on the server's loop, at once and whole, unless it is digested."""
        if emission.digest is None or not self._digests.keep(emission):
            self._carry_out(emission)

    def _carry_out(self, emission: Emission) -> None:
        without = frozenset((emission.sender.sid,)) if emission.sender else frozenset()
        for namespace in emission.namespaces:
            kind = self._kind_of_target(namespace)
            target = kind(self, namespace, emission.to, emission.except_, without, emission.volatile)
            if emission.event:
                target.emit(emission.event, emission.payload)
            if emission.join:
                target.join(*emission.join)
            if emission.leave:
                target.leave(*emission.leave)
            if emission.close:
                target.disconnect(close=True)
                # Somebody whose session was still valid when its middleware looked comes too late.
                for socket in self._entering:
                    if socket.namespace in target.namespaces:
                        socket.ended |= frozenset(emission.to)

    def deliver(
        self, sockets: Collection[Socket], namespace: str, event: str, data: Any, *, volatile: bool = False
    ) -> None:
        """Puts one event on the way to each of `sockets`: encoded once, in order, without waiting."""
        if not sockets:
            return
        frame = packet_frame(packet.EVENT, [event, data], namespace=namespace)
        for socket in sockets:
            line = socket.line
            if not (volatile and line.behind):
                line.push(frame)

    def broadcast(
        self,
        namespace: str,
        rooms: tuple[str, ...] | None,
        event: str,
        data: Any,
        *,
        without: Collection[str] = (),
    ) -> None:
        """The same to the sockets in any of `rooms`, or all of the namespace, but those with these sids."""
        members = self._under_way(namespace, rooms)
        if isinstance(members, Broadcast):
            frame = packet_frame(packet.EVENT, [event, data], namespace=namespace)
            there = self.manager.members(namespace, None)
            members.add(frame, left_out=[there[sid].line for sid in without if sid in there])
            return
        for sid in without:
            members.pop(sid, None)
        self.deliver(members.values(), namespace, event, data)

    def _under_way(self, namespace: str, rooms: tuple[str, ...] | None) -> Broadcast | Members:
        """The broadcast to these rooms, if they are large; else the sockets in them."""
        writer, key = self.eio.writer, (namespace, rooms, self.manager.changes)
        if writer is not None and writer.broadcast is not None and writer.broadcast.key == key:
            return writer.broadcast
        members = self.manager.union(namespace, rooms)
        if writer is None or len(members) < LARGE:
            return members
        broadcast = Broadcast(key, [socket.line for socket in members.values()])
        writer.begin(broadcast)
        return broadcast

    def deliver_for_ack(self, socket: Socket, event: str, data: Any, callback: Callable[..., object]) -> int:
        """Puts one event on the way to one socket; its answer goes to `callback`. Returns the ack's id."""
        ack_id = self.manager.ask(socket, callback)
        content = [event, data]
        socket.line.push(packet_frame(packet.EVENT, content, namespace=socket.namespace, ack_id=ack_id))
        return ack_id

    def forget_ack(self, socket: Socket, ack_id: int) -> None:
        """Waits no longer for an answer."""
        self.manager.forget(socket, ack_id)

    def rooms_in(self, namespace: str) -> list[str]:
        """The names of the rooms that somebody is in."""
        return [name for name in self.manager.rooms.get(namespace, {}) if name is not None]

    def enter(self, socket: Socket, *rooms: str) -> None:
        """Puts a socket into rooms, unless it has left them, or all of it, meanwhile."""
        if not socket.is_connected:
            return
        for room in rooms:
            if room not in socket.left:
                self.manager.join(socket, room)

    def exit(self, socket: Socket, *rooms: str) -> None:
        """Takes a socket out of rooms."""
        if socket.entering:
            # Its handler may be about to join what it read before it lost the right to it.
            socket.left |= {*rooms}
        for room in rooms:
            self.manager.leave(socket, room)

    # --- Sending away ---------------------------------------------------------------------------

    def drop(self, line: Line, fault: str = "", code: int = POLICY) -> None:
        """Ends a whole connection: what was sent before still leaves, nothing comes in or out after.

        `fault` says what its client did wrong, if it did; the client sees the WebSocket close with `code`.
        """
        if self.eio.close(line, code, fault):
            self.run(self.leave_all(line, self.reason.SERVER_DISCONNECT))

    async def leave_namespace(self, socket: Socket) -> None:
        """Sends a socket out of its namespace, once; its connection and other namespaces stay."""
        if socket.is_connected:
            socket.line.push(packet_frame(packet.DISCONNECT, None, namespace=socket.namespace))
            await self.leave(socket, self.reason.SERVER_DISCONNECT)

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Sends one client out of a namespace (default `/`)."""
        socket = self.manager.members(namespace or "/", None).get(sid)
        if socket is not None:
            await self.leave_namespace(socket)
