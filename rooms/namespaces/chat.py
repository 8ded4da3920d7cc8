"""The namespace `/`, where everybody talks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from django.conf import settings

from chatproject.sockets.database import in_database
from chatproject.sockets.identity import django_session
from chatproject.sockets.limits import Rate
from chatproject.sockets.namespace import Middleware, write, write_together
from chatproject.sockets.socket import Socket
from rooms.events import channels, payloads, publications
from rooms.markup import is_plain
from rooms.models import Membership, Message, Room
from rooms.models.restraint import Restraint, restraints_of
from rooms.namespaces import payloads as commands
from rooms.namespaces.entrance import admit_people
from rooms.namespaces.locks import keys_of, take_locks
from rooms.namespaces.moderation import ChatModeration
from rooms.namespaces.presence import Presence
from rooms.namespaces.reporting import ChatReports
from rooms.operations import changing, memberships, messages, reading, rooms
from rooms.operations.access import Place, find
from rooms.operations.catching_up import changes_since
from rooms.operations.changing import Edit, edit_messages
from rooms.operations.marking import Reading, mark_reads
from rooms.operations.posting import Post, Text, post_messages, text_of
from rooms.operations.revisions import read_revisions


def _message(message: Message) -> dict[str, Any]:
    return {"message": payloads.message_payload(message)}


class ChatNamespace(ChatModeration, ChatReports):
    """Commands of the conversation. Who asks is the socket's person, never something in a payload."""

    middlewares: ClassVar[Sequence[Middleware]] = [django_session, admit_people]
    presence: Presence

    async def on_start(self) -> None:
        self.presence = Presence(self.server)

    async def on_stop(self) -> None:
        self.presence.stop()

    async def on_connect(self, socket: Socket) -> None:
        own, missing = await self._rooms_of(socket)
        if missing:
            join = partial(memberships.join_rooms_for_everyone, person=socket.user)
            joined = await self.server.writes.run(join, lock=self.lock, keys=missing)
            own += [membership.room_id for membership in joined]
        self.server.enter(socket, *map(channels.members_of, own))
        self.presence.arrived(socket)
        publications.activity("connected", person=socket.user)

    async def on_disconnect(self, socket: Socket, reason: str) -> None:
        self.presence.left(socket)
        publications.activity("disconnected", person=socket.user, detail=reason)

    async def _rooms_of(self, socket: Socket) -> memberships.Places:
        if not socket.user.is_authenticated:
            return memberships.Places([], [])
        return await self.server.gathered(memberships.places_of, socket.user.id)

    lock_keys = staticmethod(keys_of)
    lock = staticmethod(take_locks)

    def limited_commands(self) -> Iterable[tuple[Rate | None, Collection[str]]]:
        # Each reaction tells the whole room the whole message.
        return [
            (settings.MESSAGE_RATE, ("post_message", "edit_message")),
            (settings.MESSAGE_RATE, ("react",)),
            (settings.MESSAGE_RATE, ("report_message",)),
        ]

    def most_sockets(self, socket: Socket) -> int:
        limit = settings.SOCKETS_PER_PERSON if socket.user.is_authenticated else settings.GUESTS_PER_ADDRESS
        return int(limit)

    # --- Reading --------------------------------------------------------------------------------

    def on_sync(self, socket: Socket, payload: commands.Sync) -> dict[str, Any]:
        places = reading.list_rooms(socket.user, payload.rooms)
        restraints = restraints_of(socket.user, places)
        changes = changes_since(places, payload.rooms)
        return {
            "user": payloads.personal_payload(socket.user),
            "rooms": [_own(place, socket, restraints[place.room.pk]) for place in places],
            "changes": {
                str(room_id): {**changed._asdict(), "messages": _messages(changed.messages)}
                for room_id, changed in changes.items()
            },
        }

    async def on_open_room(self, socket: Socket, payload: commands.OneRoom) -> dict[str, Any]:
        place = await in_database(find, socket.user, payload.room)
        channel = _reading_channel(place, socket)
        if channel:
            # Before the page is read, so that nothing falls between the two.
            self.server.enter(socket, channel)
        try:
            opened = await in_database(_open, socket, place.room.pk)
        except Exception:
            self.server.exit(socket, channel or channels.readers_of(place.room.pk))
            raise
        return {**opened, "online": self.presence.online_in(place.room.pk)}

    async def on_close_room(self, socket: Socket, payload: commands.OneRoom) -> dict[str, Any]:
        place = await in_database(find, socket.user, payload.room)
        self.server.exit(socket, channels.readers_of(place.room.pk), channels.guests_of(place.room.pk))
        return {}

    def on_read_history(self, socket: Socket, payload: commands.ReadHistory) -> dict[str, Any]:
        page = reading.read_history(person=socket.user, **payload.model_dump())
        return {"messages": _messages(page.messages), "has_more": page.has_more}

    @write_together(mark_reads, answer=lambda read: {"unread": read.unread, "mentions": 0})
    async def on_mark_read(self, socket: Socket, payload: commands.MarkRead) -> Reading:
        return Reading(person=socket.user, room=payload.room, seq=payload.seq)

    # --- Talking --------------------------------------------------------------------------------

    @write_together(post_messages, answer=_message)
    async def on_post_message(self, socket: Socket, payload: commands.PostMessage) -> Post:
        return Post(
            person=socket.user,
            room=payload.room,
            client_id=payload.client_id,
            text=await _text(payload.body),
            reply_to=payload.reply_to,
        )

    @write_together(edit_messages, answer=_message)
    async def on_edit_message(self, socket: Socket, payload: commands.EditMessage) -> Edit:
        return Edit(person=socket.user, message=payload.message, text=await _text(payload.body))

    @write
    def on_react(self, socket: Socket, payload: commands.React) -> dict[str, Any]:
        return _message(changing.react(person=socket.user, **payload.model_dump()))

    def on_read_revisions(self, socket: Socket, payload: commands.OneMessage) -> dict[str, Any]:
        found = read_revisions(person=socket.user, message=payload.message)
        return {"revisions": [payloads.revision_payload(revision) for revision in found]}

    def on_set_typing(self, socket: Socket, payload: commands.SetTyping) -> dict[str, Any]:
        messages.set_typing(person=socket.user, **payload.model_dump())
        return {}

    # --- Rooms ----------------------------------------------------------------------------------

    @write
    def on_create_room(self, socket: Socket, payload: commands.CreateRoom) -> dict[str, Any]:
        return _room(rooms.create_room(person=socket.user, **payload.model_dump()), socket)

    @write
    def on_update_room(self, socket: Socket, payload: commands.UpdateRoom) -> dict[str, Any]:
        changes = payload.model_dump(exclude_none=True)
        return _room(rooms.update_room(person=socket.user, **changes), socket)

    @write
    def on_join_room(self, socket: Socket, payload: commands.OneRoom) -> dict[str, Any]:
        room, _ = memberships.join_room(person=socket.user, room=payload.room)
        return _room(room, socket)

    @write
    def on_leave_room(self, socket: Socket, payload: commands.OneRoom) -> dict[str, Any]:
        return _room(memberships.leave_room(person=socket.user, room=payload.room), socket)

    @write
    def on_add_members(self, socket: Socket, payload: commands.AddMembers) -> dict[str, Any]:
        return _room(memberships.add_members(person=socket.user, **payload.model_dump()), socket)

    @write
    def on_remove_member(self, socket: Socket, payload: commands.RemoveMember) -> dict[str, Any]:
        return _room(memberships.remove_member(person=socket.user, **payload.model_dump()), socket)

    @write
    def on_change_role(self, socket: Socket, payload: commands.ChangeRole) -> dict[str, Any]:
        return _room(memberships.set_role(person=socket.user, **payload.model_dump()), socket)


