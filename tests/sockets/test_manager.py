"""The client manager under python-socketio's own ways: in memory, and below its manager over Redis."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio

from chatproject.sockets.manager import FanOutManager
from tests.support import machine

from .support import Echo, Stage, socket_of


class OverRedis(socketio.AsyncRedisManager, FanOutManager):  # type: ignore[misc]
    """What another process publishes is handed to the fan-out of this one."""


async def four(stage: Stage) -> Any:
    app = await stage.serve(Echo("/"), Echo("/other"))
    entries = {name: await stage.enter(app) for name in ("ann", "bob", "cat")}
    entries["eve"] = await stage.enter(app, "/other")
    for name, rooms in {"ann": ["hall"], "bob": ["hall", "attic"], "eve": ["hall"]}.items():
        app.server.enter(socket_of(app, entries[name]), *rooms)
    return app, entries


@pytest.mark.parametrize(
    ("options", "reached"),
    [
        ({"room": "hall"}, {"ann", "bob"}),
        ({"to": "attic"}, {"bob"}),
        ({"room": ["hall", "attic"]}, {"ann", "bob"}),
        ({"room": "nowhere"}, set()),
        ({"room": []}, set()),
        ({}, {"ann", "bob", "cat"}),
    ],
    ids=str,
)
async def test_an_event_reaches_each_socket_of_the_rooms_once(stage, options, reached):
    app, entries = await four(stage)
    await app.server.manager.emit("news", {"n": 1}, "/", **options)
    for name, entry in entries.items():
        assert await entry.received("news") == ([{"n": 1}] if name in reached else [])


async def test_sockets_can_be_skipped(stage):
    app, entries = await four(stage)
    await app.server.manager.emit("news", {}, "/", skip_sid=entries["ann"].sid)
    await app.server.manager.emit("more", {}, "/", skip_sid=[entries["ann"].sid, entries["bob"].sid])
    got = {
        name: (await entry.received("news"), await entry.received("more")) for name, entry in entries.items()
    }
    assert got == {"ann": ([], []), "bob": ([{}], []), "cat": ([{}], [{}]), "eve": ([], [])}


async def test_the_answer_of_one_socket_comes_back(stage):
    app, entries = await four(stage)
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    sid = entries["bob"].sid
    await app.server.manager.emit("ask", {}, "/", room=sid, callback=answer.set_result)
    assert await asyncio.wait_for(answer, 5) == {"ok": True}


async def test_who_is_where_is_told_in_both_directions(stage):
    app, entries = await four(stage)
    manager = app.server.manager
    sids = {name: entry.sid for name, entry in entries.items()}
    line = socket_of(app, entries["ann"]).line
    assert {sid for sid, _ in manager.get_participants("/", "hall")} == {sids["ann"], sids["bob"]}
    assert manager.get_rooms(sids["bob"], "/") == [sids["bob"], "attic", "hall"]
    assert manager.get_rooms(sids["bob"], "/other") == []
    assert manager.is_connected(sids["ann"], "/")
    assert not manager.is_connected(sids["ann"], "/other")
    assert manager.eio_sid_from_sid(sids["ann"], "/") == line.sid
    assert manager.sid_from_eio_sid(line.sid, "/") == sids["ann"]
    assert manager.sid_from_eio_sid(line.sid, "/other") is None
    assert manager.sid_from_eio_sid("nobody's", "/") is None


# --- Over Redis ---------------------------------------------------------------------------------
@pytest.fixture
async def two(stage: Stage) -> AsyncIterator[list[Any]]:
    """Two servers that share a channel, and a client of each, both in hall."""
    channel = f"tests-{id(stage)}"
    sides = []
    for _ in range(2):
        manager = OverRedis(machine.REDIS_URL, channel=channel)
        app = await stage.serve(Echo("/"), client_manager=manager)
        entry = await stage.enter(app)
        app.server.enter(socket_of(app, entry), "hall")
        sides.append((app, entry))
    await _subscribed(sides[0][0].server.manager, channel, 2)
    yield sides
    for app, _ in sides:
        app.server.manager.thread.cancel()
        await asyncio.gather(app.server.manager.thread, return_exceptions=True)
        await app.server.manager.redis.aclose()


async def _subscribed(manager: Any, channel: str, count: int) -> None:
    async with asyncio.timeout(5):
        while True:
            found = await manager.redis.pubsub_numsub(channel) if manager.redis else [(channel, 0)]
            if found[0][1] >= count:
                return
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)


@pytest.mark.needs("redis")
async def test_an_event_of_one_process_reaches_the_sockets_of_both_once_and_in_order(two):
    (here, ann), (_, bob) = two
    for number in range(50):
        await here.server.manager.emit("news", {"n": number}, "/", room="hall")
    await here.server.manager.emit("last", {}, "/", room="hall")
    for entry in (ann, bob):
        assert [(await entry.receive("news"))["n"] for _ in range(50)] == list(range(50))
        assert await entry.receive("last") == {}
        assert list(entry.events) == []


@pytest.mark.needs("redis")
async def test_what_crosses_is_json_and_not_for_other_rooms(two):
    (here, ann), (_, bob) = two
    pubsub = here.server.manager.redis.pubsub()
    await pubsub.subscribe(here.server.manager.channel)
    await here.server.manager.emit("secret", {"text": "é"}, "/", room="attic")
    await here.server.manager.emit("news", {}, "/", room="hall")
    assert await bob.receive("news") == {}
    assert await bob.received("secret") == []
    assert await ann.received("secret") == []
    async with asyncio.timeout(5):
        async for message in pubsub.listen():
            if message["type"] == "message":
                assert json.loads(message["data"])["event"] == "secret"
                break
    await pubsub.aclose()
