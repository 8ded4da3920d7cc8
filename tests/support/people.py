"""The cast of the tests, made straight in the database."""

from typing import Any

from django.contrib.auth.hashers import make_password

from accounts.models import User
from rooms.models import Membership, Room
from tests.support.server import PASSWORD


def person(username: str, **fields: Any) -> User:
    """An account that can log in with PASSWORD and belongs to no room."""
    return User.objects.create(username=username, password=make_password(PASSWORD), **fields)


def room(slug: str, *, owner: User | None = None, members: tuple[User, ...] = (), **fields: Any) -> Room:
    """A room with an owner and members; public unless `kind` says otherwise."""
    fields = {"name": slug.title(), **fields}
    made, _ = Room.objects.update_or_create(slug=slug, defaults=fields)
    if owner:
        Membership.objects.create(room=made, user=owner, role=Membership.Role.OWNER)
    for member in members:
        Membership.objects.create(room=made, user=member)
    return made
