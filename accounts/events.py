"""What others are told about people, and what a person's own sockets are told when a session ends."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from chatproject.sockets import publish

from .channels import session_room, user_room
from .guests import Person
from .models import User
from .reasons import Reason

NAMESPACES = ("/", "/admin")


class PersonPayload(TypedDict):
    """`id` is null for a guest."""

    id: int | None
    name: str


def person_payload(person: Person) -> PersonPayload:
    return {"id": person.id, "name": person.name}


def session_ended(*, digest: str, reason: Reason) -> None:
    """Tells the sockets of one session, and closes their connections."""
    _publish_ended(session_room(digest), reason)


def sessions_ended(*, user_id: int, reason: Reason) -> None:
    """Tells all sockets of a person, and closes their connections."""
    _publish_ended(user_room(user_id), reason)


def person_banned(user: User) -> None:
    """Tells all sockets of a person until when they are banned and why, and closes their connections."""
    publish("session_ended", ban_payload(user), to=user_room(user.pk), namespace=NAMESPACES, close=True)


def ban_payload(user: User) -> Mapping[str, Any]:
    """What the event `session_ended` says to somebody who is banned."""
    return {
        "reason": Reason.BANNED.value,
        "until": optional_time(user.ban_ends_at),
        "text": user.ban_reason,
    }


def staff_ended(*, user_id: int) -> None:
    """Tells a person's sockets in the staff's namespace, and closes their connections; others stay."""
    _publish_ended(user_room(user_id), Reason.NOT_STAFF, ("/admin",))


def session_changed(*, digest: str) -> None:
    """Closes the connections of one session; their clients come back at once, as who they are by then."""
    publish(None, {}, to=session_room(digest), namespace=NAMESPACES, close=True)


def _publish_ended(room: str, reason: Reason, namespaces: Sequence[str] = NAMESPACES) -> None:
    publish("session_ended", {"reason": reason.value}, to=room, namespace=namespaces, close=True)


def wire_time(moment: datetime) -> str:
    """ISO 8601 in UTC."""
    return moment.isoformat().replace("+00:00", "Z")


def optional_time(moment: datetime | None) -> str | None:
    """The same of what may have no time."""
    return wire_time(moment) if moment else None
