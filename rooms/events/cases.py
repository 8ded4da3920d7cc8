"""What goes over the wire of mutes, bans and reports."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from accounts.events import PersonPayload, optional_time, person_payload, wire_time
from accounts.models import User
from rooms.events.payloads import MessagePayload, message_payload
from rooms.models import Report, Sanction


class NamedRoom(TypedDict):
    """Which room something is about."""

    id: int
    name: str


class SanctionPayload(TypedDict):
    """A mute or a ban; `room` is null for everywhere, `until` for until it is lifted.

    `by` is null if it was set on the command line, and missing in what the person concerned is told.
    """

    id: int
    kind: str
    user: PersonPayload
    room: NamedRoom | None
    reason: str
    by: NotRequired[PersonPayload | None]
    created_at: str
    until: str | None
    lifted_at: str | None
    active: bool


class ReportedRoom(NamedRoom):
    slug: str
    kind: str


class ReportPayload(TypedDict):
    """A message that somebody pointed out; `body` is what it said then."""

    id: int
    message: MessagePayload
    room: ReportedRoom
    body: str
    reporter: PersonPayload
    reason: str
    created_at: str
    resolved_at: str | None
    resolved_by: PersonPayload | None
    action: str
    resolution: str


def sanction_payload(sanction: Sanction) -> SanctionPayload:
    """A mute or a ban, read `in_full`, as those see it who keep order."""
    by = _named(sanction.by, sanction.by_name) if sanction.by_name else None
    return {**own_sanction_payload(sanction), "by": by}


def own_sanction_payload(sanction: Sanction) -> SanctionPayload:
    """The same for the person concerned, who is not told who set it."""
    return {
        "id": sanction.pk,
        "kind": sanction.kind,
        "user": _named(sanction.user, sanction.user_name),
        "room": {"id": sanction.room.pk, "name": sanction.room.name} if sanction.room else None,
        "reason": sanction.reason,
        "created_at": wire_time(sanction.created_at),
        "until": optional_time(sanction.until),
        "lifted_at": optional_time(sanction.lifted_at),
        "active": sanction.is_active,
    }


def report_payload(report: Report) -> ReportPayload:
    """A report, whose message is there `in_full`, as staff see it."""
    room = report.message.room
    return {
        "id": report.pk,
        "message": message_payload(report.message),
        "room": {"id": room.pk, "slug": room.slug, "name": room.name, "kind": room.kind},
        "body": report.body,
        "reporter": _named(report.reporter, report.reporter_name),
        "reason": report.reason,
        "created_at": wire_time(report.created_at),
        "resolved_at": optional_time(report.resolved_at),
        "resolved_by": person_payload(report.resolved_by) if report.resolved_by else None,
        "action": report.action,
        "resolution": report.resolution,
    }


def _named(person: User | None, name: str) -> PersonPayload:
    """Somebody, by the `name` that is kept where the account is gone, or there was none."""
    return person_payload(person) if person else {"id": None, "name": name}
