# ruff: noqa: S608 - statements are put together from our own names; values are always parameters
"""Questions and changes for many rows at once, in statements written by hand.

They run for every message. The ORM takes longer to make such a statement than the database to carry it out.
All of them work within a transaction of the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

from accounts.models import User
from rooms.models.message import Message
from rooms.models.restraint import longest
from rooms.models.room import BIGGEST_ID, Membership, Room, room_key
from rooms.models.sanction import Sanction


def _columns(model: type[Model], names: str) -> tuple[str, ...]:
    """Some of a model's columns, in the order in which `from_db` takes them."""
    return tuple(field.attname for field in model._meta.concrete_fields if field.attname in names.split())


# What is read of each; anything else is looked up when it is asked for.
ROOM = _columns(
    Room, "id name slug kind archived read_only slow_mode guests_may_read guests_may_post last_seq version"
)
MEMBERSHIP = _columns(Membership, "id room_id user_id role last_read")
USER = _columns(User, "id username display_name colour is_staff")

ROOMS, MEMBERSHIPS, MESSAGES, USERS, SANCTIONS = (
    f'"{model._meta.db_table}"' for model in (Room, Membership, Message, User, Sanction)
)

ROWS_AT_ONCE = 50  # in one INSERT: SQLite makes longer ones more slowly


class NewMessage(NamedTuple):
    """A row of messages, less its id: all columns in their order."""

    room_id: int
    seq: int
    version: int
    client_id: UUID
    author_id: int | None
    author_name: str
    guest_key: str
    body: str
    html: str
    reply_to_id: int | None
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None


def lock_rooms(keys: Iterable[int | str]) -> list[Room]:
    """The rooms with these ids and slugs, locked until the transaction ends; lower ids first."""
    known = {room_key(key) for key in keys}
    ids = [key for key in known if isinstance(key, int) and key <= BIGGEST_ID]
    slugs = [key for key in known if isinstance(key, str)]
    named = [f"{column} IN ({_places(keys)})" for column, keys in (("id", ids), ("slug", slugs)) if keys]
    if not named:
        return []
    database = connections[DEFAULT_DB_ALIAS]
    lock = database.ops.for_update_sql() if database.features.has_select_for_update else ""
    statement = f"SELECT {', '.join(ROOM)} FROM {ROOMS} WHERE {' OR '.join(named)} ORDER BY id {lock}"
    return [Room.from_db(DEFAULT_DB_ALIAS, ROOM, row) for row in _fetch(statement, [*ids, *slugs])]


def memberships_of(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], Membership]:
    """The memberships of pairs of a room's and a person's id, each with its person."""
    if not pairs:
        return {}
    columns = [*(f"member.{name}" for name in MEMBERSHIP), *(f"person.{name}" for name in USER)]
    statement = (
        f"WITH asked(room, person) AS (VALUES {_rows(pairs)}) SELECT {', '.join(columns)} FROM asked"
        f" JOIN {MEMBERSHIPS} member ON member.room_id = asked.room AND member.user_id = asked.person"
        f" JOIN {USERS} person ON person.id = member.user_id"
    )
    found = {}
    for row in _fetch(statement, _flat(pairs)):
        membership = Membership.from_db(DEFAULT_DB_ALIAS, MEMBERSHIP, row[: len(MEMBERSHIP)])
        membership.user = User.from_db(DEFAULT_DB_ALIAS, USER, row[len(MEMBERSHIP) :])
        found[membership.room_id, membership.user_id] = membership
    return found


def mutes_of(pairs: Collection[tuple[int, int]], *, at: datetime) -> dict[tuple[int, int], Sanction]:
    """The mutes that hold for pairs of a room's and a person's id; of several the one that ends last."""
    people = {user_id for _, user_id in pairs}
    if not people:
        return {}
    moment = connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(at)
    statement = (
        f"SELECT id FROM {SANCTIONS} WHERE user_id IN ({_places(people)}) AND kind = %s"
        " AND lifted_at IS NULL AND (until IS NULL OR until > %s)"
    )
    ids = [pk for (pk,) in _fetch(statement, [*people, Sanction.Kind.MUTE.value, moment])]
    mutes = list(Sanction.objects.filter(pk__in=ids)) if ids else []  # hardly ever any
    found = {
        (room_id, user_id): longest(
            mute for mute in mutes if mute.user_id == user_id and mute.room_id in (None, room_id)
        )
        for room_id, user_id in (pairs if mutes else ())
    }
    return {pair: mute for pair, mute in found.items() if mute}


