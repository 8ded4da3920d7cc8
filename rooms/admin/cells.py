"""What stands in the columns of several lists."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from rooms.models import Message, Room


def link(text: object, address: str) -> SafeString:
    """A link whose text may be in any direction."""
    return format_html('<a href="{}"><bdi>{}</bdi></a>', address, text)


def isolated(text: object) -> SafeString:
    """Text of somebody's, in its own direction."""
    return format_html("<bdi>{}</bdi>", text)


def mark(text: str, kind: str = "") -> SafeString:
    """A word about the state of a row."""
    return format_html('<span class="mark {}">{}</span>', kind, text)


def room_link(room: Room) -> SafeString:
    """The room's own page on the admin site."""
    return link(room.name, reverse("admin:rooms_room_change", args=[room.pk]))


def person_link(user: User) -> SafeString:
    """The person's own page on the admin site."""
    return link(user.username, reverse("admin:accounts_user_change", args=[user.pk]))


def console_address(section: str, pk: int | None = None) -> str:
    """The place in the live console; one room or report of it with `pk`."""
    return reverse("staff") + f"#{section}" + (f"/{pk}" if pk else "")


def author_of(message: Message) -> str:
    """Who posted a message, and what they are if they have no account."""
    if message.author:
        return message.author.name
    return f"{message.author_name} ({'guest' if message.guest_key else 'account deleted'})"


def list_address(name: str, **query: object) -> str:
    """The list of a model of rooms on the admin site, filtered."""
    parts = "&".join(f"{key}={value}" for key, value in query.items())
    return f"{reverse(f'admin:rooms_{name}_changelist')}?{parts}"
