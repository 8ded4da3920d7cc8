"""WebSocket frames, as far as a client needs them (RFC 6455, section 5)."""

from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FINAL = 0x80
MASKED = 0x80
SHORT, LONG = 126, 127  # lengths that say: the length follows, in 2 or in 8 bytes
KEY_BYTES = 4


class Frame(NamedTuple):
    """A frame at the start of some bytes: where its payload begins, and where the frame ends."""

    opcode: int
    final: bool
    start: int
    end: int


def parse(data: bytes, position: int) -> Frame | None:
    """The frame at `position`, whose payload may still be on its way; None while its header is."""
    left = len(data) - position
    if left < 2:
        return None
    first, length, start = data[position], data[position + 1] & 0x7F, position + 2
    if length >= SHORT:
        size = 2 if length == SHORT else 8
        if left < 2 + size:
            return None
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    return Frame(first & 0x0F, bool(first & FINAL), start, start + length)


def masked(payload: bytes, key: bytes, opcode: int = TEXT) -> bytes:
    """A client's frame: `payload` masked with the 4 bytes of `key`, as every client must do."""
    length = len(payload)
    if length < SHORT:
        header = bytes((FINAL | opcode, MASKED | length))
    elif length < 1 << 16:
        header = bytes((FINAL | opcode, MASKED | SHORT)) + length.to_bytes(2, "big")
    else:
        header = bytes((FINAL | opcode, MASKED | LONG)) + length.to_bytes(8, "big")
    pad = (key * (length // KEY_BYTES + 1))[:length]
    hidden = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
    return header + key + hidden.to_bytes(length, "big")
