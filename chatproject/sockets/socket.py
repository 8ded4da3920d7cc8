"""One client in one namespace, as middlewares and handlers see it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from http.cookies import CookieError
from itertools import count
from typing import TYPE_CHECKING, Any

from django.http.cookie import parse_cookie
from django.utils import timezone

from chatproject.sockets.addresses import network
from chatproject.sockets.line import Line

if TYPE_CHECKING:
    from chatproject.sockets.identity import Credential
    from chatproject.sockets.server import Server

_numbers = count(1)
_NONE: frozenset[str] = frozenset()


class Socket:
    """A client's presence in one namespace: who it is, since when, from where.

    `user` and `data` are set by the namespace's middlewares and read by its handlers; nothing that
    the client says later changes them. The rooms in `own_rooms` are joined when all middlewares
    have passed.
    """

    __slots__ = (
        "__weakref__", "auth", "counts_for", "credential", "data", "ended", "entering", "joined", "left",
        "line", "namespace", "number", "own_rooms", "server", "sid", "since", "spoke", "user",
    )  # fmt: skip

    def __init__(self, server: Server, line: Line, namespace: str, auth: Any) -> None:
        self.number = next(_numbers)  # names it in logs, where its sid must not stand
        self.server = server
        self.line = line  # the connection, which other namespaces may share
        self.sid = ""  # given when the namespace is entered
        self.namespace = namespace
        self.auth: Mapping[str, Any] = auth or {}
        self.user: Any = None
        self.data: dict[str, Any] = {}
        self.credential: Credential | None = None  # what is looked at again while it is here
        self.spoke = False  # whether it has sent an event since its session was last renewed
        self.own_rooms: list[str] = []
        self.counts_for: Hashable = None  # what it does, in limits; known when the middlewares have passed
        self.since = timezone.now()
        self.joined: set[str] = set()  # the rooms it is in
        self.entering = True
        # What was ended, and what it was taken out of, while it was still on its way in: what its
        # middlewares and `on_connect` read from the database may be older than that.
        self.ended = _NONE
        self.left = _NONE

    @property
    def is_connected(self) -> bool:
        """Whether it has entered its namespace, and not left it since."""
        return self.line.sockets.get(self.namespace) is self

    @property
    def address(self) -> str:
        """The client's network address; behind a proxy the one that a trusted proxy tells."""
        return self.line.address

    @property
    def network(self) -> str:
        """Where it comes from, as limits count it: an IPv4 address, or the first half of an IPv6 one."""
        return network(self.line.address)

    @property
    def cookies(self) -> dict[str, str]:
        try:
            return parse_cookie(self.line.header(b"cookie"))
        except CookieError:
            return {}

    @property
    def agent(self) -> str:
        """What the client's program calls itself; "" if it does not say."""
        return self.line.header(b"user-agent")

    @property
    def rooms(self) -> list[str]:
        """The rooms it is in, by name, without the one of its own that every socket has."""
        return sorted(self.joined)

    def join(self, *rooms: str) -> None:
        """Enters rooms; from any thread, and in order with everything that is published."""
        self.server.submit(partial(self.server.enter, self, *rooms))

    def leave(self, *rooms: str) -> None:
        """Leaves rooms; from any thread, and in order with everything that is published."""
        self.server.submit(partial(self.server.exit, self, *rooms))

    def settle(self) -> None:
        """Its way in is over: all that it may join is joined."""
        self.entering = False
        self.left = _NONE
