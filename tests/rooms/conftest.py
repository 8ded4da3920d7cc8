"""The conversation in tests: messages made by the operations, people whose sockets enter the application."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connections

from accounts.guests import GUEST_NAME, Guest, Person, person_of
from accounts.models import User
from accounts.sessions import SessionStore
from chatproject.sockets.asgi import Application
from chatproject.sockets.database import in_database
from chatproject.sockets.testing import TIMEOUT, Connection, Entry
from rooms.models import Message, Room
from rooms.operations.messages import post_message


def post(person: Person, room: Room, body: str = "Hello", client_id: UUID | None = None) -> Message:
    """A message, posted by the operation."""
    return post_message(person=person, room=room.pk, client_id=client_id or uuid4(), body=body)


def post_many(person: Person, room: Room, count: int) -> list[Message]:
    """Messages whose bodies are their numbers, from 1."""
    return [post(person, room, str(number)) for number in range(1, count + 1)]


def fill(author: User, room: Room, count: int) -> None:
    """Puts messages into the tables as `post_many` would, but all at once."""
    room.refresh_from_db()
    numbers = range(room.last_seq + 1, room.last_seq + count + 1)
    Message.objects.bulk_create(
        Message(
            room=room,
            seq=n,
            version=room.version + n - room.last_seq,
            client_id=uuid4(),
            author=author,
            body=str(n),
        )
        for n in numbers
    )
    room.last_seq += count
    room.version += count
    room.save()


def session_key(person: User | str) -> str:
    """The cookie of a new session: of a signed-in person, or of a guest with this name."""
    session = SessionStore()
    if isinstance(person, User):
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    else:
        session[GUEST_NAME] = person
    session.create()
    return str(session.session_key)


def guest_with(key: str) -> Guest:
    """The guest of a session."""
    guest = person_of(None, SessionStore(key))
    assert isinstance(guest, Guest)
    return guest


class House:
    """The application in this loop, and everybody who has come in.

    A person is a `User`, a guest's name, or None for a visitor without a session; whoever comes again
    comes with the same cookie: another tab of the same browser.
    """

    def __init__(self, application: Application, stack: AsyncExitStack) -> None:
        self.application = application
        self.server = application.server
        self.keys: dict[User | str, str] = {}
        self.entries: list[Entry] = []
        self._stack = stack

    async def connect(self, person: User | str | None = None, **options: Any) -> Connection:
        """A connection that has entered no namespace yet."""
        cookies = {}
        if person is not None:
            if person not in self.keys:
                self.keys[person] = await in_database(session_key, person)
            cookies["sessionid"] = self.keys[person]
        return await self._stack.enter_async_context(Connection(self.application, cookies=cookies, **options))

    async def enter(self, person: User | str | None = None, namespace: str = "/") -> Entry:
        """A connection of its own in `namespace`, which hears its rooms already."""
        entry = await (await self.connect(person)).enter(namespace)
        self.entries.append(entry)
        if namespace == "/":
            await entry.call("sync", {})  # as every client does: it is answered once the rooms are joined
        return entry

    async def hush(self) -> None:
        """Forgets all that the entries have been told so far, how they all came in for one."""
        for entry in self.entries:
            await entry.received("")
            entry.events.clear()


@pytest.fixture
async def house(transactional_db: None, static_files: Path) -> AsyncIterator[House]:
    from chatproject.asgi import build_application  # noqa: PLC0415 - it looks the static files up

    application = build_application()
    async with AsyncExitStack() as stack:
        await application.start()
        stack.push_async_callback(application.stop)
        yield House(application, stack)


async def ok(entry: Entry, event: str, **payload: Any) -> Any:
    """The data of an ack that must be good."""
    ack = await entry.call(event, payload)
    assert ack["ok"], ack
    return ack["data"]


async def refused(entry: Entry, event: str, **payload: Any) -> dict[str, Any]:
    """The error of an ack that must be bad."""
    ack = await entry.call(event, payload)
    assert not ack["ok"], ack
    assert ack.keys() == {"ok", "error"}
    error: dict[str, Any] = ack["error"]
    return error


async def say(entry: Entry, room: Room | int | str, body: str = "Hello", **more: Any) -> dict[str, Any]:
    """The message that was posted."""
    key = room.pk if isinstance(room, Room) else room
    payload = {"room": key, "client_id": str(uuid4()), "body": body, **more}
    message: dict[str, Any] = (await ok(entry, "post_message", **payload))["message"]
    return message


async def nobody_hears(event: str, *entries: Entry) -> None:
    """None of them has received `event`, after whatever was on its way has arrived."""
    for entry in entries:
        assert await entry.received(event) == []


async def call_as_browser(entry: Entry, event: str, **payload: Any) -> Any:
    """The ack of an event written as JSON.stringify writes it: characters as they are, not escaped."""
    entry._last_id += 1
    ack = entry._acks[entry._last_id] = asyncio.get_running_loop().create_future()
    text = json.dumps([event, payload], ensure_ascii=False)
    entry.connection.send_text(f"42{entry.prefix}{entry._last_id}{text}")
    return await asyncio.wait_for(ack, TIMEOUT)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned or raised; they ran in the same moment, each in a thread of its own."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait(TIMEOUT)
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


@pytest.fixture
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test in which something is logged as a failure of ours."""
    yield
    loud = [r.getMessage() for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR]
    assert loud == []
