"""WebSocket frames as no ordinary client makes them: in pieces, out of form, or only half."""

import asyncio
import struct
from typing import Self

import pytest

from tests.faults.raw import BINARY, CLOSE, FINAL, PING, PONG, TEXT, Raw, frame

from .clients import WebSocket
from .host import PRODUCT, Host, only

# How others end what is out of form is theirs.
pytestmark = only(PRODUCT)

CONTINUATION = 0

SAY = '42["say",{"text":"hi"}]'
SAID = '42["said",{"text":"hi"}]'


class Wire(Raw):
    """One WebSocket on bare TCP, which has entered `/`."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.port)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.enter()
        assert await self.text() == '42["auth",{}]'
        return self


@pytest.fixture
async def wire(host):
    """A connection that has entered `/`, beside another that must not notice anything."""
    async with WebSocket(host) as other, Wire(host) as wire:
        await other.start()
        wire.send(frame(SAY))
        assert await wire.text() == SAID
        yield wire
        await other.say("still here", ack=2)


async def test_a_message_in_pieces_is_one_and_what_stands_between_is_answered(wire):
    wire.send(frame(SAY[:5], flags=0))
    wire.send(frame("are you there", PING))
    wire.send(frame(SAY[5:9], CONTINUATION, flags=0))
    wire.send(frame(SAY[9:], CONTINUATION))
    assert await wire.receive() == (PONG, b"are you there")
    assert await wire.text() == SAID


async def test_a_character_may_be_cut_where_a_message_is(wire):
    message = SAY.replace("hi", "é€😀").encode()
    for index in range(len(message) - 1):
        wire.send(frame(message[index : index + 1], CONTINUATION if index else TEXT, flags=0))
    wire.send(frame(message[-1:], CONTINUATION))
    assert await wire.text() == SAID.replace("hi", "é€😀")


async def test_frames_come_byte_by_byte_or_many_at_once(wire):
    for byte in frame(SAY):
        wire.send(bytes([byte]))
        await asyncio.sleep(0)
    assert await wire.text() == SAID
    many = [SAY.replace("hi", str(number)) for number in range(50)]
    wire.send(b"".join(map(frame, many)))
    for number in range(50):
        assert await wire.text() == SAID.replace("hi", str(number))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(SAY, masked=False), 1002),
        (frame(SAY, flags=FINAL | 0x40), 1002),
        (frame(SAY, kind=3), 1002),
        (frame(SAY, CONTINUATION), 1002),
        (frame("x", flags=0) + frame(SAY), 1002),
        (frame("x" * 126, PING), 1002),
        (frame("x", PING, flags=0), 1002),
        (frame(b"42[\xff]"), 1007),
        (frame(b"42[\xed\xa0\x80]"), 1007),
        (frame(SAY, BINARY), 1008),
        (frame("4" + "x" * 60_000, flags=0) + frame("x" * 60_000, CONTINUATION), 1009),
    ],
    ids=[
        "not masked", "a flag of no extension", "a kind that is none", "the rest of no message",
        "a message within another", "a long control frame", "a control frame in pieces", "no UTF-8",
        "half a surrogate pair", "binary", "too long when put together",
    ],
)  # fmt: skip
async def test_what_is_out_of_form_closes_its_own_connection(wire, data, code):
    wire.send(data)
    assert await wire.close_code() == code


async def test_a_close_frame_is_answered_with_its_code(wire):
    wire.send(frame(struct.pack("!H", 1001), CLOSE))
    assert await wire.close_code() == 1001
    assert await wire.receive() == (0, b"")


async def test_who_goes_in_the_middle_of_a_frame_or_of_a_message_leaves_nothing(host, wire):
    # That nothing is left is asked after every test.
    for beginning in (frame(SAY)[:1], frame(SAY)[:9], frame(SAY, flags=0)):
        async with Wire(host) as other:
            other.send(beginning)
