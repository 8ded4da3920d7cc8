"""What a name may be made of, and when two names count as the same."""

from unicodedata import category, normalize
from unicodedata import name as unicode_name

from django.core.exceptions import ValidationError

from chatproject.texts import has_controls, is_visible

NAME_LENGTH = 40  # code points
MIXED_ALPHABETS = "A name does not mix alphabets whose letters look alike."

# Alphabets with letters that look like those of the others, as Unicode's names of letters begin.
_LOOK_ALIKE = frozenset({"LATIN", "GREEK", "CYRILLIC", "COPTIC", "ARMENIAN", "CHEROKEE"})

# What guests are not called, folded: they would seem to speak for this place. An account can be looked up.
RESERVED_NAMES = frozenset(
    {"system", "parley", "admin", "administrator", "moderator", "staff", "everybody", "here", "room"}
)
NAME_RESERVED = "This name is not to be had. Choose another."


def folded(name: str) -> str:
    """The form in which names are compared: without case, widths, invisible characters, extra spaces."""
    visible = "".join(char for char in normalize("NFKC", name) if category(char) != "Cf")
    return " ".join(normalize("NFKC", visible.casefold()).split())


def name_fault(name: str) -> str | None:
    """A sentence on what is wrong with a name, or None."""
    if len(name) > NAME_LENGTH:
        return f"A name has at most {NAME_LENGTH} characters."
    if has_controls(name):
        return "A name is one line of ordinary characters."
    if not is_visible(name):
        return "Enter a name that can be seen."
    if mixes_alphabets(name):
        return MIXED_ALPHABETS
    return None


def mixes_alphabets(name: str) -> bool:
    """Whether letters of two alphabets that look alike meet: `anna` with a Cyrillic `a` passes for Anna.

    Each alphabet by itself is welcome, accents, digits and punctuation with it; so are all other scripts.
    """
    letters = (unicode_name(char, "") for char in normalize("NFKC", name) if char.isalpha())
    return len({letter.partition(" ")[0] for letter in letters} & _LOOK_ALIKE) > 1


def validate_name(name: str) -> None:
    """`name_fault` as a validator of fields."""
    if fault := name_fault(name):
        raise ValidationError(fault, code="invalid")
