"""Browsers: signed in, guests', and of people who come from this machine or from elsewhere."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from rooms.operations.community import Openness, found_community
from tests.support.server import PASSWORD


def browser(user: User | None = None, **environ: Any) -> Client:
    """A browser on this machine, in which `user` is signed in."""
    client = Client(**{"SERVER_NAME": "localhost", "REMOTE_ADDR": "127.0.0.1", **environ})
    if user:
        client.force_login(user)
    return client


def guest_browser(name: str) -> Client:
    """The browser of a visitor who has chosen a name."""
    client = browser()
    assert client.post("/accounts/guest/", {"name": name}).status_code == 302
    return client


@pytest.fixture
def founded(db: None) -> User:
    """The first run was answered: an open community, and olivia owns it."""
    return found_community(username="olivia", password=PASSWORD, openness=Openness.OPEN)


@pytest.fixture
def closed(db: None) -> User:
    """The first run was answered: a private team, and olivia owns it."""
    return found_community(username="olivia", password=PASSWORD, openness=Openness.PRIVATE)
