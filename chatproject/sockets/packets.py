"""Socket.IO packets as this server takes and makes them: text only, strict JSON, nothing malformed.

Whatever is wrong raises `ValueError`; the transport it came from is then closed.
"""

import json
import math
from typing import Any, ClassVar

from socketio import packet

from chatproject.sockets.frames import text_frame

# JavaScript's safe integers have 16 digits; a client counts its acks upwards from 0.
ACK_ID_DIGITS = 15

_TYPES = {"0": packet.CONNECT, "1": packet.DISCONNECT, "2": packet.EVENT, "3": packet.ACK}


# Made once: `json.dumps` would make an encoder for each packet.
_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode
_encode_ascii = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number out of range")
    return number


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _is_deep(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        nested = [item for item in level if isinstance(item, (list, dict))]
        level = [inner for item in nested for inner in (item.values() if isinstance(item, dict) else item)]
    return any(isinstance(item, (list, dict)) for item in level)


class StrictJSON:
    """The `json` module without NaN and infinities, which break every JavaScript client they reach."""

    JSONDecodeError = json.JSONDecodeError

    @staticmethod
    def loads(given: str | bytes, *, depth: int = 0, **options: Any) -> Any:
        """The value of strict JSON; lists and objects lie at most `depth` deep in it, 0 for no limit."""
        text = given if isinstance(given, str) else given.decode()
        try:
            value = json.loads(text, parse_float=_finite, parse_constant=_no_constant, **options)
        except RecursionError:
            raise ValueError("nested too deep") from None
        if depth and text.count("[") + text.count("{") > depth and _is_deep(value, depth):
            raise ValueError("nested too deep")
        return value

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        return _encode_ascii(value)


class TextPacket(packet.Packet):
    """A packet of JSON text; binary attachments are no part of this server's protocol."""

    uses_binary_events = False
    json: ClassVar[Any] = StrictJSON

    def __init__(self, *args: Any, encoded_packet: Any = None, depth: int = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.depth = depth  # of lists and objects, 0 for no limit but Python's own
        if encoded_packet is not None:
            self.decode(encoded_packet)

    def decode(self, encoded: Any) -> int:
        if not isinstance(encoded, str) or encoded[:1] not in _TYPES:
            raise ValueError("not a packet that a client sends")
        self.packet_type = _TYPES[encoded[0]]
        self.namespace, rest = _split_namespace(encoded[1:])
        self.id, rest = _split_id(rest)
        self.data = self.json.loads(rest, depth=self.depth) if rest else None
        if not _well_formed(self.packet_type, self.id, self.data):
            raise ValueError("not what this type of packet holds")
        return 0


def packet_frame(packet_type: int, data: Any, *, namespace: str = "/", ack_id: int | None = None) -> bytes:
    """A Socket.IO packet in its Engine.IO message, as a WebSocket frame.

    Raises `TypeError` and `ValueError` for what is no JSON.
    """
    head = f"4{packet_type}{'' if namespace == '/' else f'{namespace},'}{'' if ack_id is None else ack_id}"
    if data is None:
        return text_frame(head)
    try:
        return text_frame(head + _encode(data))
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can carry
        return text_frame(head + _encode_ascii(data))


def _split_namespace(text: str) -> tuple[str, str]:
    """The namespace without its query string, and what follows it."""
    if not text.startswith("/"):
        return "/", text
    name, _, rest = text.partition(",")
    return name.partition("?")[0], rest


def _split_id(text: str) -> tuple[int | None, str]:
    digits = len(text) - len(text.lstrip("0123456789"))
    if digits > ACK_ID_DIGITS:
        raise ValueError("an ack id of too many digits")
    return (int(text[:digits]) if digits else None), text[digits:]


def _well_formed(packet_type: int, ack_id: int | None, data: Any) -> bool:
    if packet_type == packet.CONNECT:
        return ack_id is None and (data is None or isinstance(data, dict))
    if packet_type == packet.DISCONNECT:
        return data is None
    if packet_type == packet.ACK:
        # Ours count from 1; in python-socketio's table 0 is the counter itself, which must not be taken away.
        return bool(ack_id) and isinstance(data, list)
    # By the protocol an event's name is a string or a number; true and false are neither.
    return isinstance(data, list) and bool(data) and type(data[0]) in (str, int, float)
