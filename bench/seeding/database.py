"""People with sessions, rooms of them, and what they said."""

import json
import secrets
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.channels import session_digest
from accounts.models import Session, User
from accounts.sessions import SessionStore
from bench.load.words import body
from rooms.markup import render
from rooms.models import Community, Membership, Message, Room

BATCH = 5_000  # rows of one INSERT
KEY_BYTES = 16  # 32 hexadecimal digits, Django's own length
LIFETIME = timedelta(days=365)
OWNER = "owner"


@transaction.atomic
def fill(rooms: int, size: int, messages: int) -> None:
    """Makes `rooms` rooms of `size` people, who all have a session, and shares `messages` among the rooms.

    With messages, everybody belongs to every room. Writes `people.json`: the room and the cookie of each.
    """
    _found_community()
    people = _people(rooms * size)
    places = _rooms(rooms)
    _memberships(places, people, size, everywhere=bool(messages))
    _messages(places, people, messages // rooms)
    cookies = _sessions(people)
    listed = [(places[number // size].pk, cookie) for number, cookie in enumerate(cookies)]
    transaction.on_commit(lambda: (Path(settings.DATA_DIR) / "people.json").write_text(json.dumps(listed)))


def _found_community() -> None:
    """As after the first run, but without the room for everybody: rooms have the layout's sizes."""
    User.objects.create(username=OWNER, password=make_password(None), is_staff=True, is_superuser=True)
    Community.objects.update_or_create(pk=Community.ONLY, defaults={"founded_at": timezone.now()})
    Room.objects.all().delete()


def _people(count: int) -> list[User]:
    unusable = make_password(None)
    User.objects.bulk_create(
        [User(username=f"person{number}", password=unusable) for number in range(count)], batch_size=500
    )
    return list(User.objects.exclude(username=OWNER).order_by("pk"))


def _rooms(count: int) -> list[Room]:
    return [Room.objects.create(name=f"Room {n}", slug=f"room-{n}") for n in range(1, count + 1)]


def _memberships(rooms: list[Room], people: list[User], size: int, *, everywhere: bool) -> None:
    groups = (
        [people] * len(rooms) if everywhere else [people[i : i + size] for i in range(0, len(people), size)]
    )
    Membership.objects.bulk_create(
        [
            Membership(room=room, user=user)
            for room, group in zip(rooms, groups, strict=True)
            for user in group
        ],
        batch_size=BATCH,
    )


def _messages(rooms: list[Room], people: list[User], each: int) -> None:
    for room in rooms:
        for rows in _in_batches(_said(room, people, each)):
            Message.objects.bulk_create(rows, batch_size=BATCH)
        room.last_seq = room.version = each
        room.last_message_at = timezone.now()
        room.save()


def _in_batches(messages: Iterator[Message]) -> Iterator[list[Message]]:
    while rows := list(islice(messages, BATCH)):
        yield rows


def _said(room: Room, people: list[User], count: int) -> Iterator[Message]:
    now = timezone.now()
    sample = body(0, 1)
    html = render(sample)  # all messages differ in their numbers alone; a million need not be rendered
    for seq in range(1, count + 1):
        author = people[seq % len(people)]
        text = body(author.pk, seq)
        yield Message(
            room=room,
            seq=seq,
            version=seq,
            client_id=UUID(int=room.pk << 64 | seq),
            author=author,
            author_name=author.name,
            body=text,
            html=html.replace(sample, text),
            created_at=now - timedelta(seconds=count - seq),
        )


def _sessions(people: list[User]) -> list[str]:
    expires = timezone.now() + LIFETIME
    store = SessionStore()
    rows = []
    for user in people:
        key = secrets.token_hex(KEY_BYTES)
        data = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        rows.append(
            Session(
                digest=session_digest(key),
                session_key=key,
                session_data=store.encode(data),
                expire_date=expires,
                user=user,
            )
        )
    Session.objects.bulk_create(rows, batch_size=500)
    return [row.session_key for row in rows]