async def _text(body: str) -> Text:
    # What has to be rendered takes its time, which the loop does not have, nor whoever waits for the writes.
    return text_of(body) if is_plain(body) else await in_database(text_of, body)


def _open(socket: Socket, room_id: int) -> dict[str, Any]:
    room, membership = find(socket.user, room_id)
    people = reading.list_members(room) if socket.user.is_authenticated else []
    return {
        "room": payloads.own_room_payload(room, socket.user, membership),
        "messages": _messages(reading.newest_page(room).messages),
        "version": room.version,
        "people": [payloads.member_payload(member) for member in people],
    }


def _reading_channel(place: Place, socket: Socket) -> str | None:
    """Where a socket hears a room that its person does not belong to; members hear theirs anyway."""
    if place.membership is not None:
        return None
    channel = channels.readers_of if socket.user.is_authenticated else channels.guests_of
    return channel(place.room.pk)


def _room(room: Room, socket: Socket) -> dict[str, Any]:
    member = Membership.objects.filter(room=room, user_id=socket.user.id).first()
    return {"room": _own(Place(room, member), socket)}


def _own(place: Place, socket: Socket, restraint: Restraint | None = None) -> payloads.RoomPayload:
    return payloads.own_room_payload(place.room, socket.user, place.membership, restraint)


def _messages(found: list[Message]) -> list[payloads.MessagePayload]:
    return [payloads.message_payload(message) for message in found]
