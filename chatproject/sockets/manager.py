"""Who is in which room of which namespace, and how one event reaches all who are.

It takes the place of python-socketio's manager in memory, and stands below those over a broker:
`class OverRedis(socketio.AsyncRedisManager, FanOutManager)` hands what it hears to `emit` here. The tables of
the original only know the way from a room to its sockets, and it makes a task for each recipient.

Besides `protocol.py` it is the only module that reaches into python-socketio: into its manager's tables, and
how it waits for answers. `tests/sockets/test_versions.py` fails when a new version moves them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import socketio

from chatproject.sockets.roomevents import RoomEvents

if TYPE_CHECKING:
    from chatproject.sockets.namespace import Namespace
    from chatproject.sockets.server import Server
    from chatproject.sockets.socket import Socket

Members = dict[str, "Socket"]  # by sid
EMPTY: Members = {}


class FanOutManager(socketio.AsyncManager):
    """Keeps `rooms[namespace][room][sid] = socket`, and in each socket the names of its rooms.

    The room None of a namespace holds everybody in it. A socket's own sid is a room too, without a table.
    """

    server: Server
    rooms: dict[str, dict[str | None, Members]]
    callbacks: dict[str, dict[int, Any]]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.room_events = RoomEvents()
        self.changes = 0  # of the tables, so far

    # --- Tables ---------------------------------------------------------------------------------

    def admit(self, socket: Socket) -> None:
        """Lets a socket into its namespace."""
        self.changes += 1
        self.rooms.setdefault(socket.namespace, {}).setdefault(None, {})[socket.sid] = socket

    def dismiss(self, socket: Socket) -> None:
        """Takes a socket out of its namespace: nothing reaches it any more. It still knows its rooms."""
        for room in socket.rooms:
            self._take_out(socket, room)
        self._take_out(socket, None)
        self.room_events.tell()

    def join(self, socket: Socket, room: str) -> None:
        """Puts a socket into a room. Raises `ValueError` for the room that is another socket's own."""
        if room in self.rooms[socket.namespace][None]:
            raise ValueError("cannot enter a sid room")
        if room in socket.joined:
            return
        self.changes += 1
        socket.joined.add(room)
        members = self.rooms[socket.namespace].setdefault(room, {})
        members[socket.sid] = socket
        if listener := self._listener(socket):
            self.room_events.joined(listener, socket, room, created=len(members) == 1)
            self.room_events.tell()

    def leave(self, socket: Socket, room: str) -> None:
        """Takes a socket out of a room, if it is in it."""
        socket.joined.discard(room)
        self._take_out(socket, room)
        self.room_events.tell()

    def members(self, namespace: str, room: str | None) -> Members:
        """The sockets in a room, by sid; all of the namespace for None. Not to be changed."""
        rooms = self.rooms.get(namespace, {})
        found = rooms.get(room)
        if found is not None:
            return found
        own = rooms.get(None, EMPTY).get(room or "")
        return {own.sid: own} if own else EMPTY

    def union(self, namespace: str, rooms: Iterable[str] | None) -> Members:
        """The sockets in any of `rooms`, each once, as a new table; all of the namespace for None."""
        chosen: Members = {}
        for room in (None,) if rooms is None else rooms:
            chosen.update(self.members(namespace, room))
        return chosen

    def _take_out(self, socket: Socket, room: str | None) -> None:
        self.changes += 1
        rooms = self.rooms.get(socket.namespace, {})
        members = rooms.get(room, {})
        was_in = members.pop(socket.sid, None)
        if not members:
            rooms.pop(room, None)
        if not rooms:
            self.rooms.pop(socket.namespace, None)
        if was_in and room is not None and (listener := self._listener(socket)):
            self.room_events.left(listener, socket, room, deleted=not members)

    def _listener(self, socket: Socket) -> Namespace | None:
        namespace: Namespace | None = self.server.namespace_handlers.get(socket.namespace)
        return namespace if namespace and namespace.hears_rooms else None

    # --- Answers --------------------------------------------------------------------------------

    def ask(self, socket: Socket, callback: Callable[..., object]) -> int:
        """The id for an event whose answer goes to `callback`, which may be told by a method `gone`."""
        ack_id: int = self._generate_ack_id(socket.sid, callback)
        return ack_id

    def awaits(self, socket: Socket, ack_id: int | None) -> bool:
        """Whether somebody waits for an answer."""
        return ack_id in self.callbacks.get(socket.sid, {})

    async def answered(self, socket: Socket, ack_id: int | None, answer: Any) -> None:
        """Hands on an answer; one that nobody waits for is let go."""
        await self.trigger_callback(socket.sid, ack_id, answer)

    def forget(self, socket: Socket, ack_id: int) -> None:
        """Waits no longer for an answer; a client that never answers leaves nothing behind."""
        self.callbacks.get(socket.sid, {}).pop(ack_id, None)

    def forget_all(self, socket: Socket) -> None:
        """Waits no longer for a socket that has gone, and tells who does."""
        for callback in self.callbacks.pop(socket.sid, {}).values():
            if hasattr(callback, "gone"):
                callback.gone()

    # --- The same under the names that python-socketio calls ------------------------------------

    async def emit(  # noqa: PLR0917 - called by position
        self,
        event: str,
        data: Any,
        namespace: str,
        room: str | Iterable[str] | None = None,
        skip_sid: str | Iterable[str] | None = None,
        callback: Any = None,
        to: str | Iterable[str] | None = None,
        **options: Any,
    ) -> None:
        """Sends an event to the sockets of this process in a room or rooms, or in the whole namespace."""
        rooms = to or room
        chosen = self.union(namespace, None if rooms is None else _names(rooms))
        for sid in _names(skip_sid):
            chosen.pop(sid, None)
        if callback is None:
            self.server.deliver(chosen.values(), namespace, event, data)
            return
        for socket in chosen.values():
            self.server.deliver_for_ack(socket, event, data, callback)

    def get_participants(self, namespace: str, room: str | Iterable[str] | None) -> Iterator[tuple[str, str]]:
        chosen = self.union(namespace, None if room is None else _names(room))
        yield from [(sid, socket.line.sid) for sid, socket in chosen.items()]

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        socket = self.members(namespace, None).get(sid)
        return [sid, *sorted(socket.joined)] if socket else []

    def is_connected(self, sid: str, namespace: str) -> bool:
        return sid in self.members(namespace, None)

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        socket = self.members(namespace, None).get(sid)
        return socket.line.sid if socket else None

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        line = self.server.eio.lines.get(eio_sid)
        socket = line.sockets.get(namespace) if line else None
        return socket.sid if socket else None

    def basic_enter_room(self, sid: str, namespace: str, room: str, eio_sid: str | None = None) -> None:
        if (socket := self.members(namespace, None).get(sid)) is not None:
            self.server.enter(socket, room)

    def basic_leave_room(self, sid: str, namespace: str, room: str) -> None:
        if (socket := self.members(namespace, None).get(sid)) is not None:
            self.server.exit(socket, room)

    def basic_close_room(self, room: str, namespace: str) -> None:
        for socket in list(self.members(namespace, room).values()):
            self.server.exit(socket, room)


def _names(given: str | Iterable[str] | None) -> list[str]:
    return [] if given is None else [given] if isinstance(given, str) else list(given)
