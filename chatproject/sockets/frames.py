"""WebSocket text frames, made once for all who get them (RFC 6455, section 5.2: final, unmasked)."""

import struct
from collections.abc import Iterator

_TEXT = 0x81  # the final frame of a text message
_SHORT, _MEDIUM = 126, 65_536  # payloads below these lengths say theirs in 7 and in 16 bits


def text_frame(text: str) -> bytes:
    """The frame that carries `text`. Raises `ValueError` for half a surrogate pair."""
    payload = text.encode()
    size = len(payload)
    if size < _SHORT:
        return bytes((_TEXT, size)) + payload
    if size < _MEDIUM:
        return struct.pack("!BBH", _TEXT, 126, size) + payload
    return struct.pack("!BBQ", _TEXT, 127, size) + payload


def texts(frames: bytes) -> Iterator[str]:
    """The texts of whole frames that stand one behind the other, for carriers that make their own."""
    start = 0
    while start < len(frames):
        size = frames[start + 1]
        start += 2
        if size == 126:
            (size,) = struct.unpack_from("!H", frames, start)
            start += 2
        elif size == 127:
            (size,) = struct.unpack_from("!Q", frames, start)
            start += 8
        yield frames[start : start + size].decode()
        start += size
