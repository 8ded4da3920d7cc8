"""What staff say to everybody, or to a room: as a notice that passes, or as a message that stays."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import User
from chatproject.errors import Forbidden, Invalid
from rooms.events import channels, publications
from rooms.models import Room
from rooms.models.together import lock_rooms
from rooms.operations.console import find_as_staff
from rooms.operations.posting import post_as_staff, text_of
from rooms.operations.standing import require_permission
from rooms.operations.texts import checked_notice

ANNOUNCE = "rooms.announce"


@transaction.atomic
def announce(*, by: User, text: str, room: int | str | None = None, as_message: bool = False) -> None:
    """Says something to everybody who is there, or in one room.

    As a message it is posted there, or in each room that is for everybody and not archived; also in read-only
    ones, and where `by` does not belong. Raises `Forbidden`, also for a message in an archived room,
    `Invalid`, `NotFound`.
    """
    by = require_permission(by, ANNOUNCE)
    found = None if room is None else find_as_staff(by, room)
    said = _post(by, found, text) if as_message else _show(found, text)
    publications.activity("announced", person=by, room=found)
    audit.record("announce", actor=by, target=found, room_id=found.pk if found else None, after=said)


def _show(room: Room | None, text: str) -> dict[str, Any]:
    text = checked_notice(text)
    publications.notice(text, rooms=channels.everybody_in(room.pk) if room else (channels.EVERYBODY,))
    return {"notice": text}


def _post(by: User, room: Room | None, text: str) -> dict[str, Any]:
    try:
        said = text_of(text)
    except Invalid as error:
        raise Invalid({"text": str(error)}) from None  # as it is called here
    everybodys = Room.objects.filter(everyone=True, archived=False)
    rooms = lock_rooms([room.pk] if room else everybodys.values_list("pk", flat=True))
    if room and any(each.archived for each in rooms):
        raise Forbidden("This room is archived: it can be read, and nothing more is said in it.")
    messages = post_as_staff([each for each in rooms if not each.archived], by=by, text=said)
    return {"messages": [message.pk for message in messages]}
