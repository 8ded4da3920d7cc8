"""Commands of those who keep order: in rooms, and everywhere."""

from __future__ import annotations

from functools import partial
from typing import Any

from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Invalid, NotFound
from chatproject.sockets.database import in_database
from chatproject.sockets.namespace import Namespace, write
from chatproject.sockets.socket import Socket
from rooms.events.cases import sanction_payload
from rooms.events.payloads import message_payload, room_payload
from rooms.models import Deletion, Room, Sanction
from rooms.namespaces import payloads as commands
from rooms.operations import deleting, memberships, rooms, sanctions
from rooms.operations.standing import BAN, MODERATE, require_permission
from rooms.operations.texts import checked_reason


class ChatModeration(Namespace):
    """In `/`: what owners and moderators do in their rooms, and staff who moderate in all."""

    @write
    def on_mute_user(self, socket: Socket, payload: commands.SanctionInRoom) -> dict[str, Any]:
        return _sanction(sanctions.mute_user(by=socket.user, **payload.model_dump()))

    @write
    def on_ban_user(self, socket: Socket, payload: commands.SanctionInRoom) -> dict[str, Any]:
        return _sanction(sanctions.ban_user(by=socket.user, **payload.model_dump()))

    @write
    def on_lift(self, socket: Socket, payload: commands.OneSanction) -> dict[str, Any]:
        sanctions.lift(by=socket.user, **payload.model_dump())
        return {}

    def on_list_sanctions(self, socket: Socket, payload: commands.OneRoom) -> dict[str, Any]:
        found = sanctions.list_sanctions_in(by=socket.user, room=payload.room)
        return {"sanctions": [sanction_payload(sanction) for sanction in found]}

    @write
    def on_delete_message(self, socket: Socket, payload: commands.DeleteMessage) -> dict[str, Any]:
        return _delete_message(socket.user, payload)

    @write
    def on_delete_messages(self, socket: Socket, payload: commands.DeleteMessages) -> dict[str, Any]:
        return _delete_messages(socket.user, payload)

    @write
    def on_undo_deletion(self, socket: Socket, payload: commands.UndoDeletion) -> dict[str, Any]:
        return {"count": deleting.undo_deletion(by=socket.user, deletion=payload.deletion)}


class StaffModeration(Namespace):
    """In `/admin`: the same everywhere, and more."""

    @write
    def on_delete_message(self, socket: Socket, payload: commands.DeleteMessage) -> dict[str, Any]:
        return _delete_message(_moderator(socket), payload)

    @write
    def on_delete_messages(self, socket: Socket, payload: commands.DeleteMessages) -> dict[str, Any]:
        return _delete_messages(_moderator(socket), payload)

    @write
    def on_undo_deletion(self, socket: Socket, payload: commands.UndoDeletion) -> dict[str, Any]:
        return {"count": deleting.undo_deletion(by=_moderator(socket), deletion=payload.deletion)}

    @write
    def on_remove_member(self, socket: Socket, payload: commands.StaffRemoveMember) -> dict[str, Any]:
        by, reason = _moderator(socket), checked_reason(payload.reason)
        memberships.remove_member(person=by, room=payload.room, user=payload.user, reason=reason)
        return {}

    @write
    def on_archive_room(self, socket: Socket, payload: commands.ArchiveRoom) -> dict[str, Any]:
        return _room(rooms.update_room(person=_moderator(socket), **payload.model_dump()))

    @write
    def on_update_room(self, socket: Socket, payload: commands.StaffUpdateRoom) -> dict[str, Any]:
        changes = payload.model_dump(exclude_none=True)
        return _room(rooms.update_room(person=_moderator(socket), **changes))

    @write
    def on_clear_room(self, socket: Socket, payload: commands.OneRoom) -> dict[str, Any]:
        return _room(memberships.clear_room(by=_moderator(socket), room=payload.room))

    @write
    def on_mute_user(self, socket: Socket, payload: commands.MuteUser) -> dict[str, Any]:
        return _sanction(sanctions.mute_user(by=_moderator_of(socket, payload.room), **payload.model_dump()))

    @write
    def on_ban_user(self, socket: Socket, payload: commands.BanUser) -> dict[str, Any]:
        return _sanction(sanctions.ban_user(by=_moderator_of(socket, payload.room), **payload.model_dump()))

    async def on_ban_guest(self, socket: Socket, payload: commands.BanGuest) -> dict[str, Any]:
        # On the loop, which alone knows whose sockets are there.
        await in_database(require_permission, socket.user, BAN)
        guest = self.server.manager.members("/", None).get(payload.sid)
        if guest is None:
            raise NotFound("This guest has gone.")
        if isinstance(guest.user, User):
            raise Invalid({"sid": "This is no guest."})
        ban = partial(
            sanctions.ban_guest,
            by=socket.user,
            name=guest.user.name,
            network=guest.network,
            until=payload.until,
            reason=payload.reason,
        )
        return _sanction(await self.server.writes.run(ban))

    @write
    def on_lift(self, socket: Socket, payload: commands.OneSanction) -> dict[str, Any]:
        found = Sanction.objects.filter(pk=payload.sanction)
        room_id = found.values_list("room_id", flat=True).first()
        sanctions.lift(by=_moderator_of(socket, room_id), **payload.model_dump())
        return {}

    def on_list_sanctions(self, socket: Socket, payload: commands.ListSanctions) -> dict[str, Any]:
        cursor = payload.cursor or ""
        found, following = sanctions.list_sanctions(
            by=socket.user,
            user=payload.user,
            active=payload.active,
            cursor=int(cursor) if cursor.isdecimal() else None,
        )
        return {
            "sanctions": [sanction_payload(sanction) for sanction in found],
            "next": str(following) if following else None,
        }


def _moderator(socket: Socket) -> User:
    """Who owns a room may act in it from the chat; the console takes the permission."""
    return require_permission(socket.user, MODERATE)


def _moderator_of(socket: Socket, room: int | str | None) -> User:
    """The same for what may be about one room; what holds everywhere has permissions of its own."""
    return socket.user if room is None else _moderator(socket)


def _delete_message(person: Person, payload: commands.DeleteMessage) -> dict[str, Any]:
    message, deletion = deleting.delete_message(person=person, **payload.model_dump())
    return {"message": message_payload(message), "deletion": _id(deletion)}


def _delete_messages(by: Person, payload: commands.DeleteMessages) -> dict[str, Any]:
    deletion, count = deleting.delete_messages(by=by, **payload.model_dump())
    return {"deletion": _id(deletion), "count": count}


def _id(deletion: Deletion | None) -> int | None:
    return deletion.pk if deletion else None


def _room(room: Room) -> dict[str, Any]:
    return {"room": room_payload(room)}


def _sanction(sanction: Sanction) -> dict[str, Any]:
    return {"sanction": sanction_payload(sanction)}
