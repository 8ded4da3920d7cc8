"""What becomes of messages that are there: edited, reacted to. Each is a change of their room."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from accounts.guests import Person
from chatproject.errors import Conflict, DomainError, Forbidden, good
from rooms.emoji import is_same
from rooms.events import publications
from rooms.models import Message, Reaction, Revision, Room
from rooms.operations.access import Place, find_message, require_account
from rooms.operations.posting import Text, require_voice, text_of
from rooms.operations.texts import checked_emoji

MOST_EMOJI = 20  # different ones at one message


@dataclass(slots=True, kw_only=True)
class Edit:
    """What somebody wants a message of theirs to say."""

    person: Person
    message: int
    text: Text
    # Where it was asked for: what is published leaves out the socket that edits.
    context: Context = field(default_factory=copy_context, repr=False, compare=False)


def edit_messages(edits: Sequence[Edit]) -> list[Message | DomainError]:
    """Changes what messages say, in this order; in a transaction of the caller's.

    Gives for each the message, or the error that `edit_message` raises.
    """
    return [edit.context.run(_outcome, edit) for edit in edits]


def edit_message(*, person: Person, message: int, body: str) -> Message:
    """Changes what a message says; what it said is kept. The same text again changes nothing.

    Raises `NotFound`, `Forbidden` for who is not its author or may not post there any more, `Conflict` if it
    is deleted, `Invalid`.
    """
    text = text_of(body)
    with transaction.atomic():
        (outcome,) = edit_messages([Edit(person=person, message=message, text=text)])
    return good(outcome)


@transaction.atomic
def react(*, person: Person, message: int, emoji: str, on: bool) -> Message:
    """Puts the person's emoji to a message, or takes it away. Again does nothing.

    Raises `Unauthenticated` for guests, `NotFound`, `Forbidden` for who may not post there, `Conflict` if it
    is deleted or has `MOST_EMOJI` others, `Invalid`.
    """
    user = require_account(person)
    emoji = checked_emoji(emoji)
    place, found = find_message(user, message, lock=True)
    require_voice(user, place)
    _require_kept(found)
    # In the form in which it came first.
    emoji = next((each.emoji for each in found.reacted if is_same(each.emoji, emoji)), emoji)
    own = [each for each in found.reacted if each.user_id == user.pk and each.emoji == emoji]
    if on != bool(own):
        _put(found, user.pk, emoji) if on else _take_away(found, own)
        _count(found, place.room)
        publications.message_changed(found, room=place.room)
    return found


def _outcome(edit: Edit) -> Message | DomainError:
    try:
        return _edit(edit)
    except DomainError as error:
        return error


def _edit(edit: Edit) -> Message:
    place, message = find_message(edit.person, edit.message, lock=True)
    if not message.is_by(edit.person):
        raise Forbidden("Only its author may edit a message.")
    _require_kept(message)
    require_voice(edit.person, place)
    if message.body != edit.text.body:
        _rewrite(message, edit.text, place)
        publications.message_edited(message, person=place.person(edit.person), room=place.room)
    return message


def _rewrite(message: Message, text: Text, place: Place) -> None:
    message.edited_at = timezone.now()
    Revision.objects.create(message=message, body=message.body, until=message.edited_at)
    message.body, message.html = text
    _count(message, place.room, "body", "html", "edited_at")


def _put(message: Message, user_id: int, emoji: str) -> None:
    if len({emoji, *(each.emoji for each in message.reacted)}) > MOST_EMOJI:
        raise Conflict("This message has enough different reactions.")
    message.reacted.append(Reaction.objects.create(message=message, user_id=user_id, emoji=emoji))


def _take_away(message: Message, reactions: Sequence[Reaction]) -> None:
    Reaction.objects.filter(pk__in=[each.pk for each in reactions]).delete()
    message.reacted = [each for each in message.reacted if each not in reactions]


def _require_kept(message: Message) -> None:
    if message.deleted_at is not None:
        raise Conflict("This message is deleted.")


def _count(message: Message, room: Room, *changed: str) -> None:
    """Stores a change of a message as the room's next; under the room's row lock."""
    room.version += 1
    message.version = room.version
    room.save(update_fields=["version"])
    message.save(update_fields=["version", *changed])
