"""Who is there: online while at least one socket is open, offline a little after the last one has gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from accounts.models import User
from chatproject.sockets.channels import user_room
from rooms.events import channels, publications

if TYPE_CHECKING:
    from chatproject.sockets.server import Server
    from chatproject.sockets.socket import Socket

GRACE = 5  # seconds; a page that is loaded again is back in less


class Presence:
    """Tells the people who share a room with somebody that they came or went."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._here: set[int] = set()  # ids of the people who were said to be online
        self._leaving: dict[int, asyncio.TimerHandle] = {}

    def arrived(self, socket: Socket) -> None:
        """A person's socket has entered, and is in its rooms."""
        person = socket.user
        if not isinstance(person, User) or not self._sockets(person.id):
            return
        if waiting := self._leaving.pop(person.id, None):
            waiting.cancel()
        # Not by counting sockets: after a restart all of a person's tabs come in the same moment.
        if person.id not in self._here:
            self._here.add(person.id)
            self._tell(person, socket.rooms, "online")

    def left(self, socket: Socket) -> None:
        """A person's socket is gone; its rooms can still be read."""
        person = socket.user
        if not isinstance(person, User) or person.id not in self._here or person.id in self._leaving:
            return
        if not self._sockets(person.id):
            loop = asyncio.get_running_loop()
            self._leaving[person.id] = loop.call_later(GRACE, self._gone, person, socket.rooms)

    def online_in(self, room_id: int) -> list[int]:
        """The ids of the people who belong to a room, or have it open, and are there."""
        target = self._server.of("/").to(channels.members_of(room_id), channels.readers_of(room_id))
        return sorted({socket.user.id for socket in target.fetch_sockets()})

    def stop(self) -> None:
        """Nobody is told any more."""
        for waiting in self._leaving.values():
            waiting.cancel()
        self._leaving.clear()

    def _gone(self, person: User, rooms: list[str]) -> None:
        self._leaving.pop(person.id, None)
        if not self._sockets(person.id):
            self._here.discard(person.id)
            self._tell(person, rooms, "offline")

    def _sockets(self, user_id: int) -> list[Socket]:
        return self._server.of("/").to(user_room(user_id)).fetch_sockets()

    def _tell(self, person: User, rooms: list[str], state: str) -> None:
        shared = {channels.room_id(room) for room in rooms if channels.is_shared(room)}
        heard_in = [channel for room_id in sorted(shared) for channel in channels.everybody_in(room_id)]
        publications.presence_changed(person, state=state, to=heard_in)
