"""The engine: what a client may say to it, how a connection ends, and who is still watched."""

import asyncio

import pytest

from chatproject.sockets.line import POLICY, TOO_BIG

from .support import Echo, event_frame, left_over


@pytest.mark.parametrize("frame", ["3", "3probe", event_frame("echo", {"text": "hi"})])
async def test_what_a_client_may_say_leaves_it_connected(stage, frame):
    app = await stage.serve(Echo("/"))
    wire = await stage.open(app)
    entry = await wire.enter()
    wire.send_text(frame)
    assert (await entry.call("echo", {"text": "still here"}))["ok"]


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
async def test_what_no_client_says_closes_its_connection(stage, log, frame, code, fault):
    app = await stage.serve(Echo("/"), frame_bytes=100)
    wire = await stage.open(app)
    await wire.enter()
    if isinstance(frame, str):
        wire.send_text(frame)
    else:
        wire.send_bytes(frame)
    assert await wire.wait_closed() == code
    await wire.close()
    assert log.lines("dropped") == [f"dropped address=127.0.0.1 why={fault}"]


@pytest.mark.parametrize("text", ["x" * 60, "é" * 30, "😀" * 15])
async def test_a_frame_of_exactly_the_limit_in_bytes_passes(stage, text):
    frame = f'421["echo",{{"text":"{text}"}}]'
    app = await stage.serve(Echo("/"), frame_bytes=len(frame.encode()))
    wire = await stage.open(app)
    await wire.enter()
    wire.send_text(frame)
    assert text in await wire.frame("431")
    wire.send_text(frame.replace('"}', 'x"}'))
    assert await wire.wait_closed() == TOO_BIG


async def test_without_a_limit_every_frame_passes(stage):
    app = await stage.serve(Echo("/"), frame_bytes=0, event_bytes=0)
    entry = await stage.enter(app)
    text = "é" * 200_000
    assert (await entry.call("echo", {"text": text}))["data"] == {"text": text}


async def test_a_client_that_says_it_is_done_is_closed_without_fault(stage, log):
    app = await stage.serve(Echo("/"))
    wire = await stage.open(app)
    await wire.enter()
    wire.send_text("1")
    assert await wire.wait_closed() == 1000
    await wire.close()
    assert log.lines("dropped") == []


async def test_who_leaves_its_last_namespace_has_its_time_to_join_another(stage, log):
    app = await stage.serve(Echo("/"), connect_timeout=0.1)
    staying, leaving = await stage.open(app), await stage.open(app)
    entry = await staying.enter()
    await (await leaving.enter()).leave()
    assert await leaving.wait_closed() == POLICY
    await leaving.close()
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=no_namespace"]
    assert (await entry.call("echo", {"text": "still here"}))["ok"]


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
    assert len(app.server.eio.lines) == 1


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
