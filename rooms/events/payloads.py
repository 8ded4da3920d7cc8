"""What goes over the wire: rooms, messages and their authors as JSON objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NotRequired, TypedDict

from accounts.avatars import Avatar, avatar_of, colour_of
from accounts.events import optional_time, wire_time
from accounts.guests import Person
from rooms.models import Membership, Message, Reaction, Revision, Room, Sanction
from rooms.models.restraint import Restraint, restraints_of


class AuthorPayload(TypedDict):
    """`id` is null for a guest, and for a person whose account is gone."""

    id: int | None
    name: str
    avatar: Avatar


class MessageAuthorPayload(AuthorPayload):
    guest: bool


class PersonalPayload(AuthorPayload):
    guest: bool
    staff: bool


class MemberPayload(AuthorPayload):
    role: str


class ReactionPayload(TypedDict):
    """An emoji at a message, and the ids of the people who put it there, as they came."""

    emoji: str
    users: list[int]


class MessagePayload(TypedDict):
    """One message in its latest state; times are ISO 8601 in UTC."""

    id: int
    room: int
    seq: int
    version: int
    client_id: str
    author: MessageAuthorPayload
    body: str
    html: str
    created_at: str
    edited_at: str | None
    deleted_at: str | None
    reply_to: int | None
    mentions: list[int]
    reactions: list[ReactionPayload]
    attachments: list[Any]


class RevisionPayload(TypedDict):
    """What a message said until some time."""

    body: str
    until: str


class MutePayload(TypedDict):
    """What a person who is muted is told: until when, why, and whether it holds in every room."""

    until: str | None
    reason: str
    everywhere: bool


class RoomPayload(TypedDict):
    """A room as all may see it; the fields after `members` are one person's own, for that person only."""

    id: int
    slug: str
    name: str
    topic: str
    kind: str
    archived: bool
    read_only: bool
    everyone: bool
    slow_mode: int
    guests_may_read: bool
    guests_may_post: bool
    last_seq: int
    version: int
    members: int
    unread: NotRequired[int]
    mentions: NotRequired[int]
    role: NotRequired[str | None]
    last_read: NotRequired[int]
    may_post: NotRequired[bool]
    may_manage: NotRequired[bool]
    may_moderate: NotRequired[bool]
    muted: NotRequired[MutePayload | None]
    may_post_at: NotRequired[str | None]


def author_payload(person: Person) -> AuthorPayload:
    return {"id": person.id, "name": person.name, "avatar": person.avatar}


def personal_payload(person: Person) -> PersonalPayload:
    return {
        **author_payload(person),
        "guest": not person.is_authenticated,
        "staff": person.is_staff,
    }


def member_payload(membership: Membership) -> MemberPayload:
    return {**author_payload(membership.user), "role": membership.role}


def message_payload(message: Message) -> MessagePayload:
    """A message, read `in_full` or just posted, as everybody who may read it sees it."""
    return {
        "id": message.pk,
        "room": message.room_id,
        "seq": message.seq,
        "version": message.version,
        "client_id": str(message.client_id),
        "author": _author(message),
        "body": message.body,
        "html": message.html,
        "created_at": wire_time(message.created_at),
        "edited_at": optional_time(message.edited_at),
        "deleted_at": optional_time(message.deleted_at),
        "reply_to": message.reply_to_id,
        "mentions": [],
        "reactions": _reactions(message.reacted) if message.reacted and not message.deleted_at else [],
        "attachments": [],
    }


def revision_payload(revision: Revision) -> RevisionPayload:
    return {"body": revision.body, "until": wire_time(revision.until)}


def room_payload(room: Room) -> RoomPayload:
    """A room as everybody sees it who may see it."""
    return {
        "id": room.pk,
        "slug": room.slug,
        "name": room.name,
        "topic": room.topic,
        "kind": room.kind,
        "archived": room.archived,
        "read_only": room.read_only,
        "everyone": room.everyone,
        "slow_mode": room.slow_mode,
        "guests_may_read": room.guests_may_read,
        "guests_may_post": room.guests_may_post,
        "last_seq": room.last_seq,
        "version": room.version,
        "members": member_count(room),
    }


def own_room_payload(
    room: Room, person: Person, membership: Membership | None, restraint: Restraint | None = None
) -> RoomPayload:
    """A room with what it is to one person, who belongs to it if there is a `membership`.

    What restrains them is looked up unless it is given, as lists of rooms do.
    """
    restraint = restraint or restraints_of(person, [(room, membership)])[room.pk]
    own = room_payload(room)
    own["unread"] = room.last_seq - membership.last_read if membership else 0
    own["mentions"] = 0
    own["role"] = membership.role if membership else None
    own["last_read"] = membership.last_read if membership else room.last_seq
    own["may_post"] = room.may_be_posted_in_by(person, membership)
    own["may_manage"] = room.may_be_managed_by(person, membership)
    own["may_moderate"] = room.may_be_moderated_by(person, membership)
    own["muted"] = _mute(restraint.mute)
    own["may_post_at"] = optional_time(restraint.may_post_at)
    return own


def _mute(mute: Sanction | None) -> MutePayload | None:
    if mute is None:
        return None
    return {"until": optional_time(mute.until), "reason": mute.reason, "everywhere": mute.room_id is None}


def _author(message: Message) -> MessageAuthorPayload:
    if message.author is not None:
        return {**author_payload(message.author), "guest": False}
    avatar = avatar_of(colour_of(message.author_name))
    return {"id": None, "name": message.author_name, "avatar": avatar, "guest": bool(message.guest_key)}


def _reactions(reacted: Iterable[Reaction]) -> list[ReactionPayload]:
    """By emoji, in the order in which each came first."""
    users: dict[str, list[int]] = {}
    for reaction in reacted:
        users.setdefault(reaction.emoji, []).append(reaction.user_id)
    return [{"emoji": emoji, "users": who} for emoji, who in users.items()]


def member_count(room: Room) -> int:
    """How many people belong to a room."""
    # Lists of rooms bring the count along; a single room is asked.
    count: int | None = getattr(room, "member_count", None)
    return room.memberships.filter(user__is_active=True).count() if count is None else count
