"""What must arrive in a room, held against what did. Knows no network."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Said = tuple[int, int]  # who said it, and their how manieth message it is, from 1


@dataclass(slots=True)
class Receipts:
    """One member's account of a room, in which it expects messages in the order of `seq`."""

    number: int
    expected: int = 1  # the seq of the next message
    skipped: list[int] = field(default_factory=list)  # seqs that did not arrive before a later one
    own: list[int] = field(default_factory=list)  # seqs of its own messages, from their acks, as sent

    def missing(self, last: int) -> set[int]:
        """The seqs up to `last` that this member has not received."""
        return {*self.skipped, *range(self.expected, last + 1)}


@dataclass(slots=True)
class Ledger:
    """One room: who said which message, taken from the first copy of it that arrived anywhere."""

    room: int
    said: dict[int, Said] = field(default_factory=dict)  # by seq
    members: list[Receipts] = field(default_factory=list)
    hears_itself: bool = False  # the server sends a message to its own sender, too

    def posted(self) -> int:
        """How many messages have been acknowledged."""
        return sum(len(member.own) for member in self.members)

    def outstanding(self) -> int:
        """How many deliveries are still to come, by the acks so far."""
        last = self.posted()
        return sum(len(member.missing(last) - self._excused(member)) for member in self.members)

    def faults(self) -> Iterator[str]:
        """What is wrong, one sentence each, once nothing is under way any more."""
        yield from self._wrong_numbers()
        for member in self.members:
            yield from self._wrong_acks(member)
            yield from self._wrong_receipts(member)

    def _excused(self, member: Receipts) -> set[int]:
        return set() if self.hears_itself else set(member.own)

    def _wrong_numbers(self) -> Iterator[str]:
        acknowledged = sorted(seq for member in self.members for seq in member.own)
        if acknowledged != list(range(1, len(acknowledged) + 1)):
            yield f"Room {self.room}: the acks do not give each number from 1 to {len(acknowledged)} once."
        strays = sorted(self.said.keys() - set(acknowledged))
        if strays:
            yield f"Room {self.room}: {some(strays)} arrived, but nobody's ack told of it."
        yield from self._wrong_order()

    def _wrong_order(self) -> Iterator[str]:
        spoken: dict[int, int] = defaultdict(int)
        for seq in sorted(self.said):
            sender, count = self.said[seq]
            if count <= spoken[sender]:
                yield (
                    f"Room {self.room}: message {count} of socket {sender} got seq {seq}, "
                    f"behind its message {spoken[sender]}."
                )
            spoken[sender] = count

    def _wrong_acks(self, member: Receipts) -> Iterator[str]:
        for count, seq in enumerate(member.own, start=1):
            if self.said.get(seq, (member.number, count)) != (member.number, count):
                sender, other = self.said[seq]
                yield (
                    f"Room {self.room}: the ack of message {count} of socket {member.number} says seq {seq}, "
                    f"which is message {other} of socket {sender}."
                )

    def _wrong_receipts(self, member: Receipts) -> Iterator[str]:
        missing, excused = member.missing(self.posted()), self._excused(member)
        if lost := sorted(missing - excused):
            yield f"Room {self.room}: socket {member.number} never received {some(lost)}."
        if echoed := sorted(excused - missing):
            yield f"Room {self.room}: socket {member.number} received its own {some(echoed)}."


def some(seqs: Sequence[int]) -> str:
    """The first of several messages by seq, and how many more there are."""
    first = f"message {seqs[0]}"
    return first if len(seqs) == 1 else f"{first} and {len(seqs) - 1} more"
