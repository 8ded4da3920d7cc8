"""What happens to rooms, told to the namespaces that listen: in order, and not before it is whole."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatproject.sockets.namespace import Namespace
    from chatproject.sockets.socket import Socket

log = logging.getLogger(__name__)


class RoomEvents:
    """Notes what happened, and calls a namespace's `room_created`, `room_joined`, … one by one."""

    def __init__(self) -> None:
        self._noted: deque[Callable[[], None]] = deque()
        self._telling = False

    def joined(self, namespace: Namespace, socket: Socket, room: str, *, created: bool) -> None:
        """Notes that a socket has come into a room; `created`: it is the first there."""
        if created:
            self._noted.append(partial(namespace.room_created, room))
        self._noted.append(partial(namespace.room_joined, socket, room))

    def left(self, namespace: Namespace, socket: Socket, room: str, *, deleted: bool) -> None:
        """Notes that a socket has gone out of a room; `deleted`: it was the last there."""
        self._noted.append(partial(namespace.room_left, socket, room))
        if deleted:
            self._noted.append(partial(namespace.room_deleted, room))

    def tell(self) -> None:
        """Tells what was noted. A listener may move sockets itself: that is told after all else."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._noted:
                self._call(self._noted.popleft())
        finally:
            self._telling = False

    @staticmethod
    def _call(listener: Callable[[], None]) -> None:
        try:
            listener()
        except Exception:
            log.exception("a listener to rooms failed")
