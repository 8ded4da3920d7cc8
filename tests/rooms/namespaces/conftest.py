"""The office of the staff: who enters `/admin`, what is taken from them, and what the audit says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from accounts.models import AuditEntry, User
from chatproject.sockets.database import in_database
from chatproject.sockets.testing import TIMEOUT, Entry
from rooms.namespaces import staff as console
from tests.rooms.conftest import House

Office = Callable[..., Awaitable[Entry]]


class Clock:
    """Stands in for `asyncio` where the console waits: it goes on when the test says so."""

    ensure_future = staticmethod(asyncio.ensure_future)

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._go_on: asyncio.Queue[None] = asyncio.Queue()
        self._waiting = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._waiting.set()
        await self._go_on.get()

    async def tick(self) -> None:
        """Lets one interval pass; returns when all that follows from it is done."""
        async with asyncio.timeout(TIMEOUT):
            await self._waiting.wait()
            self._waiting.clear()
            self._go_on.put_nowait(None)
            await self._waiting.wait()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(console, "asyncio", clock)
    return clock


@pytest.fixture
def office(clock: Clock, house: House, staff: User) -> Office:
    """Enters `/admin`, as the staff person if nobody is named."""
    return lambda who=staff: house.enter(who, "/admin")


async def take(user: User, codename: str) -> None:
    """Takes a permission away from somebody."""
    await in_database(lambda: user.user_permissions.remove(Permission.objects.get(codename=codename)))


async def give(user: User, codename: str) -> None:
    """Gives somebody a permission."""
    await in_database(lambda: user.user_permissions.add(Permission.objects.get(codename=codename)))


async def notes() -> list[tuple[Any, ...]]:
    """Who did what to whom, by the audit."""
    found = AuditEntry.objects.order_by("number").values_list("actor_name", "action", "target_name")
    return await in_database(lambda: list(found))
