"""Frames, before the engine sees them."""

import asyncio
from typing import Any

import pytest

from chatproject.sockets.transport import POLICY, TOO_BIG, Transport

from .support import Echo, event_frame, left_over


class Line:
    """Both ends of a transport."""

    def __init__(self, *frames, frame_bytes=100):
        self.incoming = [{"type": "websocket.connect"}, *map(self._event, frames)]
        self.sent = []
        # Typed loosely: the events here hold no more than what is looked at.
        self.transport: Any = Transport(
            self._receive, self._send, address="10.0.0.7", frame_bytes=frame_bytes
        )

    @staticmethod
    def _event(frame):
        kind = "text" if isinstance(frame, str) else "bytes"
        return {"type": "websocket.receive", kind: frame}

    async def _receive(self):
        return self.incoming.pop(0) if self.incoming else {"type": "websocket.disconnect", "code": 1006}

    async def _send(self, event):
        self.sent.append(event)

    async def run(self):
        """What the engine gets, until the end."""
        await self.transport.send({"type": "websocket.accept"})
        seen: list[str] = []
        while True:
            event = await self.transport.receive()
            if event["type"] == "websocket.disconnect":
                return seen
            if event["type"] == "websocket.receive":
                seen.append(event["text"])

    @property
    def codes(self):
        return [event["code"] for event in self.sent if event["type"] == "websocket.close"]


async def test_what_a_client_may_say_reaches_the_engine():
    line = Line("3", "40", "42[]", "3probe")
    assert await line.run() == ["3", "40", "42[]", "3probe"]
    assert (line.codes, line.transport.fault) == ([], "")


@pytest.mark.parametrize(
    ("frame", "code", "fault"),
    [
        (b"4binary", POLICY, "binary"),
        (b"", POLICY, "binary"),
        ("", POLICY, "bad_packet"),
        ("0{}", POLICY, "bad_packet"),
        ("2", POLICY, "bad_packet"),
        ("2probe", POLICY, "bad_packet"),
        ("5", POLICY, "bad_packet"),
        ("6", POLICY, "bad_packet"),
        ("7", POLICY, "bad_packet"),
        ("1x", POLICY, "bad_packet"),
        ("b4AAAA", POLICY, "bad_packet"),
        ("-1", POLICY, "bad_packet"),
        ("٤2", POLICY, "bad_packet"),
        ("\x1e", POLICY, "bad_packet"),
        ("4" + "x" * 100, TOO_BIG, "frame_too_large"),
        ("4" + "é" * 50, TOO_BIG, "frame_too_large"),
        ("4" + "😀" * 25, TOO_BIG, "frame_too_large"),
        ("x" * 101, TOO_BIG, "frame_too_large"),
    ],
    ids=repr,
)
async def test_what_it_may_not_say_closes_the_line_once_and_never_reaches_the_engine(frame, code, fault):
    line = Line("3", frame, "42[]", b"more", "4" + "x" * 1000)
    assert await line.run() == ["3"]
    assert line.codes == [code]
    assert line.transport.fault == fault


@pytest.mark.parametrize("frame", ["4" + "x" * 99, "4" + "é" * 49 + "x", "4" + "😀" * 24 + "xxx"])
async def test_a_frame_of_exactly_the_limit_in_bytes_passes(frame):
    assert len(frame.encode()) == 100
    assert await Line(frame).run() == [frame]


async def test_without_a_limit_every_frame_passes():
    frame = "4" + "é" * 200_000
    assert await Line(frame, frame_bytes=0).run() == [frame]


async def test_a_client_that_says_it_is_done_is_closed_without_fault():
    line = Line("1", "42[]")
    assert await line.run() == []
    assert (line.codes, line.transport.fault) == ([1000], "")


async def test_the_first_reason_to_close_is_the_one_that_counts():
    line = Line()
    line.transport.shut(TOO_BIG, "first")
    line.transport.shut(POLICY, "second")
    await line.transport.send({"type": "websocket.accept"})
    await line.transport.send({"type": "websocket.send", "text": "what stood before it"})
    await line.transport.close()
    await line.transport.close()
    await line.transport.send({"type": "websocket.close"})
    await line.transport.send({"type": "websocket.send", "text": "too late"})
    assert [event["type"] for event in line.sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert (line.codes, line.transport.fault) == ([TOO_BIG], "first")


async def test_before_it_is_accepted_it_closes_without_a_body():
    """A denial response would be logged as an error by the ASGI server, one for each."""
    line = Line()
    await line.transport.close()
    assert [event["type"] for event in line.sent] == ["websocket.close"]


async def test_nothing_is_sent_to_a_client_that_is_gone():
    line = Line()
    await line.run()
    await line.transport.send({"type": "websocket.send", "text": "42[]"})
    await line.transport.close()
    assert [event["type"] for event in line.sent] == ["websocket.accept"]


# --- In a server --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("frame", "code", "fault"),
    [
        ("4" + "x" * 200_000, 1009, "frame_too_large"),
        (event_frame("echo", {"text": "x" * 100_000}), 1009, "frame_too_large"),
        (b"\x04binary", 1008, "binary"),
        ("2", 1008, "bad_packet"),
        ("", 1008, "bad_packet"),
    ],
    ids=lambda value: repr(value)[:20],
)
async def test_it_ends_its_own_connection_with_one_line_and_a_neighbour_notices_nothing(
    stage, log, frame, code, fault
):
    app = await stage.serve(Echo("/"))
    neighbour, wire = await stage.enter(app), await stage.open(app, address="10.0.0.7")
    await wire.enter()
    if isinstance(frame, str):
        wire.send_text(frame)
    else:
        wire.send_bytes(frame)
    wire.send_text(event_frame("echo", {"text": "late"}, ack=1))
    assert await wire.wait_closed() == code
    await wire.close()
    assert log.lines("dropped") == [f"dropped address=10.0.0.7 why={fault}"]
    assert not any(frame.startswith("43") for frame in wire.frames)
    assert list(neighbour.events) == []
    assert (await neighbour.call("echo", {"text": "hi"}))["ok"]
    assert len(app.server.environ) == 1


async def test_attachments_are_refused_before_and_after_entering(stage):
    """They would be kept in memory, as many as the client says."""
    app = await stage.serve(Echo("/"))
    for enters in (False, True):
        wire = await stage.open(app)
        if enters:
            await wire.enter()
        wire.send_text('4510-["echo",{"_placeholder":true,"num":0}]')
        wire.send_bytes(b"x" * 1000)
        assert await wire.wait_closed() == 1008
        await wire.close()
    assert app.server._binary_packet == {}
    assert left_over(app.server) == {}


async def test_a_connection_is_forgotten_in_whatever_way_it_ends(stage):
    app = await stage.serve(Echo("/"))
    for end in (
        lambda wire: wire.close(),
        lambda wire: wire.send_text("1"),
        lambda wire: wire.send_text("9"),
    ):
        wire = await stage.open(app)
        await wire.enter()
        if asyncio.iscoroutine(ending := end(wire)):
            await ending
        await asyncio.wait_for(asyncio.shield(wire._task), 5)
        assert left_over(app.server) == {}
