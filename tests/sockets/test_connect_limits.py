"""Who opens too many connections, or too often, is refused before there is one; others come in."""

import asyncio
import json

import pytest

from chatproject.sockets.engine import EXTENSION
from chatproject.sockets.line import POLICY
from chatproject.sockets.testing import Closed
from tests.sockets.test_asgi import ask

from .support import Echo
from .test_limits import Clock


@pytest.fixture
def clock():
    return Clock()


async def denial(app, address="127.0.0.1"):
    """How a WebSocket is refused by a server that can tell why: status, headers, body."""
    sent = []
    scope = {
        "type": "websocket", "path": "/socket.io/", "query_string": b"EIO=4&transport=websocket",
        "scheme": "ws", "headers": [(b"host", b"localhost")], "client": (address, 1),
        "server": ("localhost", 80),
        "extensions": {"websocket.http.response": {}, EXTENSION: {"carrier": None}},
    }  # fmt: skip

    async def receive():
        return {"type": "websocket.connect"}

    async def send(event):
        sent.append(event)

    await app(scope, receive, send)
    assert [event["type"] for event in sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(sent[1]["body"])


async def test_an_address_has_so_many_connections_and_a_next_one_when_one_is_gone(stage):
    app = await stage.serve(Echo("/"), sockets_per_address=2)
    first, _ = [await stage.open(app) for _ in range(2)]
    for _ in range(2):
        with pytest.raises(Closed):
            await stage.open(app)
    elsewhere = await stage.open(app, address="127.0.0.2")
    await elsewhere.enter()
    await first.close()
    await stage.open(app)


@pytest.mark.parametrize(
    ("addresses", "logged"),
    [(["127.0.0.1"] * 50, "127.0.0.1"), ([f"2001:db8::{n}" for n in range(50)], "2001:db8::/64")],
    ids=["IPv4", "IPv6"],
)
async def test_a_refusal_says_when_to_come_back_and_what_is_logged_of_many_is_bounded(
    stage, log, clock, addresses, logged
):
    app = await stage.serve(Echo("/"), connect_rate=(2, 10.0), clock=clock)
    address = addresses[0]
    for _ in range(2):
        await stage.open(app, address=address)
    for each in addresses:
        status, headers, body = await denial(app, each)
        assert (status, headers[b"retry-after"], body["code"]) == (429, b"5", "rate_limited")
        assert 0 < body["retry_after"] <= 5
        assert int(headers[b"content-length"]) == len(json.dumps(body))
    with pytest.raises(Closed) as closed:  # a server that cannot say why
        await stage.open(app, address=address)
    assert not closed.value.accepted
    assert log.lines("turned_away") == [f"turned_away address={logged} why=rate_limited"]
    app.server.journal._often._sum_up()
    assert log.lines("turned_away")[1:] == [f"turned_away address={logged} why=rate_limited times=50"]
    clock.now += 5
    await (await stage.open(app, address=address)).enter()


async def test_over_long_polling_it_is_the_same_and_requests_of_a_session_are_not_counted(stage, clock):
    app = await stage.serve(Echo("/"), polling=True, connect_rate=(2, 10.0), clock=clock)
    for number in range(4):
        status, body, headers = await ask(app, "/socket.io/")
        if number < 2:
            assert status == 200
            sid = json.loads(body[1:])["sid"]
        else:
            assert (status, json.loads(body)["code"]) == (429, "rate_limited")
            assert headers[b"retry-after"] == b"5"
    assert (await ask(app, "/socket.io/", "EIO=4&transport=polling&sid=unknown"))[0] == 429
    assert (await ask(app, "/socket.io/", f"EIO=4&transport=polling&sid={sid}", "PUT"))[0] == 400
    for line in list(app.server.eio.lines.values()):
        line.kill()


async def test_who_goes_away_before_it_is_accepted_holds_no_place(stage):
    app = await stage.serve(Echo("/"), sockets_per_address=1)
    scope = (await stage.open(app)).scope

    async def receive():
        return {"type": "websocket.connect"}

    async def send(event):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await app.server.handle_request({**scope, "client": ("127.0.0.3", 1)}, receive, send)
    assert app.server.eio.places.size == 1
    await stage.open(app, address="127.0.0.3")


async def test_over_long_polling_an_address_has_so_many_sessions_too(stage):
    app = await stage.serve(Echo("/"), polling=True, sockets_per_address=1)
    assert (await ask(app, "/socket.io/"))[0] == 200
    assert (await ask(app, "/socket.io/"))[0] == 429
    (line,) = app.server.eio.lines.values()
    line.kill()
    await asyncio.wait(app.server.eio._living)
    assert app.server.eio.places.size == 0


@pytest.mark.parametrize("depth", [5, 0])
async def test_how_deep_a_packet_may_be_is_a_setting(stage, log, depth):
    app = await stage.serve(Echo("/"), json_depth=depth)
    wire = await stage.open(app)
    await wire.enter()
    for number, levels in enumerate([3, 4]):  # within the event's own list and payload
        wire.send_text(f'42{number}["echo",{{"text":{"[" * levels}{"]" * levels}}}]')
    assert '"code":"invalid"' in await wire.frame("430")
    if depth:
        assert await wire.wait_closed() == POLICY
        assert log.lines("dropped") == ["dropped address=127.0.0.1 why=bad_packet"]
    else:
        assert '"code":"invalid"' in await wire.frame("431")
