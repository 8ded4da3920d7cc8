"""Messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Prefetch, Q, prefetch_related_objects
from django.utils import timezone

from accounts.models import User
from rooms.models.room import Room

if TYPE_CHECKING:
    from accounts.guests import Person
    from rooms.models.reaction import Reaction

AUTHOR_NAME_LENGTH = 150  # code points; a username's limit


_REACTIONS = Prefetch("reactions", to_attr="reacted")


def add_reactions(messages: Sequence[Message]) -> None:
    """Reads the reactions of messages that were read without, in one query for all."""
    prefetch_related_objects(messages, _REACTIONS)


class MessageQuerySet(models.QuerySet["Message"]):
    def by(self, person: Person) -> MessageQuerySet:
        """Messages that this person, or this guest in this session, has posted."""
        if isinstance(person, User):
            return self.filter(author=person)
        # Without a session a visitor is nobody yet; and people's messages have no key either.
        return self.filter(guest_key=person.key) if person.key else self.none()

    def since(self, version: int) -> MessageQuerySet:
        """Messages changed after `version`, oldest change first."""
        return self.filter(version__gt=version).order_by("version")

    def in_full(self) -> MessageQuerySet:
        """Each with all that is told of it: its author and, by one more query for all, its reactions."""
        return self.select_related("author").prefetch_related(_REACTIONS)  # type: ignore[no-redef]


class Message(models.Model):
    """One thing said. `seq` is its place in the room and never changes; `version` is its latest change."""

    # The unique constraints below are indexes of these two: another would be written for every message.
    room = models.ForeignKey(Room, models.CASCADE, related_name="messages", db_index=False)
    seq = models.PositiveBigIntegerField()
    version = models.PositiveBigIntegerField()
    client_id = models.UUIDField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="messages",
        db_index=False,
    )
    # Who a guest was, and what an author was called when the account has been deleted since.
    author_name = models.CharField(max_length=AUTHOR_NAME_LENGTH)
    guest_key = models.CharField(max_length=64, blank=True)
    body = models.TextField(blank=True)
    html = models.TextField(blank=True, help_text="Made from the body when it is posted or changed.")
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="replies")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    # Its reactions, oldest first: of those that were read `in_full`, or are new.
    reacted: list[Reaction]

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["room", "seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room", "seq"], name="message_seq_once"),
            models.UniqueConstraint(fields=["room", "version"], name="message_version_once"),
            models.UniqueConstraint(
                fields=["author", "client_id"], condition=Q(author__isnull=False), name="message_author_once"
            ),
            models.UniqueConstraint(
                fields=["guest_key", "client_id"], condition=~Q(guest_key=""), name="message_guest_once"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.seq} in {self.room}"

    def is_by(self, person: Person) -> bool:
        """Whether this person, or this guest in this session, has posted it."""
        if isinstance(person, User):
            return self.author_id == person.pk
        return bool(person.key) and self.guest_key == person.key
