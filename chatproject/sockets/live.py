"""Who is there now, for pages and commands: asked from any thread, and true of this process alone.

Where several processes share the work each counts its own sockets; a command serves nobody, and counts none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from chatproject.sockets import publishing
from chatproject.sockets.targets import names

if TYPE_CHECKING:
    from chatproject.sockets.socket import Socket


def sockets_in(rooms: str | Iterable[str] | None = None, *, namespace: str = "/") -> int:
    """How many sockets are in any of `rooms`, each counted once; None stands for the whole namespace."""
    return len(_sockets(rooms, namespace))


def people_in(rooms: str | Iterable[str] | None = None, *, namespace: str = "/") -> Counter[Any]:
    """The keys of the signed-in people with a socket in any of `rooms`, each with how many it is.

    None stands for the whole namespace. Guests, who have no key, are not among them.
    """
    keys = (getattr(socket.user, "pk", None) for socket in _sockets(rooms, namespace))
    return Counter(key for key in keys if key is not None)


def people_here(*, namespace: str = "/") -> Counter[Any]:
    """The keys of all signed-in people who are there, each with the number of their sockets."""
    return people_in(namespace=namespace)


def _sockets(rooms: str | Iterable[str] | None, namespace: str) -> Collection[Socket]:
    server = publishing.bound()
    if server is None:
        return ()
    # `union` copies whole tables at a time: what the loop changes meanwhile does not disturb the count.
    return server.manager.union(namespace, None if rooms is None else names(rooms)).values()
