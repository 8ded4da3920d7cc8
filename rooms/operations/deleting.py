"""Messages are deleted: one, or all that somebody said since a time; and for a minute it can be undone.

What a deleted message said is kept as its last revision, and its reactions stay in their table, unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts import audit
from accounts.guests import Person
from accounts.models import User
from chatproject.errors import Conflict, Forbidden, NotFound
from rooms.events import publications
from rooms.models import Deletion, Message, Revision, Room
from rooms.models.deletion import UNDO_TIME
from rooms.models.message import MessageQuerySet
from rooms.operations.access import (
    Place,
    find_message,
    find_message_to_moderate,
    find_to_act,
)
from rooms.operations.scene import find_below
from rooms.operations.standing import require_above
from rooms.operations.texts import checked_reason
from rooms.operations.versions import count_changes, tell_changes

AT_ONCE = 100  # messages in memory: what each says may be long


@transaction.atomic
def delete_message(*, person: Person, message: int, reason: str = "") -> tuple[Message, Deletion | None]:
    """Takes away what a message says, and its reactions; its place stays. Again does nothing.

    Returns the message and what undoes it, which is None if it was deleted already. Audited, unless it was
    one's own. Raises `NotFound`, `Invalid`, and, of somebody else's, `Unauthenticated` for guests and
    `Forbidden` for who does not moderate the room or does not stand above its author there.
    """
    reason = checked_reason(reason, needed=False)
    is_own = Message.objects.by(person).filter(pk=message).exists()
    by, place, found = (_find_own if is_own else _find_anothers)(person, message)
    if found.deleted_at is not None:
        return found, None
    deletion = _begin(place.room, by)
    _empty([found], deletion)
    found.body, found.html, found.deleted_at = "", "", deletion.at
    publications.message_deleted(found, person=by, room=place.room)
    if not is_own:
        after = {"deletion": deletion.pk, "author": found.author_name}
        audit.record(
            "delete_message",
            actor=deletion.by,
            target=found,
            room_id=place.room.pk,
            after=after,
            reason=reason,
        )
    return found, deletion


@transaction.atomic
def delete_messages(
    *, by: Person, room: int | str, user: int, since: datetime, reason: str = ""
) -> tuple[Deletion | None, int]:
    """Deletes all that a person has said in a room since a time; returns what undoes it, and how many.

    None and 0 if there is nothing to delete. Audited. Raises `NotFound`, `Invalid`, `Unauthenticated`, and
    `Forbidden` for who does not moderate the room or does not stand above the person there.
    """
    reason = checked_reason(reason, needed=False)
    moderator, author, found = find_below(by, user, room)
    said = found.messages.filter(author=author, created_at__gte=since, deleted_at=None)
    if not said.exists():
        return None, 0
    before = found.version
    deletion = _begin(found, moderator)
    for messages in _in_parts(said):
        _empty(messages, deletion)
    count = found.version - before
    tell_changes(found, since=before)
    publications.activity("message_deleted", person=moderator, room=found, detail=f"{count} of {author.name}")
    audit.record(
        "delete_messages",
        actor=moderator,
        target=author,
        room_id=found.pk,
        after={"deletion": deletion.pk, "count": count, "since": since.isoformat()},
        reason=reason,
    )
    return deletion, count


@transaction.atomic
def undo_deletion(*, by: Person, deletion: int) -> int:
    """Brings back what was deleted, with its reactions; returns how many messages.

    Audited, unless it was one's own. Raises `NotFound`, `Unauthenticated`, `Forbidden` for who neither has
    deleted it nor is staff who stand above who did, and `Conflict` after `UNDO_TIME`, or if it was undone.
    """
    user, place = find_to_act(by, _room_of(deletion))
    found = place.room.deletions.select_related("by").get(pk=deletion)
    found.room = place.room
    if found.undone_at is not None:
        raise Conflict("This was undone already.")
    if timezone.now() - found.at > UNDO_TIME:
        raise Conflict("It is too late to undo this.")
    _require_undo(found, user, place)
    is_own = _is_own(found)
    before = found.room.version
    for messages in _in_parts(_deleted_by(found)):
        _restore(messages, found)
    found.undone_at = timezone.now()
    found.save(update_fields=["undone_at"])
    count = found.room.version - before
    tell_changes(found.room, since=before)
    publications.activity("undo_deletion", person=user, room=found.room, detail=f"{count}")
    if not is_own:
        after = {"deletion": found.pk, "count": count}
        audit.record("undo_deletion", actor=user, target=found.room, room_id=found.room_id, after=after)
    return count


def _find_own(person: Person, message: int) -> tuple[Person, Place, Message]:
    place, found = find_message(person, message, lock=True)
    return place.person(person), place, found


def _find_anothers(person: Person, message: int) -> tuple[Person, Place, Message]:
    by, place, found = find_message_to_moderate(person, message)
    if found.author:  # else a guest's, or somebody's who is gone
        require_above(by, found.author, place.room)
    return by, place, found


def _begin(room: Room, by: Person) -> Deletion:
    return Deletion.objects.create(room=room, by=by if isinstance(by, User) else None)


def _room_of(deletion: int) -> int:
    room_id = Deletion.objects.filter(pk=deletion).values_list("room_id", flat=True).first()
    if room_id is None:
        raise NotFound
    return room_id


def _require_undo(deletion: Deletion, by: User, place: Place) -> None:
    is_own, moderates = _is_own(deletion), place.room.may_be_moderated_by(by, place.membership)
    if deletion.by == by and (is_own or moderates):
        return
    # What somebody took back themselves nobody else brings back; a guest does not come back as who they were.
    if is_own or deletion.by is None or not (by.is_staff and moderates):
        raise Forbidden("Only who deleted this, and the staff above them, may undo it.")
    require_above(by, deletion.by, place.room)


def _is_own(deletion: Deletion) -> bool:
    """Whether an author deleted a message of their own; then it is only this one."""
    return deletion.by is not None and _deleted_by(deletion).filter(author=deletion.by).exists()


def _deleted_by(deletion: Deletion) -> MessageQuerySet:
    return Message.objects.filter(revisions__deletion=deletion, deleted_at__isnull=False)


def _in_parts(messages: MessageQuerySet) -> Iterator[list[Message]]:
    """In the order of their places, so many at a time that the memory holds them."""
    last = 0
    while part := list(messages.filter(seq__gt=last).order_by("seq")[:AT_ONCE]):
        yield part
        last = part[-1].seq


def _empty(messages: Sequence[Message], deletion: Deletion) -> None:
    """Under the room's row lock, as all that follows."""
    Revision.objects.bulk_create(
        Revision(message=each, body=each.body, html=each.html, until=deletion.at, deletion=deletion)
        for each in messages
    )
    _stored(messages).update(body="", html="", deleted_at=deletion.at)
    count_changes(messages, deletion.room)


def _restore(messages: Sequence[Message], deletion: Deletion) -> None:
    """Within the database: what they said does not come through here."""
    kept = Revision.objects.filter(deletion=deletion, message=OuterRef("pk"))
    body, html = (Subquery(kept.values(name)) for name in ("body", "html"))
    _stored(messages).update(body=body, html=html, deleted_at=None)
    Revision.objects.filter(deletion=deletion, message__in=messages).delete()
    count_changes(messages, deletion.room)


def _stored(messages: Sequence[Message]) -> MessageQuerySet:
    return Message.objects.filter(pk__in=[message.pk for message in messages])
