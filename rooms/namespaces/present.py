"""Who is there, a line each: the sockets of a person, or of a guest's session, together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from accounts.events import person_payload, wire_time
from accounts.guests import Person
from accounts.models import User
from accounts.names import folded
from chatproject.sockets.socket import Socket
from rooms.events.cases import sanction_payload
from rooms.operations.people import Known


class Present(NamedTuple):
    """Somebody who is there."""

    place: str  # in the order of names; names the line in a cursor
    person: Person
    sockets: list[Socket]


def owner_of(socket: Socket) -> Hashable:
    """What the sockets of one person, or of one guest, have in common."""
    # A guest without a session yet is somebody with each connection.
    return socket.user.id or socket.user.key or socket.sid


def present(sockets: Iterable[Socket], query: str = "") -> list[Present]:
    """All whose sockets these are and whose name holds `query`, by name."""
    theirs: dict[Hashable, list[Socket]] = {}
    for socket in sockets:
        theirs.setdefault(owner_of(socket), []).append(socket)
    text = folded(query)
    found = (_present(group) for group in theirs.values() if _is_called(group[0].user, text))
    return sorted(found, key=lambda one: one.place)


def account_payload(known: Known, sockets: Sequence[Socket]) -> dict[str, Any]:
    """Somebody with an account, there or not."""
    user = known.user
    return {
        "user": person_payload(user),
        "username": user.username,
        "avatar": user.avatar,
        "staff": user.is_staff,
        "guest": False,
        "sanctions": [sanction_payload(sanction) for sanction in known.sanctions],
        **_presence_payload(sockets),
    }


def guest_payload(guest: Present) -> dict[str, Any]:
    """A guest, by one of their sockets: the key of their session does not leave the server."""
    return {
        "user": None,
        "name": guest.person.name,
        "avatar": guest.person.avatar,
        "staff": False,
        "guest": True,
        "sid": guest.sockets[0].sid,
        "sanctions": [],
        **_presence_payload(guest.sockets),
    }


def _presence_payload(sockets: Sequence[Socket]) -> dict[str, Any]:
    since = min((socket.since for socket in sockets), default=None)
    return {
        "online": bool(sockets),
        "sockets": len(sockets),
        "since": wire_time(since) if since else None,
    }


def _present(group: list[Socket]) -> Present:
    person = group[0].user
    return Present(f"{_folded(person)}\n{person.id or group[0].sid}", person, group)


def _is_called(person: Person, text: str) -> bool:
    return text in _folded(person) or (isinstance(person, User) and text in person.username_folded)


def _folded(person: Person) -> str:
    # An account's is stored: folding all anew takes long where thousands are there.
    if isinstance(person, User):
        return person.display_name_folded or person.username_folded
    return folded(person.name)
