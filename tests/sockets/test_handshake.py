"""The opening handshake: what we accept ourselves, the full parser accepts too, and answers alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.http11 import Request
from websockets.server import ServerProtocol

from chatproject.sockets.handshake import plain_handshake

KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
GOOD = {
    "host": "localhost",
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": KEY,
}


def request(headers, first="GET /socket.io/?EIO=4 HTTP/1.1"):
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def accepted_by_the_full_parser(data):
    """The proof in its answer, and the headers it read; None if it refuses."""
    full = ServerProtocol()
    full.receive_data(data)
    found = [event for event in full.events_received() if isinstance(event, Request)]
    if not found:
        return None
    response = full.accept(found[0])
    if response.status_code != 101:
        return None
    headers = [(name.lower().encode(), value.encode()) for name, value in found[0].headers.raw_items()]
    return response.headers["Sec-WebSocket-Accept"].encode(), headers, found[0].path.encode()


def test_what_browsers_send_is_accepted():
    more = {
        "Connection": "keep-alive, Upgrade",
        "Upgrade": "WebSocket",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        "Origin": "http://localhost",
        "Cookie": "a=1; b=2",
    }
    kept = {name: value for name, value in GOOD.items() if name not in {"connection", "upgrade"}}
    data = request([*kept.items(), *more.items()])
    ours = plain_handshake(data)
    assert ours is not None
    assert (ours.accept, ours.headers, ours.target) == accepted_by_the_full_parser(data)


@pytest.mark.parametrize(
    "change",
    [
        {"connection": "close"},
        {"connection": "upgraded"},
        {"upgrade": "h2c"},
        {"upgrade": "websocket, h2c"},
        {"sec-websocket-version": "8"},
        {"sec-websocket-key": "short"},
        {"sec-websocket-key": ""},
        {"sec-websocket-key": "AAAA AAAAAAAAAAAAAAAAAA=="},
        {"sec-websocket-key": KEY[:-1]},
        {"sec-websocket-protocol": "chat"},
        {"content-length": "5"},
        {"transfer-encoding": "chunked"},
    ],
    ids=str,
)
def test_anything_else_is_left_to_the_full_parser(change):
    assert plain_handshake(request(GOOD.items())) is not None
    assert plain_handshake(request({**GOOD, **change}.items())) is None


@pytest.mark.parametrize("name", ["upgrade", "sec-websocket-key", "sec-websocket-version", "connection"])
def test_so_is_what_is_missing_or_said_twice(name):
    assert plain_handshake(request([*GOOD.items(), (name, GOOD[name])])) is None
    assert plain_handshake(request([(key, value) for key, value in GOOD.items() if key != name])) is None


@pytest.mark.parametrize(
    "first",
    [
        "POST / HTTP/1.1",
        "GET / HTTP/1.0",
        "GET / HTTP/2",
        "GET /",
        "GET",
        "",
        "GET  / HTTP/1.1",
        "GET é HTTP/1.1",
    ],
)
def test_so_is_every_other_request(first):
    assert plain_handshake(request(GOOD.items(), first)) is None


def test_so_is_one_that_does_not_end_where_it_should():
    data = request(GOOD.items())
    assert plain_handshake(data[:-1]) is None
    assert plain_handshake(data + b"x") is None


names = st.sampled_from([*GOOD, "Connection", "UPGRADE", "sec-websocket-protocol", "x-other", "origin"])
values = st.sampled_from(
    [*GOOD.values(), "", "upgrade, Upgrade", "Websocket", "13 ", "a", KEY.lower(), "chat"]
)


@given(
    headers=st.lists(st.tuples(names, values), max_size=4),
    left_out=st.sets(st.sampled_from([*GOOD]), max_size=1),
    first=st.sampled_from(
        ["GET /a?b=c HTTP/1.1", "GET /%C3%A9 HTTP/1.1", "HEAD / HTTP/1.1", "GET / HTTP/1.0"]
    ),
)
def test_what_is_accepted_the_full_parser_accepts_with_the_same_answer(headers, left_out, first):
    kept = [(name, value) for name, value in GOOD.items() if name not in left_out]
    data = request([*kept, *headers], first)
    ours = plain_handshake(data)
    if ours is not None:
        theirs = accepted_by_the_full_parser(data)
        assert theirs is not None
        assert (ours.accept, ours.target) == (theirs[0], theirs[2])
        assert [(name, value.strip()) for name, value in ours.headers] == theirs[1]
