"""Who an event goes to: rooms as a union, minus others, minus the sender."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatproject.sockets.server import Server
    from chatproject.sockets.socket import Socket


@dataclass(frozen=True)
class Target:
    """A choice of one namespace's sockets; each method narrows a copy, or acts on the sockets it names now.

    Without `to` it is the whole namespace; with `to` of no room it is nobody. Use it on the server's loop.
    """

    server: Server
    namespace: str
    rooms: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    is_volatile: bool = False

    def to(self, *rooms: str) -> Target:
        """The sockets in any of `rooms` (and of those named before), each once."""
        return replace(self, rooms=(self.rooms or ()) + names(rooms))

    def except_(self, *rooms: str) -> Target:
        """Not those that are in any of `rooms`."""
        return replace(self, excluded=self.excluded + names(rooms))

    def but(self, *sockets: Socket | None) -> Target:
        """Not these sockets, the sender's for one; None stands for no socket."""
        return replace(self, without=self.without | {socket.sid for socket in sockets if socket})

    def volatile(self) -> Target:
        """What is emitted may be lost: it is dropped for a socket that is behind."""
        return replace(self, is_volatile=True)

    @property
    def namespaces(self) -> list[str]:
        """The names of the namespaces that its sockets are in."""
        return [self.namespace]

    def fetch_sockets(self) -> list[Socket]:
        """The sockets this target names now."""
        manager = self.server.manager
        chosen = manager.union(self.namespace, self.rooms)
        for room in self.excluded:
            for sid in manager.members(self.namespace, room):
                chosen.pop(sid, None)
        for sid in self.without:
            chosen.pop(sid, None)
        return list(chosen.values())

    def emit(self, event: str, data: Any) -> None:
        """Sends an event, in order after all that was sent before."""
        if self.is_volatile or self.excluded:
            sockets = self.fetch_sockets()
            self.server.deliver(sockets, self.namespace, event, data, volatile=self.is_volatile)
        else:
            self.server.broadcast(self.namespace, self.rooms, event, data, without=self.without)

    async def emit_with_ack(self, event: str, data: Any, *, timeout: float) -> list[Any]:
        """Sends an event and returns the answers that came within `timeout` seconds, in order of arrival.

        Who leaves is not waited for. Not for use inside a handler: its own socket could not answer.
        """
        answers: list[Any] = []
        sockets = self.fetch_sockets()
        waiting = [_Answer(answers) for _ in sockets]
        ack_ids = [
            self.server.deliver_for_ack(socket, event, data, answer)
            for socket, answer in zip(sockets, waiting, strict=True)
        ]
        if waiting:
            await asyncio.wait([answer.done for answer in waiting], timeout=timeout)
        for socket, ack_id in zip(sockets, ack_ids, strict=True):
            self.server.forget_ack(socket, ack_id)
        return list(answers)

    def join(self, *rooms: str) -> None:
        """Puts all of them into `rooms`."""
        for socket in self.fetch_sockets():
            socket.left -= {*rooms}  # this is newer than what it was taken out of
            self.server.enter(socket, *names(rooms))

    def leave(self, *rooms: str) -> None:
        """Takes all of them out of `rooms`."""
        for socket in self.fetch_sockets():
            self.server.exit(socket, *names(rooms))

    def disconnect(self, *, close: bool = False) -> None:
        """Sends all of them out of the namespace; with `close`, ends their whole connections."""
        for socket in self.fetch_sockets():
            if close:
                self.server.drop(socket.line)
            else:
                self.server.run(self.server.leave_namespace(socket))


class _Answer:
    """Takes one socket's acknowledgement, or the news that it is gone."""

    def __init__(self, answers: list[Any]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers = answers

    def __call__(self, *values: Any) -> None:
        if not self.done.done():
            self._answers.append(values[0] if values else None)
            self.done.set_result(None)

    def gone(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


def names(given: str | Iterable[str]) -> tuple[str, ...]:
    """One name or several as a tuple; `ValueError` for what is no name and must never mean everybody."""
    several = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    for name in several:
        if not isinstance(name, str) or not name:
            raise ValueError(f"not a name: {name!r}")
    return several
