"""Slugs: short names for addresses, readable in any script, each used once."""

from itertools import chain, count

from django.utils.text import slugify

from chatproject.errors import Conflict, Invalid
from rooms.models import Room
from rooms.models.room import NAME_LENGTH


def free_slug(name: str) -> str:
    """A slug made from a room's name that no room has yet."""
    base = _safe(slugify(name, allow_unicode=True))[: NAME_LENGTH - 8].strip("-") or "room"
    taken = set(Room.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for slug in chain([base], (f"{base}-{n}" for n in count(2))) if slug not in taken)


def chosen_slug(slug: str) -> str:
    """A slug that somebody chose. Raises `Invalid` if it cannot be one, `Conflict` if it is taken."""
    if not slug or len(slug) > NAME_LENGTH or slug != _safe(slugify(slug, allow_unicode=True)):
        raise Invalid({"slug": "Lower-case letters, digits and hyphens, and not digits only."})
    if Room.objects.filter(slug=slug).exists():
        raise Conflict("A room with this address exists already.", fields={"slug": "This address is taken."})
    return slug


def _safe(slug: str) -> str:
    # Digits only would be taken for an id.
    return f"room-{slug}" if slug.isdecimal() else slug
