"""A socket of the load takes what a server sends, in any pieces, and notices what is wrong with it."""

import asyncio
import json

import pytest

from bench.load import words
from bench.load.dialects import PlainJSON, Seat, SocketIO
from bench.load.frames import FINAL, SHORT, TEXT
from bench.load.ledger import Ledger
from bench.load.member import Hall, Member
from bench.load.traffic import Traffic

ROOM, SENDER = 5, 9
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


class Wire(asyncio.Transport):
    """Keeps what was written."""

    def __init__(self):
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data):
        self.written.append(bytes(data))

    def abort(self):
        self.written.append(b"aborted")


def frame(text: str, first: int = FINAL | TEXT) -> bytes:
    payload = text.encode()
    if len(payload) < SHORT:
        return bytes((first, len(payload))) + payload
    return bytes((first, SHORT)) + len(payload).to_bytes(2, "big") + payload


def posted(seq: int, *, count: int | None = None, room: int = ROOM, text: str = "") -> bytes:
    """Message `seq`, said by SENDER as their `count`th."""
    body = text or words.body(SENDER, count or seq)
    message = {"id": 100 + seq, "room": room, "seq": seq, "version": seq, "body": body, "html": body}
    event = ["message_posted", {"room": room, "version": seq, "message": message}]
    return frame("42" + json.dumps(event, separators=(",", ":")))


def ack(number: int, seq: int) -> bytes:
    answer = [{"ok": True, "data": {"message": {"id": 1, "seq": seq}}}]
    return frame(f"43{number}" + json.dumps(answer, separators=(",", ":")))


def hall() -> Hall:
    return Hall(Ledger(ROOM))


async def seated(number: int = 0, room: Hall | None = None, traffic: Traffic | None = None) -> Member:
    """A member that has been let in."""
    member = Member(Seat(number, ROOM), room or hall(), SocketIO(), traffic or Traffic())
    member.connection_made(Wire())
    member.data_received(UPGRADED + frame('0{"sid":"x"}') + frame('40{"sid":"y"}'))
    assert member.ready.done()
    return member


def sent_by(member: Member) -> int:
    """How many frames the member has sent."""
    assert isinstance(member.transport, Wire)
    return len(member.transport.written)


def faults_of(member: Member) -> str:
    return member._traffic.fault


async def test_it_counts_messages_that_come_in_order():
    member = await seated()
    member.data_received(posted(1) + posted(2) + posted(3))
    assert faults_of(member) == ""
    assert member._traffic.delivered == 3
    assert member.receipts.expected == 4
    assert not member.receipts.skipped


async def test_copies_for_other_sockets_are_counted_and_checked_as_well():
    room, traffic = hall(), Traffic()
    first, second = [await seated(number, room, traffic) for number in (0, 1)]
    first.data_received(posted(1) + posted(2))
    second.data_received(posted(1) + posted(2))
    assert traffic.delivered == 4
    assert second.receipts.expected == 3
    assert traffic.fault == ""


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100, 1000])
async def test_pieces_of_any_size_give_the_same(size):
    room = hall()
    whole, cut = await seated(0, room), await seated(1, room)
    stream = posted(1) + frame('42["presence_changed",{}]') + posted(2) + frame("2") + posted(3)
    whole.data_received(stream)
    for start in range(0, len(stream), size):
        cut.data_received(stream[start : start + size])
    assert cut._traffic.delivered == 3
    assert cut.receipts == type(cut.receipts)(1, expected=4)
    assert faults_of(cut) == ""


@pytest.mark.parametrize("known", [False, True])
async def test_a_message_that_comes_twice_is_a_fault(known):
    room = hall()
    if known:
        (await seated(1, room)).data_received(posted(1) + posted(2))
    member = await seated(0, room)
    member.data_received(posted(1) + posted(2) + posted(2))
    assert "received message 2 after message 2: twice, or out of order" in faults_of(member)


