"""The test client itself: it must not make a test pass that should fail."""

import asyncio

import pytest

from chatproject.sockets import testing
from chatproject.sockets.asgi import Application
from chatproject.sockets.namespace import Namespace
from chatproject.sockets.server import Server
from chatproject.sockets.testing import Closed, Connection, Refused

from .support import Echo, Nothing, fail, page, socket_of


async def test_it_connects_calls_hears_and_goes_away(stage):
    app = await stage.serve(Echo("/"))
    async with Connection(app, cookies={"a": "1"}) as connection:
        entry = await connection.enter("/")
        assert await entry.call("echo", {"text": "hi"}) == {"ok": True, "data": {"text": "hi"}}
        app.server.of("/").emit("news", {"n": 1})
        assert await entry.receive("news") == {"n": 1}
        assert socket_of(app, entry).cookies == {"a": "1"}
    assert app.server.environ == {}


async def test_one_connection_carries_several_namespaces_apart(stage):
    app = await stage.serve(Echo("/"), Echo("/admin"))
    async with Connection(app) as connection:
        chat, admin = await connection.enter("/"), await connection.enter("/admin")
        app.server.of("/admin").emit("stats", {})
        assert await admin.received("stats") == [{}]
        assert await chat.received("stats") == []
        answers = await asyncio.gather(chat.call("echo", {"text": "c"}), admin.call("echo", {"text": "a"}))
        assert [ack["data"]["text"] for ack in answers] == ["c", "a"]
        await admin.leave()
        assert (await chat.call("echo", {"text": "hi"}))["ok"]


async def test_receive_passes_other_events_over_and_received_leaves_them(stage):
    app = await stage.serve(Echo("/"))
    entry = await stage.enter(app)
    for event in ("a", "b", "a"):
        app.server.of("/").emit(event, {"event": event})
    assert await entry.received("a") == [{"event": "a"}] * 2
    assert await entry.received("a") == [{"event": "a"}] * 2
    assert await entry.receive("b") == {"event": "b"}
    assert await entry.received("b") == []


async def test_received_waits_for_all_that_is_on_its_way(stage):
    app = await stage.serve(Echo("/"))
    wire = await stage.open(app)
    entry = await wire.enter()
    wire.gate.clear()
    for number in range(50):
        app.server.submit(lambda number=number: app.server.of("/").emit("news", {"n": number}))
    asyncio.get_running_loop().call_later(0.01, wire.gate.set)
    assert [news["n"] for news in await entry.received("news")] == list(range(50))


async def test_received_of_a_client_that_is_gone_is_what_it_had(stage):
    app = await stage.serve(Echo("/"))
    wire = await stage.open(app)
    entry = await wire.enter()
    app.server.of("/").emit("news", {})
    app.server.of("/").disconnect(close=True)
    await wire.wait_closed()
    await wire.close()
    assert await entry.received("news") == [{}]


async def test_what_never_comes_is_a_timeout_and_no_success(stage, monkeypatch):
    monkeypatch.setattr(testing, "TIMEOUT", 0.02)

    class Silent(Namespace):
        async def on_wait(self, socket, payload: Nothing):
            await asyncio.Event().wait()

    app = await stage.serve(Silent("/"))
    wire = await stage.open(app)
    entry = await wire.enter()
    with pytest.raises(TimeoutError):
        await entry.receive("news")
    with pytest.raises(TimeoutError):
        await wire.wait_closed()
    asking = asyncio.ensure_future(entry.call("wait"))
    with pytest.raises(TimeoutError):
        await asking
    app.server.of("/").disconnect(close=True)
    monkeypatch.undo()
    wire._task.cancel()
    await asyncio.wait([wire._task])


async def test_a_refusal_carries_what_a_javascript_client_would_see(stage):
    class Failing(Namespace):
        middlewares = [fail]

    wire = await stage.open(await stage.serve(Echo("/")))
    with pytest.raises(Refused) as refused:
        await wire.enter("/nowhere")
    assert (refused.value.message, refused.value.data) == ("Invalid namespace", None)


async def test_a_closed_connection_is_told_apart_from_one_that_was_never_accepted(stage):
    app = await stage.serve(Echo("/"))
    with pytest.raises(Closed) as closed:
        await stage.open(app, headers={"origin": "http://evil.example"})
    assert (closed.value.accepted, closed.value.code) == (False, 1008)
    wire = await stage.open(app)
    wire.send_text("9")
    with pytest.raises(Closed) as closed:
        await wire.enter()
    assert (closed.value.accepted, closed.value.code) == (True, 1008)


async def test_an_application_that_fails_fails_the_test_at_once():
    class Broken(Application):
        async def _connect(self, scope, receive, send):
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        async with Connection(Broken(Server([Echo("/")]), page)):
            pytest.fail("it did not open")
