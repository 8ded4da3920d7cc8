"""Browsers: signed in, guests', and of people who come from this machine or from elsewhere."""

import functools
from typing import Any

import pytest
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from accounts.models import User
from rooms.models import Community, Room
from rooms.operations.memberships import join_rooms_for_everyone
from tests.support.people import person


@functools.cache
def _handler() -> ClientHandler:
    # One for all: making its middlewares looks at each static file there is.
    return ClientHandler(enforce_csrf_checks=False)


def browser(user: User | None = None, **environ: Any) -> Client:
    """A browser on this machine, in which `user` is signed in."""
    client = Client(**{"SERVER_NAME": "localhost", "REMOTE_ADDR": "127.0.0.1", **environ})
    client.handler = _handler()
    if user:
        client.force_login(user)
    return client


def guest_browser(name: str) -> Client:
    """The browser of a visitor who has chosen a name."""
    client = browser()
    assert client.post("/accounts/guest/", {"name": name}).status_code == 302
    return client


def _founded(*, signup_open: bool) -> User:
    Community.objects.update_or_create(
        pk=Community.ONLY, defaults={"founded_at": timezone.now(), "signup_open": signup_open}
    )
    olivia = person("olivia", is_staff=True, is_superuser=True)
    join_rooms_for_everyone(person=olivia)
    return olivia


@pytest.fixture
def founded(db: None) -> User:
    """The first run was answered: an open community, and olivia owns it."""
    return _founded(signup_open=True)


@pytest.fixture
def closed(db: None) -> User:
    """The first run was answered: a private team, and olivia owns it."""
    Room.objects.update(guests_may_read=False, guests_may_post=False)
    return _founded(signup_open=False)
