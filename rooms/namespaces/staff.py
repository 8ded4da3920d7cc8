"""The namespace `/admin`, which only staff enter: the live console."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from django.db import DatabaseError

from accounts.events import person_payload, wire_time
from accounts.models import User
from chatproject.errors import DomainError, NotFound
from chatproject.sockets.channels import user_room
from chatproject.sockets.database import in_database
from chatproject.sockets.identity import django_session, require_staff
from chatproject.sockets.namespace import Middleware, write
from chatproject.sockets.socket import Socket
from rooms.events import channels, payloads, publications
from rooms.namespaces import payloads as commands
from rooms.namespaces.entrance import watch_as_staff
from rooms.namespaces.live_figures import INTERVAL, LiveFigures
from rooms.namespaces.locks import keys_of, take_locks
from rooms.namespaces.moderation import StaffModeration
from rooms.namespaces.present import account_payload, guest_payload, owner_of, present
from rooms.namespaces.reporting import StaffReports
from rooms.namespaces.watching import StaffWatching, Watch, end_watches, watched_by
from rooms.operations import announcing, console, people, reports
from rooms.operations.standing import MODERATE, require_permission

log = logging.getLogger(__name__)

PAGE = 100  # sockets, people or rooms in one answer


class Rights(NamedTuple):
    """What those who are here may hear by now, and how many reports wait for them."""

    heard: dict[int, set[str]]  # channels, by the id of the person
    ended: set[Watch]  # what they watch, and may not any more
    open_reports: int


class StaffNamespace(StaffModeration, StaffReports, StaffWatching):
    """Commands of the staff. Each looks the permission up anew: it may have been taken away since."""

    middlewares: ClassVar[Sequence[Middleware]] = [django_session, require_staff, watch_as_staff]
    figures: LiveFigures

    async def on_start(self) -> None:
        self.figures = LiveFigures(self.server)
        self._ticker = asyncio.ensure_future(self._tick())

    async def on_stop(self) -> None:
        self._ticker.cancel()

    def on_refused(self, socket: Socket, error: DomainError) -> None:
        person = socket.user if isinstance(socket.user, User) else None
        publications.activity("refused", person=person, detail=error.code)

    lock_keys = staticmethod(keys_of)
    lock = staticmethod(take_locks)

    # --- Looking --------------------------------------------------------------------------------

    async def on_overview(self, socket: Socket, payload: commands.Nothing) -> dict[str, Any]:
        open_reports = await in_database(_open_reports, socket.user)
        return {**self.figures.now(), "open_reports": open_reports, "history": self.figures.history}

    async def on_list_people(self, socket: Socket, payload: commands.ListPeople) -> dict[str, Any]:
        if payload.user is not None:
            return await self._list_one(socket.user, payload.user)
        listed = self._list_present if payload.online else self._search
        return await listed(socket.user, payload)

    async def _list_one(self, staff: User, user: int) -> dict[str, Any]:
        known = await in_database(people.known, by=staff, users=[user])
        sockets = self.server.of("/").to(user_room(user)).fetch_sockets()
        return {"people": [account_payload(one, sockets) for one in known.values()], "next": None}

    async def _list_present(self, staff: User, payload: commands.ListPeople) -> dict[str, Any]:
        here = present(self.server.of("/").fetch_sockets(), payload.query)
        page = [one for one in here if one.place > (payload.cursor or "")][: PAGE + 1]
        page, following = page[:PAGE], page[PAGE - 1].place if len(page) > PAGE else None
        accounts = {one.person.id for one in page if one.person.id is not None}
        known = await in_database(people.known, by=staff, users=accounts)
        return {
            "people": [
                account_payload(known[one.person.id], one.sockets) if one.person.id else guest_payload(one)
                for one in page
                if not one.person.id or one.person.id in known
            ],
            "next": following,
        }

    async def _search(self, staff: User, payload: commands.ListPeople) -> dict[str, Any]:
        found, following = await in_database(
            people.search, by=staff, query=payload.query, cursor=payload.cursor
        )
        target = self.server.of("/")
        return {
            "people": [
                account_payload(one, target.to(user_room(one.user.pk)).fetch_sockets()) for one in found
            ],
            "next": following,
        }

    async def on_list_sockets(self, socket: Socket, payload: commands.ListSockets) -> dict[str, Any]:
        await in_database(require_permission, socket.user, console.SEE)
        everybody = self.server.of("/").fetch_sockets()
        # A guest has no id: whose sockets are asked for is said by one of them.
        owners = {owner_of(other) for other in everybody if other.sid == payload.sid}
        found = [
            other
            for other in everybody
            if payload.user in (None, other.user.id)
            and (payload.sid is None or owner_of(other) in owners)
            and other.sid > (payload.cursor or "")
        ]
        found.sort(key=lambda other: other.sid)
        page = found[:PAGE]
        return {
            "sockets": [_socket_payload(other) for other in page],
            "next": page[-1].sid if len(found) > PAGE else None,
        }

    async def on_list_rooms(self, socket: Socket, payload: commands.ListRooms) -> dict[str, Any]:
        listed = await in_database(_list_rooms, socket.user, payload)
        for room in listed["rooms"]:
            room["online"] = self._online_in(room["id"])
        return listed

    # --- Acting ---------------------------------------------------------------------------------

    @write
    def on_announce(self, socket: Socket, payload: commands.Announce) -> dict[str, Any]:
        announcing.announce(by=socket.user, **payload.model_dump())
        return {}

    @write
    def on_disconnect_user(self, socket: Socket, payload: commands.DisconnectUser) -> dict[str, Any]:
        console.disconnect_user(by=socket.user, **payload.model_dump())
        return {}

    @write
    def on_disconnect_socket(self, socket: Socket, payload: commands.DisconnectSocket) -> dict[str, Any]:
        # By its own id only: another room's name would be everybody in it.
        other = self.server.manager.members("/", None).get(payload.sid)
        if other is None:
            require_permission(socket.user, MODERATE)
            raise NotFound("This connection is closed already.")
        console.disconnect_socket(
            by=socket.user,
            sid=other.sid,
            user=other.user if isinstance(other.user, User) else None,
            name=other.user.name,
            address=other.address,
        )
        return {}

    # --- Every two seconds ----------------------------------------------------------------------

    async def _tick(self) -> None:
        """Keeps the figures, and tells the staff who watch; asks the database only while staff are here."""
        while True:
            await asyncio.sleep(INTERVAL)
            figures = self.figures.sample()
            if not self.server.of(self.namespace).fetch_sockets():
                continue
            try:
                open_reports = await self.look_again()
            except DatabaseError:
                log.warning("stats not sent: the database does not answer")
            else:
                publications.stats({**figures, "open_reports": open_reports})

    async def look_again(self) -> int:
        """Looks at what all who are here may hear by now; returns how many reports are open.

        A permission is given and taken without a signal.
        """
        here = self.server.of(self.namespace).fetch_sockets()
        staff = {socket.user.pk for socket in here}
        rights = await in_database(_rights, staff, watched_by(here))
        for socket in here:
            heard = rights.heard[socket.user.pk]
            self.server.exit(socket, *((socket.joined & console.HEARD_WITH.keys()) - heard))
            self.server.enter(socket, *(heard - socket.joined))
        end_watches(here, rights.ended)
        return rights.open_reports

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


def _open_reports(staff: User) -> int:
    require_permission(staff, console.SEE)
    return reports.count_open()


def _list_rooms(staff: User, payload: commands.ListRooms) -> dict[str, Any]:
    cursor = int(payload.cursor) if payload.cursor and payload.cursor.isdecimal() else 0
    found, following = console.list_rooms(by=staff, query=payload.query, room=payload.room, cursor=cursor)
    return {
        "rooms": [
            {
                **payloads.room_payload(room),
                "messages": room.last_seq,
                "messages_per_minute": messages_per_minute,
            }
            for room, messages_per_minute in found
        ],
        "next": str(following) if following else None,
    }


def _rights(staff: set[int], watched: set[Watch]) -> Rights:
    ended = watched - console.may_be_watched(watched)
    return Rights(console.channels_of(staff), ended, reports.count_open())
