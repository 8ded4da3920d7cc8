"""People whose names are markup, their rooms, and what they said: made beside the server, past all checks."""

from itertools import cycle
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone

from accounts.guests import GUEST_NAME, Guest
from accounts.models import User
from accounts.sessions import SessionStore
from rooms.models import Invitation, Membership, Message, Revision, Room
from rooms.operations.messages import post_message
from tests.support.hostile import EVERY, SHORT
from tests.support.server import OWNER

SLUG = "hostile"


def move_in() -> None:
    """Makes all of it, and prints the session of a person and that of a guest."""
    owner = User.objects.get(username=OWNER)
    people = [
        User.objects.create(username=f"{number} {text}", display_name=text)
        for number, text in enumerate(SHORT)
    ]
    rooms = [
        Room.objects.create(slug=f"{SLUG}-{number}", name=text, topic=text, guests_may_read=True)
        for number, text in enumerate(SHORT)
    ]
    room = Room.objects.create(
        slug=SLUG, name=SHORT[0], topic=SHORT[2], guests_may_read=True, guests_may_post=True
    )
    Membership.objects.bulk_create(Membership(room=room, user=person) for person in people)
    Membership.objects.bulk_create(
        Membership(room=each, user=owner, role=Membership.Role.OWNER) for each in [room, *rooms]
    )
    Invitation.objects.bulk_create(Invitation(note=text[:100], created_by=owner) for text in EVERY)
    _talk(room, people)
    print(_session(people[2]), _guest_session(SHORT[2]))  # noqa: T201  # for whoever ran it


def _talk(room: Room, people: list[User]) -> None:
    guests = cycle(Guest(name=text, key=f"{number:032}") for number, text in enumerate(SHORT))
    for text, person, guest in zip(EVERY, cycle(people), guests, strict=False):
        post_message(person=person, room=room.pk, client_id=uuid4(), body=text)
        post_message(person=guest, room=room.pk, client_id=uuid4(), body=text)
    first = Message.objects.filter(room=room).earliest("seq")
    Revision.objects.bulk_create(Revision(message=first, body=text, until=timezone.now()) for text in EVERY)


def _session(person: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _guest_session(name: str) -> str:
    session = SessionStore()
    session[GUEST_NAME] = name
    session.create()
    return str(session.session_key)
