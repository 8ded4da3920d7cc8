"""What goes over the wire: Socket.IO's packets, or plain JSON where a server does not speak Socket.IO.

Both carry the same command, ack and event with the same fields. Nothing is decoded that need not be:
a few thousand acks a second are searched for their numbers.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from .faults import Fault


class Kind(Enum):
    """What a packet from the server is, to a client that talks."""

    OPENED = auto()  # Engine.IO is up: ask for the namespace
    READY = auto()
    REFUSED = auto()
    PING = auto()
    ACK = auto()
    POSTED = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Seat:
    """Whom a socket is, and the room where it talks."""

    number: int
    room: int
    cookie: str = ""


class SocketIO:
    """Socket.IO 5 over Engine.IO 4, over WebSocket from the first byte on."""

    hears_itself: ClassVar[bool] = False

    def path(self, seat: Seat) -> str:
        return "/socket.io/?EIO=4&transport=websocket"

    def kind(self, packet: bytes) -> Kind:
        if packet.startswith(b'42["message_posted",'):
            return Kind.POSTED
        return _SOCKET_IO.get(packet[:2]) or _ENGINE_IO.get(packet[:1], Kind.OTHER)

    def reply(self, kind: Kind, seat: Seat) -> bytes:
        """What a client answers to `OPENED` and `PING`. Who has no cookie says who it is."""
        if kind is Kind.PING:
            return b"3"
        return b"40" if seat.cookie else b'40{"room":%d,"person":%d}' % (seat.room, seat.number)

    def command(self, number: int, name: str, payload: bytes) -> bytes:
        """A command with its one JSON object, to be acknowledged under `number`."""
        return b'42%d["%b",%b]' % (number, name.encode(), payload)

    def ack_number(self, packet: bytes) -> int:
        return int(packet[2 : packet.index(b"[", 2)])


_SOCKET_IO = {b"40": Kind.READY, b"43": Kind.ACK, b"44": Kind.REFUSED, b"41": Kind.REFUSED}
_ENGINE_IO = {b"0": Kind.OPENED, b"2": Kind.PING}


@dataclass(frozen=True)
class PlainJSON:
    """One JSON object per WebSocket message, told apart by `type`, which stands first."""

    hears_itself: bool = False

    def path(self, seat: Seat) -> str:
        return f"/chat/{seat.room}/?person={seat.number}"

    def kind(self, packet: bytes) -> Kind:
        return _PLAIN.get(packet[9 : packet.find(b'"', 9)], Kind.OTHER)

    def reply(self, kind: Kind, seat: Seat) -> bytes:
        raise NotImplementedError(f"{kind} is none of this dialect's")

    def command(self, number: int, name: str, payload: bytes) -> bytes:
        return b'{"type":"%b","id":%d,%b' % (name.encode(), number, payload[1:])

    def ack_number(self, packet: bytes) -> int:
        return number_after(packet, b'"id":')


_PLAIN = {b"ready": Kind.READY, b"ack": Kind.ACK, b"message_posted": Kind.POSTED}

Dialect = SocketIO | PlainJSON


def number_after(packet: bytes, name: bytes) -> int:
    """The whole number after the first `name`. Raises Fault where there is none."""
    start = packet.find(name)
    stop = start = start + len(name) if start >= 0 else 0
    while packet[stop : stop + 1].isdigit():
        stop += 1
    if stop == start:
        raise Fault(f"No {name.decode()} in {packet[:200]!r}.")
    return int(packet[start:stop])
