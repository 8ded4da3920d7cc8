"""The namespace `/admin`, which only staff enter: the live console."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple

from django.db import DatabaseError

from accounts.events import person_payload
from accounts.models import User
from chatproject.errors import DomainError, NotFound
from chatproject.sockets.channels import user_room
from chatproject.sockets.database import in_database
from chatproject.sockets.identity import django_session, require_staff
from chatproject.sockets.namespace import Middleware, write
from chatproject.sockets.socket import Socket
from rooms.events import channels, payloads, publications
from rooms.events.payloads import wire_time
from rooms.models import Room
from rooms.namespaces import payloads as commands
from rooms.namespaces.entrance import watch_as_staff
from rooms.namespaces.live_figures import INTERVAL, LiveFigures
from rooms.namespaces.locks import keys_of, take_locks
from rooms.namespaces.moderation import StaffModeration
from rooms.namespaces.present import account_payload, guest_payload, owner_of, present
from rooms.operations import announcing, console, people, reading, reports
from rooms.operations.standing import MODERATE, require_permission

log = logging.getLogger(__name__)

PAGE = 100  # sockets, people or rooms in one answer


class Rights(NamedTuple):
    """What those who are here may hear by now, and how many reports wait for them."""

    heard: dict[int, set[str]]  # channels, by the id of the person
    watched: set[tuple[int, int]]  # pairs of a person's and a room's id
    open_reports: int


class StaffNamespace(StaffModeration):
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

    async def on_watch_room(self, socket: Socket, payload: commands.WatchRoom) -> dict[str, Any]:
        if not payload.on:
            room_id = await in_database(_id_of, payload.room)
            self.server.exit(socket, channels.watchers_of(room_id))
            return {}
        room = await in_database(_may_watch, socket.user, payload.room)
        channel = channels.watchers_of(room.pk)
        if channel not in socket.joined:
            # Before the page is read, so that nothing falls between the two; and nobody reads unrecorded.
            self.server.enter(socket, channel)
            try:
                await self.server.writes.run(partial(console.watch_room, by=socket.user, room=room.pk))
            except Exception:
                self.server.exit(socket, channel)
                raise
        return await in_database(_watched, socket.user, room.pk)

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

    # --- Reports --------------------------------------------------------------------------------

    def on_list_reports(self, socket: Socket, payload: commands.ListReports) -> dict[str, Any]:
        cursor = int(payload.cursor) if payload.cursor and payload.cursor.isdecimal() else None
        found, following = reports.list_reports(by=socket.user, are_open=payload.open, cursor=cursor)
        return {
            "reports": [payloads.report_payload(report) for report in found],
            "next": str(following) if following else None,
        }

    @write
    def on_read_report(self, socket: Socket, payload: commands.OneReport) -> dict[str, Any]:
        found, messages = reports.read_report(by=socket.user, report=payload.report)
        return {
            "report": payloads.report_payload(found),
            "messages": [payloads.message_payload(message) for message in messages],
        }

    @write
    def on_resolve_report(self, socket: Socket, payload: commands.ResolveReport) -> dict[str, Any]:
        resolved = reports.resolve_report(by=socket.user, **payload.model_dump())
        return {"report": payloads.report_payload(resolved)}

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
        """Looks at what all who are here may hear by now; returns how many reports are open."""
        here = self.server.of(self.namespace).fetch_sockets()
        rights = await in_database(_rights, *_asked(here))
        for socket in here:
            self._apply(rights, socket)
        return rights.open_reports

    def _apply(self, rights: Rights, socket: Socket) -> None:
        """A permission is given and taken without a signal: who is here hears what they may by now."""
        heard = rights.heard.get(socket.user.pk, set())
        self.server.exit(socket, *((socket.joined & console.HEARD_WITH.keys()) - heard))
        self.server.enter(socket, *(heard - socket.joined))
        for room_id in _watched_by(socket):
            if (socket.user.pk, room_id) not in rights.watched:
                publications.not_watched(room_id, sid=socket.sid)

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


def _id_of(room: int | str) -> int:
    return Room.objects.named(room).values_list("pk", flat=True).first() or 0


def _may_watch(staff: User, room: int | str) -> Room:
    return console.find_as_staff(require_permission(staff, console.SEE), room)


def _watched(staff: User, room_id: int) -> dict[str, Any]:
    room = _may_watch(staff, room_id)
    messages = reading.newest_page(room).messages
    return {
        "room": payloads.room_payload(room),
        "messages": [payloads.message_payload(message) for message in messages],
    }


def _watched_by(socket: Socket) -> list[int]:
    return [channels.room_id(room) for room in socket.joined if channels.is_watched(room)]


def _asked(here: Sequence[Socket]) -> tuple[set[int], set[tuple[int, int]]]:
    staff = {socket.user.pk for socket in here}
    return staff, {(socket.user.pk, room_id) for socket in here for room_id in _watched_by(socket)}


def _rights(staff: set[int], watched: set[tuple[int, int]]) -> Rights:
    return Rights(console.channels_of(staff), console.may_be_watched(watched), reports.count_open())
