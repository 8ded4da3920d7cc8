"""Our protocol class for uvicorn: what it reads itself is read as uvicorn's own class reads it."""

import asyncio
import logging
import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import apply_mask  # type: ignore[attr-defined]

from chatproject.sockets.engine import EXTENSION
from chatproject.sockets.frames import text_frame, texts
from chatproject.sockets.uvicorn_websocket import MOST_PONGS, FrameWebSocket

AHEAD = 8  # frames of one connection that may wait
LIMIT = 300  # bytes of one message, where no test says another
KEY = b"\x01\x02\x03\x04"
PONG = b"\x8a\x00"  # empty
HANDSHAKE = (
    b"GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)

MUTE = logging.getLogger("mute")
MUTE.propagate = False
MUTE.addHandler(logging.NullHandler())


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and whether reading is paused."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_paused = False
        self.is_closed = False
        self.unsent = 12

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    abort = close

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def get_write_buffer_size(self) -> int:
        return self.unsent


class Side:
    """One protocol with an application that has accepted, and takes what comes only when asked to."""

    def __init__(
        self, kind: type[WebSocketsSansIOProtocol], loop: asyncio.AbstractEventLoop, limit: int = LIMIT
    ) -> None:
        self.loop = loop
        self.accepted, self.over = asyncio.Event(), asyncio.Event()
        config = uvicorn.Config(
            self._application,
            ws_max_size=limit,
            ws_max_queue=AHEAD,
            ws_per_message_deflate=False,
            log_config=None,
            interface="asgi3",
        )
        config.load()
        self.protocol = kind(config=config, server_state=ServerState(), app_state={}, _loop=loop)
        self.wire = Wire()
        self.protocol.connection_made(self.wire)
        self.protocol.data_received(HANDSHAKE)
        loop.run_until_complete(self._until_accepted())
        self.shaken = len(self.wire.written)

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        await receive()
        await send({"type": "websocket.accept"})
        self.accepted.set()
        await self.over.wait()

    async def _until_accepted(self) -> None:
        await self.accepted.wait()

    def feed(self, data: bytes) -> None:
        """Gives it bytes, unless it has closed: a closed transport gives none."""
        if not self.wire.is_closed:
            self.protocol.data_received(data)

    def taken(self) -> list[Any]:
        """What the application receives now."""
        events: list[Any] = []
        while True:
            self.loop.run_until_complete(asyncio.sleep(0))  # what is left of a turn is read in the next
            if self.protocol.queue.empty():
                return events
            events.append(self.loop.run_until_complete(self.receive()))

    @property
    def paused(self) -> bool:
        return self.wire.is_paused

    @property
    def waiting(self) -> int:
        return len(getattr(self.protocol.queue, "waiting"))  # noqa: B009 - the base class has another queue

    @property
    def sent(self) -> bytes:
        return self.wire.written[self.shaken :]


def end(*sides: Side) -> None:
    for side in sides:
        side.over.set()
        if side.protocol.close_timer:
            side.protocol.close_timer.cancel()
    loop = sides[0].loop
    loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop)))


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def frame(payload: bytes, *, opcode: int = 1, final: bool = True, masked: bool = True, rsv: int = 0) -> bytes:
    """One frame as a client sends it, or should not."""
    first = (0x80 if final else 0) | rsv << 4 | opcode
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, size | (0x80 if masked else 0))
    elif size < 65_536:
        head = struct.pack("!BBH", first, 126 | (0x80 if masked else 0), size)
    else:
        head = struct.pack("!BBQ", first, 127 | (0x80 if masked else 0), size)
    if not masked:
        return head + payload
    return head + KEY + apply_mask(payload, KEY)


payloads = st.one_of(
    st.text(max_size=20).map(str.encode),
    st.binary(max_size=6),
    st.integers(120, 130).map(lambda size: b"x" * size),
    st.sampled_from([LIMIT - 1, LIMIT, LIMIT + 1]).map(lambda size: b"y" * size),
)
texts_of_one_frame = payloads.map(frame)
in_fragments = st.lists(st.text(max_size=4).map(str.encode), min_size=2, max_size=4).map(
    lambda parts: b"".join(
        frame(part, opcode=0 if index else 1, final=index == len(parts) - 1)
        for index, part in enumerate(parts)
    )
)
odd = st.builds(
    frame,
    st.binary(max_size=10),
    opcode=st.sampled_from([0, 1, 2, 3, 8, 9, 10, 11]),
    final=st.booleans(),
    masked=st.booleans(),
    rsv=st.sampled_from([0, 0, 0, 4]),
)


