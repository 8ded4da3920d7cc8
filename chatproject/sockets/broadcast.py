"""Events to the same large room, one after the other, are joined once for everybody in it.

A hundred messages to five hundred sockets are then one piece of bytes that five hundred lines share, and not
fifty thousand entries in their lists. Who is sent something else in between, or is left out of one of them,
is given first what is due: each line gets everything in the order in which it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatproject.sockets.line import Line

LARGE = 32  # sockets; for fewer it is less work to give each what it gets at once


class Broadcast:
    """Frames on their way to the same lines; it ends with the loop's present turn, or when another begins.

    `key` tells whom it goes to: the namespace, the rooms, and which state of their tables.
    """

    __slots__ = ("_frames", "_given", "key")

    def __init__(self, key: Any, lines: Iterable[Line]) -> None:
        self.key = key
        self._frames: list[bytes] = []
        self._given = dict.fromkeys(lines, 0)  # how many of the frames a line has got

    def add(self, frame: bytes, *, left_out: Iterable[Line] = ()) -> None:
        """Sends a frame to all lines but those that are left out."""
        for line in left_out:
            if line in self._given:
                self.catch_up(line)
                self._given[line] += 1
        self._frames.append(frame)

    def catch_up(self, line: Line) -> None:
        """Gives a line what it is due, before it is sent something else."""
        given, sent = self._given.get(line), len(self._frames)
        if given is not None and given < sent:
            self._given[line] = sent
            for frame in self._frames[given:]:
                line.put(frame)

    def finish(self) -> None:
        """Gives all lines what they are due."""
        if not self._frames:
            return
        sent, everything = len(self._frames), b"".join(self._frames)
        for line, given in self._given.items():
            if given == 0:
                line.put(everything)
            elif given < sent:
                line.put(b"".join(self._frames[given:]))
