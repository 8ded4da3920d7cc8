"""What the browsers, and the staff's console, are told of; always after commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from accounts.events import person_payload, wire_time
from accounts.guests import Person
from accounts.models import User
from chatproject.sockets import publish
from chatproject.sockets.channels import user_room
from chatproject.texts import isolated
from rooms.events import channels
from rooms.events.cases import own_sanction_payload
from rooms.events.digest import digest_of
from rooms.events.payloads import (
    message_payload,
    own_room_payload,
    room_payload,
)
from rooms.models import Membership, Message, Report, Room, Sanction


def message_posted(message: Message, *, person: Person, room: Room) -> None:
    """Tells all who hear the room, but the socket it was posted from: that one gets the ack."""
    payload = {"room": room.pk, "version": message.version, "message": message_payload(message)}
    publish("message_posted", payload, to=channels.everybody_in(room.pk), but_sender=True)
    _tell_watchers("message_posted", payload, room)
    activity("message_posted", person=person, room=room, detail=f"#{message.seq}")


def message_edited(message: Message, *, person: Person, room: Room) -> None:
    message_changed(message, room=room)
    activity("message_edited", person=person, room=room, detail=f"#{message.seq}")


def message_deleted(message: Message, *, person: Person, room: Room) -> None:
    message_changed(message, room=room)
    activity("message_deleted", person=person, room=room, detail=f"#{message.seq}")


def message_changed(message: Message, *, room: Room, answered: bool = True) -> None:
    """Tells all who hear the room what a message is now, but the socket that asked if its ack says so."""
    payload = {"room": room.pk, "version": message.version, "message": message_payload(message)}
    publish("message_changed", payload, to=channels.everybody_in(room.pk), but_sender=answered)
    _tell_watchers("message_changed", payload, room)


def room_created(room: Room, *, person: User | None) -> None:
    activity("room_created", person=person, room=room, detail=room.kind)


def room_changed(room: Room, *, person: Person | None, detail: str = "") -> None:
    """Tells all who hear the room of its new name, state or size."""
    payload = {"room": room_payload(room)}
    publish("room_changed", payload, to=channels.everybody_in(room.pk))
    _tell_watchers("room_changed", payload, room)
    if detail:
        activity("room_changed", person=person, room=room, detail=detail)


def room_closed_to_visitors(room: Room) -> None:
    """The room is private now: who has it open, or watches it, without belonging to it loses it."""
    _room_lost(room, (channels.readers_of(room.pk), channels.guests_of(room.pk)))
    _room_lost(room, (channels.watchers_of(room.pk),), namespace="/admin")


def room_closed_to_guests(room: Room) -> None:
    """Guests lose the room."""
    _room_lost(room, (channels.guests_of(room.pk),))


def guests_sent_away() -> None:
    """No room is left for guests: their connections end, and they find the door shut."""
    publish(None, to=channels.GUESTS, close=True)


def guests_shut_out(networks: Iterable[str]) -> None:
    """Guests from these networks are kept out now: their connections end, and they find the door shut."""
    publish(None, to=map(channels.network_of, networks), close=True)


def room_cleared(room: Room, *, person: User, staying: Iterable[int], count: int) -> None:
    """All but those who stay lose the room: who belonged to it, and who only has it open."""
    everybody = channels.everybody_in(room.pk)
    stay = [user_room(pk) for pk in staying]
    publish("room_removed", {"room": room.pk}, to=everybody, except_=stay, leave=everybody)
    room_changed(room, person=person)
    activity("clear_room", person=person, room=room, detail=str(count))


def member_joined(room: Room, membership: Membership) -> None:
    """All of the person's sockets hear the room from here on."""
    user = membership.user
    publish(
        "room_changed",
        {"room": own_room_payload(room, user, membership)},
        to=user_room(user.pk),
        join=channels.members_of(room.pk),
        leave=channels.readers_of(room.pk),
    )
    activity("joined", person=user, room=room)


def member_changed(room: Room, membership: Membership) -> None:
    """Tells all of the person's sockets what they may do in the room now."""
    user = membership.user
    publish("room_changed", {"room": own_room_payload(room, user, membership)}, to=user_room(user.pk))


def member_left(room: Room, user: User) -> None:
    """None of the person's sockets hear the room any more."""
    shown_out(room, user)
    activity("left", person=user, room=room)


def shown_out(room: Room, user: User) -> None:
    """The same for somebody who may have the room open without belonging to it."""
    publish(
        "room_removed",
        {"room": room.pk},
        to=user_room(user.pk),
        leave=(channels.members_of(room.pk), channels.readers_of(room.pk)),
    )


