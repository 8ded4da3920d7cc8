"""Whether the audit's chain still holds, and which entries were touched if it does not."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

from accounts.models import AuditEntry, AuditHead
from accounts.models.audit import BEGINNING, HASH_LENGTH

CHUNK = 1000  # entries in memory at once
MOST_FAULTS = 100  # that are said; of more, only how many there are

_HEAD = re.compile(rf"(\d{{1,18}}):([0-9a-f]{{{HASH_LENGTH}}})")


class Head(NamedTuple):
    """The end of the chain at some time: it stands for every entry up to this one. Written `number:hash`."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The head that was written down. Raises ValueError if it is none."""
        match = _HEAD.fullmatch(text.strip())
        if match is None:
            raise ValueError("A head is a number, a colon and 64 hexadecimal digits.")
        return cls(int(match[1]), match[2])

    @classmethod
    def stored(cls) -> Self:
        """The head as it stands in the database."""
        row = AuditHead.objects.filter(pk=AuditHead.ONLY).first() or AuditHead()
        return cls(row.number, row.hash)


class Verdict(NamedTuple):
    """What was found: the faults, in words, and the head that the entries end with."""

    faults: list[str]
    head: Head


def verify(*, expected: Head | None = None) -> Verdict:
    """Reads the whole chain and says what was changed, is missing, was cut off, put in or stands elsewhere.

    `expected` is a head of before, kept where nobody who can write to the database can: the chain must still
    hold it. What is recorded while this reads is no fault.
    """
    before = Head.stored()
    reading = _Reading(before)
    for entry in AuditEntry.objects.order_by("number").iterator(chunk_size=CHUNK):
        reading.take(entry)
        if expected and expected.number == entry.number and expected.hash != entry.hash:
            reading.fault(f"Entry {entry.number} is not the one whose hash was kept.")
    reading.finish(Head.stored())
    if expected and expected.number > reading.last.number:
        reading.fault(f"Entry {expected.number}, whose hash was kept, is missing.")
    return Verdict(reading.summary(), reading.last)


class _Reading:
    """Goes from entry to entry, and remembers the last one only."""

    def __init__(self, before: Head) -> None:
        self.last = Head(0, BEGINNING)
        self._before = before
        self._faults: list[str] = []
        self._more = 0

    def fault(self, words: str) -> None:
        if len(self._faults) < MOST_FAULTS:
            self._faults.append(words)
        else:
            self._more += 1

    def take(self, entry: AuditEntry) -> None:
        number, last = self.last
        if entry.number <= number:
            self.fault(f"Entry {entry.number} was put in before the first.")
            return
        if entry.number > number + 1:
            self.fault(_gap(number + 1, entry.number - 1))
        elif entry.previous != last:
            self.fault(f"Entry {entry.number} does not follow the one before: one was changed.")
        if entry.hash != entry.seal():
            self.fault(f"Entry {entry.number} was changed.")
        self.last = Head(entry.number, entry.hash)
        if entry.number == self._before.number and entry.hash != self._before.hash:
            self.fault(f"Entry {entry.number} is not the one that the head names.")

    def finish(self, after: Head) -> None:
        """`after` is the head when all was read: entries may have been added since the beginning."""
        if self.last.number < self._before.number:
            self.fault(f"{_gap(self.last.number + 1, self._before.number)} The end was cut off.")
        elif self.last.number > after.number:
            self.fault(f"The head names entry {after.number}, but the last is {self.last.number}.")

    def summary(self) -> list[str]:
        return [*self._faults, f"And {self._more} faults more."] if self._more else self._faults


def _gap(first: int, last: int) -> str:
    return f"Entry {first} is missing." if first == last else f"Entries {first} to {last} are missing."
