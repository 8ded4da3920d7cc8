"""The ASGI application: what goes where, and how it starts and stops."""

import asyncio
import json
from typing import Any

import pytest

from chatproject.sockets import publish, publishing
from chatproject.sockets.asgi import Application
from chatproject.sockets.server import Server
from chatproject.sockets.testing import Closed

from .support import Echo, left_over, page


async def ask(app, path, query="EIO=4&transport=polling", method="GET"):
    """The status and body of an HTTP request."""
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(), "scheme": "http",
        "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event):
        sent.append(event)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(event.get("body", b"") for event in sent[1:]), dict(sent[0]["headers"])


# --- What goes where ----------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/socket.io", "/socket", "/rooms/socket.io/", "/SOCKET.IO/"])
async def test_pages_are_djangos(stage, path):
    app = await stage.serve(Echo("/"))
    assert (await ask(app, path))[:2] == (200, b"a page")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "query", ["EIO=4&transport=polling", "EIO=4&transport=polling&sid=abc", "EIO=4&transport=polling&j=0", ""]
)
async def test_long_polling_is_refused_and_the_client_told_what_to_do(stage, method, query):
    app = await stage.serve(Echo("/"))
    status, body, headers = await ask(app, "/socket.io/", query, method)
    assert status == 400
    assert 'transports: ["websocket"]' in json.loads(body)["message"]
    assert headers[b"content-type"] == b"application/json"
    assert int(headers[b"content-length"]) == len(body)
    assert b"access-control-allow-origin" not in headers
    assert left_over(app.server) == {}


async def test_an_id_that_was_stolen_is_no_way_in(stage, log):
    app = await stage.serve(Echo("/"))
    entry = await stage.enter(app)
    (eio_sid,) = app.server.eio.lines
    for sid in (eio_sid, entry.sid):
        assert (await ask(app, "/socket.io/", f"EIO=4&transport=polling&sid={sid}"))[0] == 400
        with pytest.raises(Closed) as closed:
            await stage.open(app, query=f"EIO=4&transport=websocket&sid={sid}")
        assert not closed.value.accepted
    assert (await entry.call("echo", {"text": "still here"}))["ok"]
    assert eio_sid not in log.text()


@pytest.mark.parametrize(
    "query",
    ["", "EIO=4", "EIO=4&transport=polling", "EIO=3&transport=websocket", "transport=websocket", "%ff",
     "EIO=4&transport=x", "EIO=4&EIO=3&transport=websocket", "EIO=4&transport=websocket&transport=polling",
     "EIO=4&transport=websocket&sid=x", "EIO=4&transport=websocket&sid=a%0Aconnected%20forged"],
)  # fmt: skip
async def test_a_handshake_of_another_protocol_is_turned_away_with_one_line(stage, log, query):
    app = await stage.serve(Echo("/"))
    with pytest.raises(Closed) as closed:
        await stage.open(app, query=query)
    assert not closed.value.accepted
    assert log.lines() == ["turned_away address=127.0.0.1 why=protocol"]
    assert "forged" not in log.text()


@pytest.mark.parametrize("path", ["/", "/chat", "/socket.io", "/socket.iox/"])
async def test_there_is_no_other_websocket(stage, log, path):
    app = await stage.serve(Echo("/"))
    with pytest.raises(Closed) as closed:
        await stage.open(app, path=path)
    assert not closed.value.accepted
    assert log.lines() == ["turned_away address=127.0.0.1 why=path"]


# --- Life ---------------------------------------------------------------------------------------
class Living(Echo):
    def __init__(self, *args):
        super().__init__(*args)
        self.life = []

    async def on_start(self):
        self.life.append("start")

    async def on_stop(self):
        self.life.append("stop")


async def never(scope, receive, send):
    raise AssertionError("Django has no lifespan")


async def test_lifespan_starts_and_stops_the_server_and_django_hears_nothing_of_it():
    namespace = Living("/")
    app = Application(Server([namespace]), never)
    incoming, sent = ["lifespan.startup", "lifespan.shutdown"], []

    async def receive():
        return {"type": incoming.pop(0)}

    async def send(event):
        sent.append((event["type"], list(namespace.life), publishing._server is app.server))

    scope: Any = {"type": "lifespan"}
    await app(scope, receive, send)
    assert sent == [
        ("lifespan.startup.complete", ["start"], True),
        ("lifespan.shutdown.complete", ["start", "stop"], False),
    ]


async def test_without_lifespan_the_first_request_starts_it_once():
    namespace = Living("/")
    app = Application(Server([namespace]), page)
    assert namespace.life == []
    await ask(app, "/")
    await ask(app, "/")
    assert namespace.life == ["start"]
    assert publishing._server is app.server
    await app.stop()
    assert namespace.life == ["start", "stop"]
    assert publishing._server is None


@pytest.mark.parametrize("ends", [True, False], ids=["host ends", "host goes on"])
async def test_a_host_that_ends_may_cancel_what_is_still_being_handled(monkeypatch, ends):
    app = Application(Server([Echo("/")]), page)
    held = asyncio.Event()

    async def hold(*arguments):
        held.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(app, "_refusal", lambda scope: "")
    monkeypatch.setattr(app.server, "handle_request", hold)
    scope: Any = {"type": "websocket", "path": "/socket.io/"}
    channel: Any = None
    serving = asyncio.ensure_future(app(scope, channel, channel))
    await held.wait()
    if ends:
        app.hang_up()
    serving.cancel()
    await asyncio.wait([serving])
    assert serving.cancelled() != ends
    await app.stop()


async def test_what_is_published_reaches_the_application_that_runs(stage):
    first, second = await stage.serve(Echo("/")), await stage.serve(Echo("/"))
    entries = [await stage.enter(app) for app in (first, second)]
    for app in (first, second):
        app.server.enter(app.server.of("/").fetch_sockets()[0], "hall")
    publish("told", {}, to="hall")
    assert [await entry.received("told") for entry in entries] == [[], [{}]]
