"""One client in one namespace, as middlewares and handlers see it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http.cookies import CookieError
from itertools import count
from typing import TYPE_CHECKING, Any

from django.http.cookie import parse_cookie
from django.utils import timezone

from chatproject.sockets import transport

if TYPE_CHECKING:
    from chatproject.sockets.server import Server

_numbers = count(1)


class Socket:
    """A client's presence in one namespace: who it is, since when, from where.

    `user` and `data` are set by the namespace's middlewares and read by its handlers; nothing that
    the client says later changes them. The rooms in `own_rooms` are joined when all middlewares
    have passed.
    """

    def __init__(
        self, server: Server, eio_sid: str, namespace: str, scope: Mapping[str, Any], auth: Any
    ) -> None:
        self.number = next(_numbers)  # names it in logs, where its sid must not stand
        self.server = server
        self.eio_sid = eio_sid
        self.sid = ""  # given when the namespace is entered
        self.namespace = namespace
        self.auth: Mapping[str, Any] = auth or {}
        self.user: Any = None
        self.data: dict[str, Any] = {}
        self.own_rooms: list[str] = []
        self.since = timezone.now()
        self.entering = True
        self._scope = scope
        # What was ended, and what it was taken out of, while it was still on its way in: what its
        # middlewares and `on_connect` read from the database may be older than that.
        self.ended: set[str] = set()
        self.left: set[str] = set()

    @property
    def address(self) -> str:
        """The client's network address; behind a proxy the one that a trusted proxy tells."""
        return transport.of(self._scope).address

    @property
    def cookies(self) -> dict[str, str]:
        try:
            return parse_cookie("; ".join(self._headers("cookie")))
        except CookieError:
            return {}

    @property
    def agent(self) -> str:
        """What the client's program calls itself; "" if it does not say."""
        return next(iter(self._headers("user-agent")), "")

    @property
    def rooms(self) -> list[str]:
        """The rooms it is in, by name, without the one of its own that every socket has."""
        return self.server.rooms_of(self)

    def join(self, *rooms: str) -> None:
        """Enters rooms; from any thread, and in order with everything that is published."""
        self.server.submit(partial(self.server.enter, self, *rooms))

    def leave(self, *rooms: str) -> None:
        """Leaves rooms; from any thread, and in order with everything that is published."""
        self.server.submit(partial(self.server.exit, self, *rooms))

    def settle(self) -> None:
        """Its way in is over: all that it may join is joined."""
        self.entering = False
        self.left.clear()

    def _headers(self, name: str) -> list[str]:
        wanted = name.encode()
        return [value.decode("latin-1") for key, value in self._scope["headers"] if key == wanted]
