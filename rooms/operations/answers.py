"""How much fits into one answer, so that the largest is no harm to anybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rooms.models import Message

ANSWER_BYTES = 262_144  # of messages in one answer; the text of fifty that are as long as can be is megabytes
OVERHEAD = 500  # bytes of a message's JSON besides its text, about
REACTION = 8  # bytes: a person's id, about


class Allowance:
    """What is left of the messages and bytes of an answer, or of one of its `parts`.

    Its first message fits, however large it is.
    """

    def __init__(self, messages: int, *, parts: int = 1) -> None:
        self.messages = messages
        self._bytes = ANSWER_BYTES // parts
        self._is_empty = True

    def take(self, found: Iterable[Message]) -> list[Message]:
        """Those of `found` that fit, up to the first that does not: with it nothing is left."""
        taken = []
        for message in found:
            size = _size(message)
            if self.messages <= 0 or (size > self._bytes and not self._is_empty):
                self.messages = 0
                break
            taken.append(message)
            self.messages -= 1
            self._bytes -= size
            self._is_empty = False
        return taken


def _size(message: Message) -> int:
    reacted: Sequence[object] = getattr(message, "reacted", ())  # not there while they are not read
    return OVERHEAD + len(message.body.encode()) + len(message.html.encode()) + REACTION * len(reacted)
