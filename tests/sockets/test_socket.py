"""What a middleware and a handler can know of a client."""

from unittest.mock import Mock

import pytest

from chatproject.sockets.line import Line
from chatproject.sockets.socket import Socket

from .support import Echo, Wire, socket_of


def made_of(headers):
    line = Line("sid", {"client": ("10.0.0.7", 50000), "headers": headers}, Mock(), Mock())
    return Socket(Mock(), line, "/", None)


async def test_its_address_is_the_one_the_server_saw(stage):
    """Under ASGI the engine's own REMOTE_ADDR is always 127.0.0.1; and what a header says is not believed."""
    app = await stage.serve(Echo("/"))
    headers = {"x-forwarded-for": "1.2.3.4", "x-real-ip": "1.2.3.4", "forwarded": "for=1.2.3.4"}
    entry = await stage.enter(app, address="10.0.0.7", headers=headers)
    assert socket_of(app, entry).address == "10.0.0.7"


async def test_a_server_behind_a_unix_socket_knows_no_address(stage):
    app = await stage.serve(Echo("/"))
    wire = Wire(app)
    wire.scope["client"] = None
    async with wire:
        assert socket_of(app, await wire.enter()).address == ""


@pytest.mark.parametrize(
    ("headers", "cookies"),
    [
        ([], {}),
        ([(b"cookie", b"")], {}),
        ([(b"cookie", b"a=1; b=2")], {"a": "1", "b": "2"}),
        ([(b"cookie", b"a=1"), (b"cookie", b"b=2")], {"a": "1", "b": "2"}),
        ([(b"cookie", b'a="x y"; b=%20')], {"a": "x y", "b": "%20"}),
        ([(b"cookie", b"a=1; a=2")], {"a": "2"}),
        ([(b"cookie", b"; ;=;==;a")], {"": "a"}),
        ([(b"cookie", b"\xff\xfe=\x00")], {"\xff\xfe": "\x00"}),
        ([(b"x-cookie", b"a=1")], {}),
    ],
)
def test_cookies_are_read_whatever_they_are(headers, cookies):
    assert made_of(headers).cookies == cookies


def test_its_program_is_what_it_says_or_nothing():
    assert made_of([]).agent == ""
    assert made_of([(b"user-agent", b"Firefox"), (b"user-agent", b"other")]).agent == "Firefox; other"
    assert made_of([(b"user-agent", b"\xff")]).agent == "\xff"


def test_without_auth_it_has_an_empty_one():
    assert made_of([]).auth == {}


async def test_rooms_are_read_sorted_and_without_its_own(stage):
    app = await stage.serve(Echo("/"))
    entry = await stage.enter(app)
    socket = socket_of(app, entry)
    assert socket.rooms == []
    socket.join("lobby", "attic")
    socket.join("attic")
    await entry.received("nothing")
    assert socket.rooms == ["attic", "lobby"]
    socket.leave("lobby", "nowhere")
    await entry.received("nothing")
    assert socket.rooms == ["attic"]
