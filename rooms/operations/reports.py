"""Messages that people point out to the staff, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Conflict, Forbidden, Invalid, NotFound
from rooms.events import publications
from rooms.models import Message, Report, Room
from rooms.operations import deleting, memberships, reading, sanctions
from rooms.operations.access import find_message, require_account
from rooms.operations.standing import MODERATE, require_permission
from rooms.operations.texts import checked_reason

PAGE = 50  # reports in one answer
AROUND = 20  # messages that a report is shown among

Action = Report.Action


@transaction.atomic
def report_message(*, person: Person, message: int, reason: str) -> Report:
    """Points a message out to the staff. Again, while nobody has looked, adds nothing.

    Raises `Unauthenticated` for guests, `NotFound`, `Conflict` if it is deleted, `Invalid` for one's own.
    """
    user = require_account(person)
    reason = checked_reason(reason)
    place, found = find_message(user, message, lock=True)
    if found.is_by(user):
        raise Invalid({"message": "This is your own message: you can delete it."})
    if found.deleted_at is not None:
        raise Conflict("This message is deleted.")
    report, is_new = Report.objects.get_or_create(
        message=found,
        reporter=user,
        resolved_at=None,
        defaults={"body": found.body, "reporter_name": user.name, "reason": reason},
    )
    if is_new:
        publications.report_changed(report, open_reports=count_open())
        publications.activity("reported", person=user, room=place.room, detail=f"#{found.seq}")
    return report


def count_open() -> int:
    """How many reports nobody has resolved."""
    return _open().count()


def list_reports(
    *, by: User, are_open: bool = True, cursor: int | None = None
) -> tuple[list[Report], int | None]:
    """A page of the reports that are open, or of those that are resolved, the newest first.

    Gives the cursor of the next page, too. Raises `Forbidden`.
    """
    require_permission(by, MODERATE)
    reports = (_open() if are_open else Report.objects.exclude(resolved_at=None)).order_by("-pk")
    if cursor is not None:
        reports = reports.filter(pk__lt=cursor)
    found = list(_in_full(reports)[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


@transaction.atomic
def read_report(*, by: User, report: int) -> tuple[Report, list[Message]]:
    """A report, and the messages around the one that it is about.

    Of a room that the staff person may not see only that message; a look into a private room is recorded.
    Raises `Forbidden`, `NotFound`.
    """
    by = require_permission(by, MODERATE)
    found = _find(report)
    room = found.message.room
    if not Room.objects.for_staff(by).filter(pk=room.pk).exists():
        return found, [found.message]
    messages = reading.page_around(room, found.message.seq, AROUND).messages
    if room.kind == Room.Kind.PRIVATE:
        audit.record("read_report", actor=by, target=found, room_id=room.pk)
    return found, messages


@transaction.atomic
def resolve_report(
    *, by: User, report: int, action: str, reason: str, until: datetime | None = None
) -> Report:
    """Does something about a message, or nothing (`dismiss`), and resolves all its open reports.

    Who is muted is muted in the room, who is banned everywhere; until some time, None for until it is lifted.
    Raises `Forbidden`, `NotFound`, `Conflict` if it is resolved already, `Invalid`, and as the action does.
    """
    by = require_permission(by, MODERATE)
    reason = checked_reason(reason)
    if action not in Action.values:
        raise Invalid({"action": "There is no such action."})
    message = _find(report).message
    room = Room.objects.select_for_update().get(pk=message.room_id)
    resolved = _open_of(message, first=report)
    _act(action, by=by, message=message, room=room, reason=reason, until=until)
    for each in resolved:
        each.resolved_at, each.resolved_by = timezone.now(), by
        each.action, each.resolution = action, reason
    Report.objects.bulk_update(resolved, ["resolved_at", "resolved_by", "action", "resolution"])
    _tell_resolved(resolved, by=by, room=room)
    audit.record(
        "resolve_report",
        actor=by,
        target=resolved[0],
        room_id=room.pk,
        after={"action": action, "message": message.pk, "reports": [each.pk for each in resolved]},
        reason=reason,
    )
    return _find(report)


def _act(action: str, *, by: User, message: Message, room: Room, reason: str, until: datetime | None) -> None:
    if action == Action.DISMISS:
        return
    if not Room.objects.for_staff(by).filter(pk=room.pk).exists():
        raise Forbidden(
            "This needs the permission to see private rooms: others can resolve it, or dismiss it."
        )
    if action == Action.DELETE_MESSAGE:
        deleting.delete_message(person=by, message=message.pk, reason=reason)
        return
    author = message.author_id
    if author is None:
        raise Invalid({"action": "Its author has no account."})
    if action == Action.REMOVE_MEMBER:
        memberships.remove_member(person=by, room=room.pk, user=author, reason=reason)
    elif action == Action.MUTE_USER:
        sanctions.mute_user(by=by, user=author, room=room.pk, until=until, reason=reason)
    else:
        sanctions.ban_user(by=by, user=author, until=until, reason=reason)


def _tell_resolved(resolved: Sequence[Report], *, by: User, room: Room) -> None:
    left = count_open()
    for each in resolved:
        publications.report_changed(each, open_reports=left)
    publications.activity("resolved", person=by, room=room, detail=resolved[0].action)


def _open() -> QuerySet[Report]:
    return Report.objects.filter(resolved_at=None)


def _open_of(message: Message, *, first: int) -> list[Report]:
    """The open reports of a message, locked, `first` before the others. Raises `Conflict` if it is none."""
    found = list(_open().filter(message=message).select_for_update(of=("self",)).order_by("pk"))
    if first not in [report.pk for report in found]:
        raise Conflict("This report is resolved already.")
    return sorted(found, key=lambda report: report.pk != first)


def _find(report: int) -> Report:
    found = _in_full(Report.objects.filter(pk=report)).first()
    if found is None:
        raise NotFound("There is no such report.")
    return found


def _in_full(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Each with all that is told of it; a fixed number of queries."""
    messages = Message.objects.in_full().select_related("room")
    return reports.select_related("reporter", "resolved_by").prefetch_related(Prefetch("message", messages))