def sanction_changed(sanction: Sanction) -> None:
    """Tells all of a person's sockets that a mute or a ban began, was replaced or was lifted."""
    if sanction.user_id is not None:
        payload = {"sanction": own_sanction_payload(sanction)}
        publish("sanction_changed", payload, to=user_room(sanction.user_id))


def removed(user: User, *, room: Room, reason: str) -> None:
    """Tells a person, in all their tabs, that somebody ended their membership of a room, and why."""
    warned(user, f"You were removed from {isolated(room.name)}.", room=room, reason=reason)


def warned(user: User, text: str, *, room: Room, reason: str) -> None:
    """Tells a person, in all their tabs, what was done to them in a room, and why if that was said."""
    text = f"{text} Reason: {isolated(reason)}" if reason else text
    where = {"id": room.pk, "name": room.name}
    payload = {"level": "warning", "text": text, "room": where, "reason": reason}
    publish("notice", payload, to=user_room(user.pk))


def room_read(membership: Membership, *, seq: int, unread: int) -> None:
    """Tells the person's other tabs that they have read up to `seq`."""
    payload = {"room": membership.room_id, "seq": seq, "unread": unread, "mentions": 0}
    publish("room_read", payload, to=user_room(membership.user_id), but_sender=True)


def typing_changed(room: Room, person: Person, *, typing: bool) -> None:
    """Tells the others in the room; lost without harm."""
    publish(
        "typing_changed",
        {"room": room.pk, "user": person_payload(person), "typing": typing},
        to=channels.everybody_in(room.pk),
        but_sender=True,
        volatile=True,
    )


def presence_changed(user: User, *, state: str, to: Iterable[str]) -> None:
    """Tells who hears the Socket.IO rooms `to`, but not the person's own sockets; lost without harm."""
    payload = {"user": person_payload(user), "state": state}
    publish("presence_changed", payload, to=to, except_=user_room(user.pk), volatile=True)


def stats(figures: Mapping[str, object]) -> None:
    """Tells the staff who watch how things are."""
    publish("stats", figures, to=channels.STAFF, namespace="/admin", volatile=True)


def notice(text: str, *, rooms: Iterable[str]) -> None:
    """Says something to all sockets in the Socket.IO rooms `rooms`."""
    publish("notice", {"level": "info", "text": text}, to=rooms)


def disconnected(user: User) -> None:
    """Closes all of a person's connections; their clients come back by themselves."""
    publish(None, to=user_room(user.pk), namespace=("/", "/admin"), close=True)


def socket_disconnected(sid: str) -> None:
    """Closes the connection of one socket, whose own room is called by its id."""
    publish(None, to=sid, close=True)


def not_watched(room_id: int, *, sid: str) -> None:
    """A socket of the staff does not hear a room any more that its person may not see."""
    channel = channels.watchers_of(room_id)
    publish("room_removed", {"room": room_id}, to=sid, namespace="/admin", leave=channel)


def report_changed(report: Report, *, open_reports: int) -> None:
    """Tells the staff who moderate that there is a report, or that one is resolved, and how many are open."""
    payload = {"report_id": report.pk, "open": open_reports}
    publish("report_changed", payload, to=channels.MODERATORS, namespace="/admin")


def activity(kind: str, *, person: Person | None = None, room: Room | None = None, detail: str = "") -> None:
    """Tells the staff who watch that something happens; who and where, never what is said.

    What happens in a private room is for those who may see such rooms. Much of one moment comes as a digest.
    """

    def told() -> Mapping[str, object]:
        return {
            "at": wire_time(timezone.now()),
            "kind": kind,
            "user": person_payload(person) if person and person.name else None,
            "room": {"id": room.pk, "name": room.name} if room else None,
            "detail": detail,
        }

    is_private = room is not None and room.kind == Room.Kind.PRIVATE
    channel = channels.STAFF_OF_PRIVATE_ROOMS if is_private else channels.STAFF
    publish("activity", told, to=channel, namespace="/admin", volatile=True, digest=digest_of)


def _room_lost(room: Room, lost: tuple[str, ...], namespace: str = "/") -> None:
    publish("room_removed", {"room": room.pk}, to=lost, namespace=namespace, leave=lost)


def _tell_watchers(event: str, payload: Mapping[str, Any], room: Room) -> None:
    """The same for the staff who watch the room, their own acts, too; next to nothing while nobody does.

    It is lost for who is behind, and a gap in `version` tells them.
    """
    publish(event, payload, to=channels.watchers_of(room.pk), namespace="/admin", volatile=True)