def messages_called(names: Collection[tuple[int | str, UUID]]) -> dict[tuple[int | str, UUID], Message]:
    """The messages with these `client_id`s of these authors (by id) and guests (by key)."""
    by_author = [name for name in names if isinstance(name[0], int)]
    by_guest = [name for name in names if isinstance(name[0], str)]
    # The conditions are those of the indexes, to the letter: else SQLite does not use them.
    ids = [
        *_ids_called("author_id", by_author, "message.author_id IS NOT NULL"),
        *_ids_called("guest_key", by_guest, "NOT message.guest_key = ''"),
    ]
    # Hardly ever any: a client repeats what it got no ack for.
    messages = Message.objects.filter(pk__in=ids).in_full() if ids else []
    return {(message.author_id or message.guest_key, message.client_id): message for message in messages}


def store_messages(rows: Sequence[NewMessage]) -> list[Message]:
    """Messages that were none before."""
    stored = _storable(rows)
    # Which of the rows comes back first is left to the database.
    ids: dict[tuple[int, int], int] = {}
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = stored[start : start + ROWS_AT_ONCE]
        columns = ", ".join(NewMessage._fields)
        statement = f"INSERT INTO {MESSAGES} ({columns}) VALUES {_rows(some)} RETURNING id, room_id, seq"
        ids |= {(room_id, seq): pk for pk, room_id, seq in _fetch(statement, _flat(some))}
    names = ("id", *NewMessage._fields)
    messages = [Message.from_db(DEFAULT_DB_ALIAS, names, (ids[row.room_id, row.seq], *row)) for row in rows]
    for message in messages:
        message.reacted = []
    return messages


def store_counters(rooms: Collection[Room], *, at: datetime) -> None:
    """How many messages and changes rooms have by now, the last of them made at this time."""
    moment = connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(at)
    _change(
        f"UPDATE {ROOMS} SET last_seq = %s, version = %s, last_message_at = %s WHERE id = %s",
        [(room.last_seq, room.version, moment, room.pk) for room in rooms],
    )


def store_versions(messages: Collection[Message]) -> None:
    """Which change of their room is the latest of each message."""
    _change(
        f"UPDATE {MESSAGES} SET version = %s WHERE id = %s",
        [(message.version, message.pk) for message in messages],
    )


def store_last_read(memberships: Collection[Membership]) -> None:
    """How far people have read."""
    _change(
        f"UPDATE {MEMBERSHIPS} SET last_read = %s WHERE id = %s",
        [(membership.last_read, membership.pk) for membership in memberships],
    )


def _ids_called(column: str, names: Sequence[tuple[int | str, UUID]], condition: str) -> list[int]:
    if not names:
        return []
    statement = (
        f"WITH asked(owner, name) AS (VALUES {_rows(names)}) SELECT message.id FROM asked JOIN {MESSAGES}"
        f" message ON message.{column} = asked.owner AND message.client_id = asked.name"
        f" WHERE {condition}"
    )
    uuid = _uuid()
    found = _fetch(statement, [value for owner, client_id in names for value in (owner, uuid(client_id))])
    return [pk for (pk,) in found]


def _storable(rows: Sequence[NewMessage]) -> list[tuple[Any, ...]]:
    uuid, moment = _uuid(), connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value
    return [(*row[:3], uuid(row[3]), *row[4:10], moment(row[10]), *row[11:]) for row in rows]


def _uuid() -> Callable[[UUID], Any]:
    """What makes a UUID the value that is stored."""
    native = connections[DEFAULT_DB_ALIAS].features.has_native_uuid_field
    return (lambda uuid: uuid) if native else (lambda uuid: uuid.hex)


def _fetch(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _change(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.executemany(statement, rows)


def _flat(rows: Iterable[Iterable[object]]) -> list[Any]:
    return [value for row in rows for value in row]


def _rows(rows: Collection[Collection[object]]) -> str:
    """`(%s, %s), (%s, %s)`: a place for each value."""
    return ", ".join([f"({_places(next(iter(rows)))})"] * len(rows))


def _places(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))
