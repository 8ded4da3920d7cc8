"""How a person is pictured: by a colour, later perhaps by an image."""

import zlib
from typing import TypedDict

from .names import folded

COLOURS = 12  # in the palette that CSS defines


class Avatar(TypedDict):
    """`colour` is an index into the palette: 0 to 11."""

    colour: int
    url: str | None


def colour_of(name: str) -> int:
    """The colour that goes with a name: the same in every process, and in any case of its letters."""
    return zlib.crc32(folded(name).encode()) % COLOURS


def avatar_of(colour: int) -> Avatar:
    return {"colour": colour, "url": None}