@pytest.mark.parametrize("known", [False, True])
async def test_messages_out_of_order_are_a_fault(known):
    room = hall()
    if known:
        (await seated(1, room)).data_received(posted(1) + posted(2))
    member = await seated(0, room)
    member.data_received(posted(2) + posted(1))
    assert "received message 1 after message 2: twice, or out of order" in faults_of(member)


@pytest.mark.parametrize("known", [False, True])
async def test_a_message_left_out_is_noted(known):
    room = hall()
    if known:
        (await seated(1, room)).data_received(posted(1) + posted(2) + posted(3))
    member = await seated(0, room)
    member.data_received(posted(1) + posted(3))
    assert member.receipts.skipped == [2]
    assert faults_of(member) == ""


async def test_another_text_under_the_same_number_is_a_fault():
    room = hall()
    (await seated(1, room)).data_received(posted(1))
    member = await seated(0, room)
    other = posted(1)
    member.data_received(other[:-20] + b"X" + other[-19:])
    assert "received another text as message 1" in faults_of(member)


async def test_other_bytes_at_the_beginning_are_a_fault():
    room = hall()
    (await seated(1, room)).data_received(posted(1))
    member = await seated(0, room)
    member.data_received(posted(1, text="somebody else's words, long enough, and no number"))
    assert "message 1 was sent with different contents" in faults_of(member)


async def test_a_message_of_another_room_is_a_fault():
    member = await seated()
    member.data_received(posted(1, room=6))
    assert faults_of(member) == "Socket 0 of room 5 heard room 6."


async def test_an_ack_is_noted_and_followed_by_the_next_message_while_there_is_talking():
    traffic = Traffic(talking=True)
    member = await seated(traffic=traffic)
    member.post()
    sent = sent_by(member)
    member.data_received(ack(1, 1))
    assert sent_by(member) == sent + 1
    assert member.receipts.own == [1]
    assert traffic.acked == 1 and len(traffic.latencies) == 1
    traffic.talking = False
    member.data_received(ack(2, 2))
    assert sent_by(member) == sent + 1
    assert member.waiting == 0


async def test_an_ack_that_comes_twice_is_a_fault():
    member = await seated()
    member.post()
    member.data_received(ack(1, 1) + ack(1, 1))
    assert "received an ack twice, or for nothing" in faults_of(member)


async def test_a_command_that_is_not_accepted_is_a_fault():
    member = await seated()
    member.post()
    member.data_received(frame('431[{"ok":false,"error":{"code":"rate_limited"}}]'))
    assert "a command was not accepted" in faults_of(member)


async def test_a_connection_that_the_server_closes_is_a_fault():
    member = await seated()
    member.connection_lost(None)
    assert faults_of(member) == "Socket 0 was closed by the server (no error)."


async def test_a_connection_that_the_load_closes_is_none():
    member = await seated()
    member._traffic.closing = True
    member.connection_lost(None)
    assert faults_of(member) == ""


async def test_who_is_not_let_in_is_told_so():
    member = Member(Seat(0, ROOM), hall(), SocketIO(), Traffic())
    member.connection_made(Wire())
    member.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    assert faults_of(member) == "Socket 0 was not let in: HTTP/1.1 403 Forbidden."
    assert member.ready.exception()


async def test_plain_json_is_understood_as_well():
    member = Member(Seat(0, ROOM), hall(), PlainJSON(), Traffic())
    member.connection_made(Wire())
    member.data_received(UPGRADED + frame('{"type":"ready"}'))
    assert member.ready.done()
    member.post()
    member.data_received(frame('{"type":"ack","id":1,"ok":true,"data":{"message":{"seq":1}}}'))
    event = f'{{"type":"message_posted","room":{ROOM},"version":2,"message":{{"seq":2,"body":"%s"}}}}'
    member.data_received(frame(event % words.body(SENDER, 1)))
    assert member.receipts.own == [1]
    assert member.receipts.skipped == [1]
    assert faults_of(member) == ""
