"""What the sockets would have been told, and the sessions behind test clients."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from accounts import events
from accounts.channels import session_room, user_room
from accounts.models import Session, User

BOTH = ("/", "/admin")


@dataclass(frozen=True)
class Publication:
    event: str | None
    payload: dict[str, Any]
    to: str
    namespaces: tuple[str, ...]
    close: bool


class Published(list[Publication]):
    """What `publish` was given, in order."""

    def publish(
        self, event: str | None, payload: dict[str, Any], *, to: str, namespace: Iterable[str], close: bool
    ) -> None:
        self.append(Publication(event, payload, to, tuple(namespace), close))

    def in_chat(self) -> list[Publication]:
        """Of it, what reaches the namespace `/`: whoever is saved without being staff is none in `/admin`."""
        return [publication for publication in self if "/" in publication.namespaces]

    def rooms(self) -> set[str]:
        return {publication.to for publication in self}


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    record = Published()
    monkeypatch.setattr(events, "publish", record.publish)
    return record


def ended(room: str, reason: str, namespaces: tuple[str, ...] = BOTH) -> Publication:
    """The sockets in `room` are told why, and closed."""
    return Publication("session_ended", {"reason": reason}, room, namespaces, close=True)


def dropped(room: str) -> Publication:
    """The sockets in `room` are closed without a word, and so come back."""
    return Publication(None, {}, room, BOTH, close=True)


def session_of(client: Client) -> Session:
    return Session.objects.get(session_key=client.cookies["sessionid"].value)


def sockets_of(who: User | Client | Session) -> str:
    """The Socket.IO room of a person, of a client's session, of a session."""
    if isinstance(who, User):
        return user_room(who.pk)
    return session_room(session_of(who).digest if isinstance(who, Client) else who.digest)


def signed_in(user: User) -> Client:
    """A new browser in which `user` is signed in."""
    client = Client()
    client.force_login(user)
    return client
