"""Rooms and who belongs to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accounts.models import User

if TYPE_CHECKING:
    from accounts.guests import Person
    from rooms.models.sanction import SanctionQuerySet

NAME_LENGTH = 80  # code points
TOPIC_LENGTH = 250  # code points
BIGGEST_ID = 2**63 - 1  # of the database's integers
ID_DIGITS = 19


def room_key(key: int | str) -> int | str:
    """The id or slug that `key` means: a slug never consists of digits only."""
    if isinstance(key, int):
        return key
    # Digits of other scripts, and more of them than an id has, name nothing.
    return int(key) if key.isascii() and key.isdecimal() and len(key) <= ID_DIGITS else key


def _sanctions() -> SanctionQuerySet:
    from rooms.models.sanction import Sanction  # noqa: PLC0415 - it is built on rooms

    return Sanction.objects.all()


class RoomQuerySet(models.QuerySet["Room"]):
    """Answers which rooms there are for whom."""

    def visible_to(self, person: Person) -> RoomQuerySet:
        """Rooms that `person` may read: public ones and their own; for guests those that let them.

        None that they are banned from while that holds.
        """
        if isinstance(person, User):
            own = Membership.objects.filter(user=person).values("room")
            banned = _sanctions().bans().active().filter(user=person, room=OuterRef("pk"))
            return self.filter(Q(kind=Room.Kind.PUBLIC) | Q(pk__in=own)).exclude(Exists(banned))
        return self.for_guests()

    def for_staff(self, user: User) -> RoomQuerySet:
        """Rooms that staff may see and act in: public ones, their own, and all with `view_private_rooms`."""
        return self.all() if user.has_perm("rooms.view_private_rooms") else self.visible_to(user)

    def for_guests(self) -> RoomQuerySet:
        """Rooms that anybody may read without an account."""
        return self.filter(kind=Room.Kind.PUBLIC, guests_may_read=True)

    def of(self, person: Person) -> RoomQuerySet:
        """Rooms that stand in `person`'s list: those they belong to; for guests those they may read."""
        if isinstance(person, User):
            return self.filter(memberships__user=person)
        return self.for_guests()

    def named(self, key: int | str) -> RoomQuerySet:
        """The room with this id or slug."""
        key = room_key(key)
        return self.filter(pk=key) if isinstance(key, int) else self.filter(slug=key)

    def named_any(self, keys: Iterable[int | str]) -> RoomQuerySet:
        """The rooms with these ids and slugs."""
        known = {room_key(key) for key in keys}
        ids = [key for key in known if isinstance(key, int) and key <= BIGGEST_ID]
        slugs = [key for key in known if isinstance(key, str)]
        return self.filter(Q(pk__in=ids) | Q(slug__in=slugs) if slugs else Q(pk__in=ids))

    def with_member_count(self) -> RoomQuerySet:
        """Each with `member_count`, for lists of rooms."""
        # A subquery, because a join would count only the memberships that a filter before it left.
        active = Membership.objects.filter(room=OuterRef("pk"), user__is_active=True)
        members = active.order_by().values("room")
        count = Subquery(members.annotate(count=Count("pk")).values("count"))
        return self.annotate(member_count=Coalesce(count, 0))


class Room(models.Model):
    """A place to talk. Its counters are raised under its row lock, in the transaction of what they count."""

    class Kind(models.TextChoices):
        PUBLIC = "public", "Public"
        PRIVATE = "private", "Private"

    name = models.CharField(max_length=NAME_LENGTH)
    slug = models.SlugField(max_length=NAME_LENGTH, unique=True, allow_unicode=True)
    topic = models.CharField(max_length=TOPIC_LENGTH, blank=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.PUBLIC)
    everyone = models.BooleanField(default=False, help_text="Everybody who signs up belongs to it.")
    guests_may_read = models.BooleanField(default=False)
    guests_may_post = models.BooleanField(default=False)
    read_only = models.BooleanField(default=False, help_text="Nobody posts; everything can be read.")
    archived = models.BooleanField(default=False)
    slow_mode = models.PositiveIntegerField(
        default=0, help_text="Seconds between two messages of one person; 0 for none."
    )
    last_seq = models.PositiveBigIntegerField(default=0, editable=False)
    version = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_message_at = models.DateTimeField(null=True, editable=False, db_index=True)

    objects = RoomQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        permissions: ClassVar = [
            ("moderate_rooms", "Can moderate rooms and the people in them"),
            ("ban_users", "Can ban people from the whole place"),
            ("view_private_rooms", "Can read private rooms without belonging to them"),
            ("use_console", "Can see the live console"),
            ("announce", "Can announce something to everybody"),
            ("export_data", "Can export the audit and other data"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(guests_may_post=False) | Q(guests_may_read=True),
                name="room_guests_read_where_they_post",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("room", args=[self.slug])

    def may_be_read_by(self, person: Person, membership: Membership | None) -> bool:
        """Whether `person` may read here; `RoomQuerySet.visible_to` asks the same of many rooms.

        Who is banned has no membership; whether a person without one is banned is asked of `Sanction`.
        """
        if isinstance(person, User):
            return self.kind == self.Kind.PUBLIC or membership is not None
        return self.kind == self.Kind.PUBLIC and self.guests_may_read

    def may_be_posted_in_by(self, person: Person, membership: Membership | None) -> bool:
        """Whether `person` may post here now; members do, and guests where they are let."""
        if not self.open_for_posts:
            return False
        if person.is_authenticated:
            return membership is not None
        return self.kind == self.Kind.PUBLIC and self.guests_may_post

    def may_be_managed_by(self, person: Person, membership: Membership | None) -> bool:
        """Whether `person` may change the room and choose its members: its owners, and staff who moderate."""
        if not isinstance(person, User):
            return False
        owns = membership is not None and membership.role == Membership.Role.OWNER
        return owns or _moderates_everywhere(person)

    def may_be_moderated_by(self, person: Person, membership: Membership | None) -> bool:
        """Whether `person` may keep order here: its owners and moderators, and staff who moderate."""
        if not isinstance(person, User):
            return False
        roles = (Membership.Role.OWNER, Membership.Role.MODERATOR)
        return (membership is not None and membership.role in roles) or _moderates_everywhere(person)

    @property
    def open_for_posts(self) -> bool:
        """Whether anybody may post at all."""
        return not (self.archived or self.read_only)


def _moderates_everywhere(person: User) -> bool:
    return person.is_staff and person.has_perm("rooms.moderate_rooms")


class Membership(models.Model):
    """A person's place in a room: what they may do there, and how far they have read."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        MODERATOR = "moderator", "Moderator"
        MEMBER = "member", "Member"

    room = models.ForeignKey(Room, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role, default=Role.MEMBER)
    last_read = models.PositiveBigIntegerField(default=0, help_text="The seq of the last message read.")
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room", "user"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"
