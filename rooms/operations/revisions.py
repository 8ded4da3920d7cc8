"""What messages said before they were changed."""

from __future__ import annotations

from itertools import accumulate

from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Forbidden
from rooms.models import Revision
from rooms.operations.access import as_stored, find_message
from rooms.operations.answers import ANSWER_BYTES

MOST_REVISIONS = 100  # in one answer
MODERATE = "rooms.moderate_rooms"


def read_revisions(*, person: Person, message: int) -> list[Revision]:
    """The earlier bodies of a message, oldest first; of a deleted one the last is among them.

    Bounded: the latest `MOST_REVISIONS`, and of very long ones fewer. Raises `NotFound`, and `Forbidden` for
    who is neither its author nor staff who moderate.
    """
    _, found = find_message(person, message)
    if not (found.is_by(person) or moderates(as_stored(person))):
        raise Forbidden("Only its author and the staff may see what a message said before.")
    latest = found.revisions.order_by("-pk")[:MOST_REVISIONS]
    sizes = accumulate(len(revision.body.encode()) for revision in latest)
    return [revision for revision, size in zip(latest, sizes, strict=True) if size <= ANSWER_BYTES][::-1]


def moderates(person: Person) -> bool:
    """Whether `person` is staff who may see what anybody's message said before."""
    return isinstance(person, User) and person.is_staff and person.has_perm(MODERATE)
