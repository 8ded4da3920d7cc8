"""Reading a room live from the console, without being in it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, TypeAlias

from accounts.models import User
from chatproject.sockets.database import in_database
from chatproject.sockets.namespace import Namespace
from chatproject.sockets.socket import Socket
from rooms.events import channels, payloads, publications
from rooms.models import Room
from rooms.namespaces import payloads as commands
from rooms.operations import console, reading
from rooms.operations.standing import require_permission

Watch: TypeAlias = tuple[int, int]  # the ids of a staff person and of a room


class StaffWatching(Namespace):
    """In `/admin`: a socket that watches a room is in a Socket.IO room of its own there."""

    async def on_watch_room(self, socket: Socket, payload: commands.WatchRoom) -> dict[str, Any]:
        if not payload.on:
            room_id = await in_database(_id_of, payload.room)
            self.server.exit(socket, channels.watchers_of(room_id))
            return {}
        room = await in_database(_find, socket.user, payload.room)
        channel = channels.watchers_of(room.pk)
        if channel not in socket.joined:
            # Before the page is read, so that nothing falls between the two; and nobody reads unrecorded.
            self.server.enter(socket, channel)
            try:
                await self.server.writes.run(partial(console.watch_room, by=socket.user, room=room.pk))
            except Exception:
                self.server.exit(socket, channel)
                raise
        return await in_database(_read, socket.user, room.pk)


def watched_by(sockets: Iterable[Socket]) -> set[Watch]:
    """Who of those whose sockets these are watches which rooms."""
    return {(socket.user.pk, room_id) for socket in sockets for room_id in _rooms_of(socket)}


def end_watches(sockets: Iterable[Socket], ended: set[Watch]) -> None:
    """Tells those that may not watch a room any more, and takes them out."""
    for socket in sockets:
        for room_id in _rooms_of(socket):
            if (socket.user.pk, room_id) in ended:
                publications.not_watched(room_id, sid=socket.sid)


def _rooms_of(socket: Socket) -> list[int]:
    return [channels.room_id(room) for room in socket.joined if channels.is_watched(room)]


def _id_of(room: int | str) -> int:
    return Room.objects.named(room).values_list("pk", flat=True).first() or 0


def _find(staff: User, room: int | str) -> Room:
    return console.find_as_staff(require_permission(staff, console.SEE), room)


def _read(staff: User, room_id: int) -> dict[str, Any]:
    room = _find(staff, room_id)
    messages = reading.newest_page(room).messages
    return {
        "room": payloads.room_payload(room),
        "messages": [payloads.message_payload(message) for message in messages],
    }
