"""One socket of the load: a WebSocket client made for receiving a great deal, and checking it on the way.

Of each broadcast the first copy that arrives anywhere is read, and remembered by the bytes it begins with,
which hold the room's number and version. All other copies are then recognised by one look into a table, which
also tells their length: that is what lets one Python process receive more than a server sends.
"""

import asyncio
import base64
import secrets
import time
from dataclasses import dataclass, field
from typing import cast

from . import frames, words
from .dialects import Dialect, Kind, Seat, number_after
from .faults import Fault
from .ledger import Ledger, Receipts
from .traffic import Traffic

MARK = 64  # bytes of a frame that tell one broadcast from all others


@dataclass(slots=True)
class Hall:
    """A room: its ledger, and the broadcasts seen, by their first bytes: length, seq, all bytes."""

    ledger: Ledger
    seen: dict[bytes, tuple[int, int, bytes]] = field(default_factory=dict)


class Member(asyncio.Protocol):
    """A socket that hears one room, and may talk in it."""

    def __init__(self, seat: Seat, hall: Hall, dialect: Dialect, traffic: Traffic) -> None:
        self.seat = seat
        self.receipts = Receipts(seat.number)
        hall.ledger.members.append(self.receipts)
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hall, self._dialect, self._traffic = hall, dialect, traffic
        self._rest = b""
        self._reads = self._shake_hands
        self._key = secrets.token_bytes(frames.KEY_BYTES)
        self._sent: dict[int, float] = {}  # when, by the command's number
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self._number = 0
        self._posts = 0

    # --- Talking --------------------------------------------------------------------------------

    def post(self) -> None:
        """Says the next message; its ack is awaited by nobody, but counted."""
        self._posts += 1
        self._command("post_message", words.post(self.seat.room, self.seat.number, self._posts))

    @property
    def waiting(self) -> int:
        """How many commands are without their acks."""
        return len(self._sent)

    async def ask(self, name: str, payload: bytes) -> tuple[float, bytes]:
        """Sends a command; how long its ack took, in seconds, and the ack."""
        began = time.perf_counter()
        answer = asyncio.get_running_loop().create_future()
        self._answers[self._command(name, payload)] = answer
        packet = await answer
        return time.perf_counter() - began, packet

    def close(self) -> None:
        self.transport.abort()

    def _command(self, name: str, payload: bytes) -> int:
        self._number += 1
        self._sent[self._number] = time.perf_counter()
        self._send(self._dialect.command(self._number, name, payload))
        return self._number

    def _send(self, payload: bytes, opcode: int = frames.TEXT) -> None:
        self.transport.write(frames.masked(payload, self._key, opcode))

    # --- The connection -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        cookie = f"Cookie: sessionid={self.seat.cookie}\r\n" if self.seat.cookie else ""
        transport.write(
            f"GET {self._dialect.path(self.seat)} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        if not self._traffic.closing:
            self._fail(f"Socket {self.seat.number} was closed by the server ({error or 'no error'}).")
        self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        try:
            self._rest = self._reads(self._rest + data if self._rest else data)
        except Fault as fault:
            self._fail(str(fault))

    def _shake_hands(self, data: bytes) -> bytes:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return data
        status, _, _ = data.partition(b"\r\n")
        if b" 101" not in status:
            raise Fault(f"Socket {self.seat.number} was not let in: {status.decode('latin-1')}.")
        self._reads = self._receive
        return self._receive(data[end + 4 :])

    def _fail(self, sentence: str) -> None:
        self._traffic.fail(sentence)
        if not self.ready.done():
            self.ready.set_exception(Fault(sentence))
        for answer in self._answers.values():
            answer.set_exception(Fault(sentence))

    # --- Receiving ------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> bytes:
        """Reads all complete frames; what is left of `data`. The benchmark's hottest loop: no calls in it."""
        seen, receipts = self._hall.seen, self.receipts
        position, end, expected, count = 0, len(data), receipts.expected, 0
        known = None
        while True:
            found = seen.get(data[position : position + MARK])
            if found is None:
                receipts.expected = expected
                after = self._read_frame(data, position)
                expected = receipts.expected
                if after == position:
                    break
                position = after
                continue
            length, seq, _ = found
            if position + length > end:
                break
            if seq != expected:
                self._jump(expected, seq)
            expected = seq + 1
            count += 1
            position += length
            known = found
        receipts.expected = expected
        self._traffic.delivered += count
        if known and position == end:
            self._compare(data[end - known[0] :], known)
        return data[position:]

    def _compare(self, frame: bytes, known: tuple[int, int, bytes]) -> None:
        """Holds one whole frame of each read against the first copy: not only beginnings are checked."""
        # The last frame read may have been another, of which there is no copy.
        if frame[:MARK] == known[2][:MARK] and frame != known[2]:
            raise Fault(f"Socket {self.seat.number} received another text as message {known[1]}.")

    def _jump(self, expected: int, seq: int) -> None:
        if seq < expected:
            raise Fault(
                f"Room {self.seat.room}: socket {self.seat.number} received message {seq} "
                f"after message {expected - 1}: twice, or out of order."
            )
        # Its own messages are not sent to a member. Whether it was one is known when all acks are there.
        self.receipts.skipped.extend(range(expected, seq))

    def _read_frame(self, data: bytes, position: int) -> int:
        """Reads a frame that is no copy of a known one; where it ends, or `position` if parts are missing."""
        frame = frames.parse(data, position)
        if frame is None or frame.end > len(data):
            return position
        if frame.opcode != frames.TEXT or not frame.final:
            self._control(frame, data)
            return frame.end
        packet = data[frame.start : frame.end]
        kind = self._dialect.kind(packet)
        if kind is Kind.POSTED:
            self._posted(packet, data[position : frame.end])
        else:
            self._answer(kind, packet)
        return frame.end

    def _control(self, frame: frames.Frame, data: bytes) -> None:
        payload = data[frame.start : frame.end]
        if frame.opcode == frames.PING:
            self._send(payload, frames.PONG)
        elif frame.opcode == frames.CLOSE:
            code, reason = int.from_bytes(payload[:2], "big"), payload[2:].decode(errors="replace")
            raise Fault(f"Socket {self.seat.number} was closed by the server: {code} {reason}.")
        elif frame.opcode != frames.PONG:
            raise Fault(f"Socket {self.seat.number} was sent a frame of opcode {frame.opcode}.")

    def _posted(self, packet: bytes, frame: bytes) -> None:
        room, seq = number_after(packet, b'"room":'), number_after(packet, b'"seq":')
        if room != self.seat.room:
            raise Fault(f"Socket {self.seat.number} of room {self.seat.room} heard room {room}.")
        if seq in self._hall.ledger.said:
            raise Fault(f"Room {room}: message {seq} was sent with different contents.")
        self._hall.ledger.said[seq] = words.said(packet)
        self._hall.seen[frame[:MARK]] = len(frame), seq, frame
        if seq != self.receipts.expected:
            self._jump(self.receipts.expected, seq)
        self.receipts.expected = seq + 1
        self._traffic.delivered += 1

    def _answer(self, kind: Kind, packet: bytes) -> None:
        if kind is Kind.ACK:
            self._acked(packet)
        elif kind is Kind.READY:
            if not self.ready.done():
                self.ready.set_result(None)
        elif kind in {Kind.OPENED, Kind.PING}:
            self._send(self._dialect.reply(kind, self.seat))
        elif kind is Kind.REFUSED:
            raise Fault(f"Socket {self.seat.number} was refused: {packet[:200]!r}.")

    def _acked(self, packet: bytes) -> None:
        number = self._dialect.ack_number(packet)
        sent = self._sent.pop(number, None)
        if sent is None:
            raise Fault(f"Socket {self.seat.number} received an ack twice, or for nothing: {packet[:200]!r}.")
        if b'"ok":true' not in packet[:60]:
            raise Fault(f"Socket {self.seat.number}: a command was not accepted: {packet[:300]!r}.")
        if answer := self._answers.pop(number, None):
            answer.set_result(packet)
            return
        self._traffic.latencies.append(time.perf_counter() - sent)
        self._traffic.acked += 1
        self.receipts.own.append(number_after(packet, b'"seq":'))
        if self._traffic.talking and self._traffic.echoing:
            self.post()
