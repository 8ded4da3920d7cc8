"""What the characters of a text do: whether any can be seen, and whether some steer what is around them."""

import re
from unicodedata import category

# Line and paragraph separators, controls (NUL and line feed among them), halves of surrogate pairs.
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
# All of Unicode's Bidi_Control: they would turn the text around a name, too.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Format characters, spaces and marks show nothing by themselves …
_UNSEEN = frozenset({"Cf", "Cn", "Co", "Me", "Mn", "Zs"}) | _CONTROLS
# … and neither do these, which Unicode counts as letters and symbols: Hangul fillers, the blank of Braille.
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")

_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


def is_keepable(text: str) -> bool:
    """Whether it can be stored and sent: PostgreSQL keeps no NUL, half a surrogate pair cannot be encoded."""
    return not _UNKEEPABLE.search(text)


def has_controls(text: str) -> bool:
    """Whether a character breaks the line, controls a terminal, or turns the direction of what follows."""
    return any(char in _BIDI_CONTROLS or category(char) in _CONTROLS for char in text)


def is_visible(text: str) -> bool:
    """Whether there is anything to be seen."""
    return any(char not in BLANKS and category(char) not in _UNSEEN for char in text)


def isolated(text: str) -> str:
    """A text without controls of its own, within a sentence: the words around it stay where they are."""
    return f"\u2068{text}\u2069"
