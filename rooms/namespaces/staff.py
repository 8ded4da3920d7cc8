"""The namespace `/admin`, which only staff enter: the live console."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic
from typing import Any, ClassVar

from django.db import DatabaseError
from django.utils import timezone

from accounts.events import person_payload
from accounts.models import User
from chatproject.errors import DomainError
from chatproject.sockets.database import in_database
from chatproject.sockets.identity import django_session, require_staff
from chatproject.sockets.namespace import Middleware, Namespace, write
from chatproject.sockets.socket import Socket
from rooms.events import channels, payloads, publications
from rooms.events.payloads import wire_time
from rooms.models import Room
from rooms.namespaces import payloads as commands
from rooms.namespaces.entrance import watch_as_staff
from rooms.operations import console
from rooms.operations.standing import require_permission

log = logging.getLogger(__name__)

STATS_INTERVAL = 2  # seconds
PAGE = 100  # sockets or rooms in one answer


class StaffNamespace(Namespace):
    """Commands of the staff. Each looks the permission up anew: it may have been taken away since."""

    middlewares: ClassVar[Sequence[Middleware]] = [django_session, require_staff, watch_as_staff]

    async def on_start(self) -> None:
        self._ticker = asyncio.ensure_future(self._tick())

    async def on_stop(self) -> None:
        self._ticker.cancel()

    def on_refused(self, socket: Socket, error: DomainError) -> None:
        person = socket.user if isinstance(socket.user, User) else None
        publications.activity("refused", person=person, detail=error.code)

    async def on_overview(self, socket: Socket, payload: commands.Nothing) -> dict[str, Any]:
        await in_database(require_permission, socket.user, console.SEE)
        return await self._stats()

    async def on_list_sockets(self, socket: Socket, payload: commands.ListSockets) -> dict[str, Any]:
        await in_database(require_permission, socket.user, console.SEE)
        found = [
            other
            for other in self.server.of("/").fetch_sockets()
            if payload.user in (None, other.user.id) and other.sid > (payload.cursor or "")
        ]
        found.sort(key=lambda other: other.sid)
        page = found[:PAGE]
        return {
            "sockets": [_socket_payload(other) for other in page],
            "next": page[-1].sid if len(found) > PAGE else None,
        }

    async def on_list_rooms(self, socket: Socket, payload: commands.ListRooms) -> dict[str, Any]:
        found, following = await in_database(_list_rooms, socket, payload)
        for room in found:
            room["online"] = self._online_in(room["id"])
        return {"rooms": found, "next": following}

    @write
    def on_announce(self, socket: Socket, payload: commands.Announce) -> dict[str, Any]:
        console.announce(staff=socket.user, **payload.model_dump())
        return {}

    @write
    def on_disconnect_user(self, socket: Socket, payload: commands.DisconnectUser) -> dict[str, Any]:
        console.disconnect_user(staff=socket.user, **payload.model_dump())
        return {}

    async def _tick(self) -> None:
        """Tells the staff who watch how things are; does nothing while nobody watches."""
        while True:
            await asyncio.sleep(STATS_INTERVAL)
            if not self._watching():
                continue
            try:
                await self._send_away()
            except DatabaseError:
                log.warning("stats not sent: the database does not answer")
            else:
                publications.stats(await self._stats())

    async def _send_away(self) -> None:
        """Who may not see the console any more hears nothing more; a permission is lost without a signal."""
        watching = self._watching()
        allowed = await in_database(console.may_watch, {socket.user.pk for socket in watching})
        for socket in watching:
            if socket.user.pk not in allowed:
                socket.leave(channels.STAFF)

    def _watching(self) -> list[Socket]:
        return self.server.of(self.namespace).to(channels.STAFF).fetch_sockets()

    async def _stats(self) -> dict[str, Any]:
        sockets = self.server.of("/").fetch_sockets()
        people = {socket.user.id for socket in sockets} - {None}
        journal = self.server.journal
        posted = journal.events.get("post_message")
        return {
            "at": wire_time(timezone.now()),
            "people": len(people),
            "guests": sum(socket.user.id is None for socket in sockets),
            "sockets": len(sockets),
            "rooms": self._rooms_heard(),
            "messages_per_second": posted.per_second() if posted else 0,
            "events_per_second": journal.all_events.per_second(),
            "errors": journal.counts["errors"],
            "refusals": journal.counts["refusals"],
            "uptime": int(monotonic() - journal.started),
        }

    def _rooms_heard(self) -> int:
        """How many rooms somebody hears now."""
        names = self.server.rooms_in("/")
        return len({channels.room_id(name) for name in names if channels.is_shared(name)})

    def _online_in(self, room_id: int) -> int:
        """How many people and guests hear a room now."""
        sockets = self.server.of("/").to(*channels.everybody_in(room_id)).fetch_sockets()
        return len({socket.user.id or socket.user for socket in sockets})


def _socket_payload(socket: Socket) -> dict[str, Any]:
    return {
        "sid": socket.sid,
        "user": person_payload(socket.user) if socket.user.name else None,
        "address": socket.address,
        "agent": socket.agent,
        "transport": socket.line.transport,
        "since": wire_time(socket.since),
        # Not the name of the session's room: what is not needed does not leave the server.
        "rooms": [room for room in socket.rooms if not room.startswith("session:")],
    }


def _list_rooms(socket: Socket, payload: commands.ListRooms) -> tuple[list[dict[str, Any]], str | None]:
    require_permission(socket.user, console.SEE)
    rooms = Room.objects.filter(name__icontains=payload.query).order_by("pk")
    if payload.cursor:
        rooms = rooms.filter(pk__gt=int(payload.cursor) if payload.cursor.isdecimal() else 0)
    found = list(rooms.with_member_count()[: PAGE + 1])
    page = [{**payloads.room_payload(room), "messages": room.last_seq} for room in found[:PAGE]]
    return page, str(found[PAGE - 1].pk) if len(found) > PAGE else None
