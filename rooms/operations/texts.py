"""Checks of what people write, the same for every way it comes in."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from chatproject.errors import Invalid
from chatproject.texts import has_controls, is_keepable, is_visible
from rooms.emoji import is_emoji
from rooms.models.reaction import EMOJI_LENGTH
from rooms.models.room import NAME_LENGTH, TOPIC_LENGTH
from rooms.models.sanction import REASON_LENGTH

NOTICE_LENGTH = 1_000  # code points


def checked_body(body: str) -> str:
    """A message's text as it is kept. Raises `Invalid` with the field `body`."""
    if not is_visible(body):
        raise Invalid({"body": "A message needs some text."})
    limit = settings.MESSAGE_LENGTH
    if limit and len(body) > limit:
        raise Invalid({"body": f"A message has at most {limit:,} characters; this has {len(body):,}."})
    return _checked("body", body)


def checked_name(name: str) -> str:
    """A room's name, on one line and without spaces around it. Raises `Invalid` with the field `name`."""
    name = _one_line("name", name)
    if not is_visible(name):
        raise Invalid({"name": "A room needs a name."})
    if len(name) > NAME_LENGTH:
        raise Invalid({"name": f"A name has at most {NAME_LENGTH} characters."})
    return name


def checked_topic(topic: str) -> str:
    """A room's topic, on one line. Raises `Invalid` with the field `topic`."""
    topic = _one_line("topic", topic)
    if len(topic) > TOPIC_LENGTH:
        raise Invalid({"topic": f"A topic has at most {TOPIC_LENGTH} characters."})
    return topic


def checked_notice(text: str) -> str:
    """An announcement. Raises `Invalid` with the field `text`."""
    text = _checked("text", text).strip()
    if not is_visible(text):
        raise Invalid({"text": "An announcement needs some text."})
    if len(text) > NOTICE_LENGTH:
        raise Invalid({"text": f"An announcement has at most {NOTICE_LENGTH} characters."})
    return text


def checked_reason(reason: str, *, needed: bool = True) -> str:
    """Why somebody acts on somebody, on one line. Raises `Invalid` with the field `reason`."""
    reason = _one_line("reason", reason)
    if not is_visible(reason) and (needed or reason):
        raise Invalid({"reason": "A reason is needed."})
    if len(reason) > REASON_LENGTH:
        raise Invalid({"reason": f"A reason has at most {REASON_LENGTH} characters."})
    return reason


def checked_until(until: datetime | None) -> datetime | None:
    """When something ends; None for never by itself. Raises `Invalid` with the field `until`."""
    if until is not None and until <= timezone.now():
        raise Invalid({"until": "This time has passed."})
    return until


def checked_emoji(emoji: str) -> str:
    """A reaction. Raises `Invalid` with the field `emoji`."""
    if len(emoji) > EMOJI_LENGTH or not is_emoji(emoji):
        raise Invalid({"emoji": "One emoji is expected."})
    return emoji


def _one_line(field: str, text: str) -> str:
    line = " ".join(_checked(field, text).split())
    if has_controls(line):
        # It would turn, or break, the lines of everybody's list.
        raise Invalid({field: "One line of ordinary characters is expected."})
    return line


def _checked(field: str, text: str) -> str:
    if not is_keepable(text):
        raise Invalid({field: "There is a character in it that cannot be kept."})
    return text
