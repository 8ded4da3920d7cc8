"""Who sits in which room: the same for every server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """`rooms` rooms of `size` people each, nobody in two; and what was said there before."""

    rooms: int
    size: int
    messages: int = 0  # in all rooms together

    @property
    def people(self) -> int:
        return self.rooms * self.size

    @property
    def name(self) -> str:
        """A name for files."""
        return f"{self.rooms}x{self.size}-{self.messages}"