@given(
    streams=st.lists(st.one_of(texts_of_one_frame, texts_of_one_frame, in_fragments, odd), max_size=6),
    cuts=st.lists(st.floats(0, 1), max_size=5),
)
def test_any_frames_in_any_pieces_are_taken_and_answered_as_uvicorn_does(loop, streams, cuts):
    stream = b"".join(streams)
    edges = sorted({0, len(stream), *(int(cut * len(stream)) for cut in cuts)})
    ours, theirs = Side(FrameWebSocket, loop), Side(WebSocketsSansIOProtocol, loop)
    theirs.protocol.logger = MUTE  # it logs a traceback for text that is not UTF-8; ours must not
    for first, behind in pairwise(edges):
        ours.feed(stream[first:behind])
    taken = ours.taken()
    for whole in streams:
        theirs.feed(whole)
    expected = theirs.taken()
    end(ours, theirs)
    assert taken == expected
    assert (ours.sent, ours.wire.is_closed) == (theirs.sent, theirs.wire.is_closed)


@pytest.mark.parametrize("size", [65_535, 65_536, 100_000, 100_001])
def test_large_messages_in_small_pieces_too(loop, size):
    stream = frame(b"z" * size) + frame(b"4after")
    ours, theirs = Side(FrameWebSocket, loop, 100_000), Side(WebSocketsSansIOProtocol, loop, 100_000)
    for side in (ours, theirs):
        for start in range(0, len(stream), 10_000):
            side.feed(stream[start : start + 10_000])
    taken = ours.taken()
    assert taken == theirs.taken()
    assert [event["type"] for event in taken][:1] == [
        "websocket.receive" if size <= 100_000 else "websocket.disconnect"
    ]
    assert ours.sent == theirs.sent
    end(ours, theirs)


def test_what_waits_for_the_application_is_bounded(loop):
    side = Side(FrameWebSocket, loop)
    for number in range(AHEAD - 1):
        side.feed(frame(b"4%d" % number))
    seen = [side.paused]
    side.feed(frame(b"4last"))
    seen.append(side.paused)
    assert len(side.taken()) == AHEAD
    assert [*seen, side.paused] == [False, True, False]
    end(side)


@pytest.mark.parametrize(
    "small", [frame(b"3"), frame(b""), frame(b"", opcode=9)], ids=["pong", "empty", "ping"]
)
def test_however_small_its_frames_a_client_takes_its_share_of_a_turn_and_no_more(loop, small):
    side = Side(FrameWebSocket, loop)
    side.feed(small * 1000)
    assert 0 < side.waiting + side.sent.count(PONG) <= AHEAD
    seen: list[int] = []
    loop.call_soon(lambda: seen.append(side.waiting + side.sent.count(PONG)))
    loop.run_until_complete(asyncio.sleep(0))
    assert seen[0] <= 2 * AHEAD  # others have their turn long before all is read
    was_paused = side.paused
    taken: list[Any] = []
    while len(taken) + side.sent.count(PONG) < 1000:
        taken += side.taken()
    side.taken()  # one more turn, to see that it was all
    assert (was_paused, side.paused) == (True, False)
    end(side)


def test_who_pings_and_takes_no_pong_is_gone(loop):
    side = Side(FrameWebSocket, loop)
    side.feed(frame(b"", opcode=9))
    assert side.sent == PONG
    side.wire.unsent = MOST_PONGS + 1
    side.feed(frame(b"", opcode=9))
    side.taken()  # an odd frame is the last of its turn
    assert side.sent == PONG
    assert side.wire.is_closed
    end(side)


def test_nothing_that_follows_a_close_is_read_but_the_answer_to_it(loop):
    side = Side(FrameWebSocket, loop)
    side.feed(frame(b"4a") * 20)
    loop.run_until_complete(side.send({"type": "websocket.close", "code": 1000}))
    side.feed(frame(b"late") * 100 + frame(struct.pack("!H", 1000), opcode=8))
    for _ in range(40):
        loop.run_until_complete(asyncio.sleep(0))
    assert side.wire.is_closed
    assert {"type": "websocket.receive", "text": "late"} not in side.taken()
    end(side)


def test_a_connection_that_has_ended_is_not_kept_by_its_own_scope(loop):
    side = Side(FrameWebSocket, loop)
    assert side.scope["extensions"][EXTENSION]["carrier"] is side.protocol
    side.protocol.connection_lost(None)
    assert EXTENSION not in side.scope["extensions"]
    end(side)


def test_frames_that_are_made_leave_as_they_are_until_it_closes(loop):
    side = Side(FrameWebSocket, loop)
    carrier = side.scope["extensions"]["chatproject.frames"]["carrier"]
    carrier.write(text_frame("2") + text_frame("42[]"))
    assert list(texts(side.sent)) == ["2", "42[]"]
    assert carrier.unsent() == 12
    loop.run_until_complete(carrier.close(1008))
    carrier.write(text_frame("late"))
    assert side.sent.endswith(b"\x88\x02" + struct.pack("!H", 1008))
    end(side)


@given(st.lists(st.text(max_size=200), max_size=5), st.sampled_from(["", "x" * 125, "x" * 126, "x" * 70_000]))
def test_a_frame_gives_back_its_text(some, more):
    given_texts = [*some, more]
    assert list(texts(b"".join(map(text_frame, given_texts)))) == given_texts


def test_half_a_surrogate_pair_makes_no_frame():
    with pytest.raises(ValueError, match="surrogates"):
        text_frame("\ud800")
