"""Commands of those who keep order: in rooms, and everywhere."""

from __future__ import annotations

from functools import partial
from typing import Any

from accounts.models import User
from chatproject.errors import Invalid, NotFound
from chatproject.sockets.database import in_database
from chatproject.sockets.namespace import Namespace, write
from chatproject.sockets.socket import Socket
from rooms.events.payloads import sanction_payload
from rooms.models import Sanction
from rooms.namespaces import payloads as commands
from rooms.operations import sanctions
from rooms.operations.standing import BAN, require_permission


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


class StaffModeration(Namespace):
    """In `/admin`: the same everywhere, and more."""

    @write
    def on_mute_user(self, socket: Socket, payload: commands.MuteUser) -> dict[str, Any]:
        return _sanction(sanctions.mute_user(by=socket.user, **payload.model_dump()))

    @write
    def on_ban_user(self, socket: Socket, payload: commands.BanUser) -> dict[str, Any]:
        return _sanction(sanctions.ban_user(by=socket.user, **payload.model_dump()))

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
        sanctions.lift(by=socket.user, **payload.model_dump())
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


def _sanction(sanction: Sanction) -> dict[str, Any]:
    return {"sanction": sanction_payload(sanction)}
