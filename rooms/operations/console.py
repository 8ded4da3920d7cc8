"""What staff do from the live console."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction

from accounts import operations as accounts
from accounts.models import User
from accounts.reasons import Reason
from chatproject.errors import Forbidden, Invalid, NotFound
from rooms.events import channels, publications
from rooms.models import Room
from rooms.operations.standing import require_permission
from rooms.operations.texts import checked_notice

SEE = "rooms.use_console"


def may_watch(staff: Iterable[int]) -> set[int]:
    """The ids of those among `staff` who may see the console, as the database has them now."""
    people = User.objects.filter(pk__in=staff, is_active=True, is_staff=True)
    return {person.pk for person in people if person.has_perm(SEE)}


@transaction.atomic
def announce(*, staff: User, text: str, room: int | str | None = None) -> None:
    """Shows a notice to everybody who is there, or in one room. Raises `Forbidden`, `Invalid`, `NotFound`."""
    staff = require_permission(staff, "rooms.announce")
    text = checked_notice(text)
    found = None
    if room is not None:
        found = Room.objects.visible_to(staff).named(room).first()
        if found is None:
            raise NotFound("There is no such room, or it is not yours to see.")
    publications.notice(text, rooms=channels.everybody_in(found.pk) if found else (channels.EVERYBODY,))
    publications.activity("announced", person=staff, room=found)
    _note(staff, found or staff, f"Announced in {found or 'all rooms'}: {text}")


@transaction.atomic
def disconnect_user(*, staff: User, user: int, sign_out: bool = False) -> None:
    """Closes all of a person's connections; with `sign_out` the sessions end, else they come back.

    Raises `Forbidden`, also for oneself and for a superuser if one is none, `NotFound`.
    """
    staff = require_permission(staff, "rooms.moderate_rooms")
    person = User.objects.filter(pk=user).first()
    if person is None:
        raise NotFound("There is no such person.")
    if person.pk == staff.pk:
        raise Invalid({"user": "You cannot disconnect yourself."})
    if person.is_superuser and not staff.is_superuser:
        raise Forbidden("Only an owner can do this to an owner.")
    if sign_out:
        accounts.end_sessions(user=person, reason=Reason.REVOKED)
    else:
        publications.disconnected(person)
    publications.activity("disconnect_user", person=staff, detail=person.name)
    _note(staff, person, "Signed out everywhere" if sign_out else "Disconnected all tabs")


def _note(staff: User, target: User | Room, text: str) -> None:
    LogEntry.objects.log_actions(staff.pk, [target], CHANGE, change_message=text, single_object=True)
