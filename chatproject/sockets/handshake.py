"""The opening handshake of a WebSocket, as browsers and programs send it (RFC 6455, section 4.2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import NamedTuple

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
_KEY_BYTES = 16
_ONCE = {b"upgrade", b"sec-websocket-key", b"sec-websocket-version"}
# What asks for more than a plain connection, or is no part of a handshake.
_NOT_PLAIN = {b"sec-websocket-protocol", b"content-length", b"transfer-encoding"}


class Handshake(NamedTuple):
    """A good request for a WebSocket: `accept` is what proves to the client that it was understood."""

    target: bytes
    headers: list[tuple[bytes, bytes]]  # names in lower case
    accept: bytes


def plain_handshake(request: bytes) -> Handshake | None:
    """What a whole request asks for; None if it is anything but the plainest of good handshakes."""
    head, end, rest = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    method, _, target = first.removesuffix(b" HTTP/1.1").partition(b" ")
    if not end or rest or method != b"GET" or not first.endswith(b" HTTP/1.1") or not _is_target(target):
        return None
    headers = [(name.lower(), value) for name, _, value in (line.partition(b": ") for line in lines)]
    found = {name: value for name, value in headers if name in _ONCE or name in _NOT_PLAIN}
    key = found.get(b"sec-websocket-key", b"")
    if not (
        found.keys() == _ONCE
        and sum(name in _ONCE for name, _ in headers) == len(_ONCE)
        and sum(name == b"origin" for name, _ in headers) <= 1
        and found[b"upgrade"].lower() == b"websocket"
        and found[b"sec-websocket-version"] == b"13"
        and _asks_to_upgrade(headers)
        and _is_key(key)
    ):
        return None
    proof = hashlib.sha1(key + _GUID, usedforsecurity=False).digest()
    return Handshake(target, headers, base64.b64encode(proof))


def _is_target(target: bytes) -> bool:
    return target.startswith(b"/") and target.isascii() and b" " not in target


def _asks_to_upgrade(headers: list[tuple[bytes, bytes]]) -> bool:
    asked = [value.lower() for name, value in headers if name == b"connection"]
    return len(asked) == 1 and b"upgrade" in (option.strip() for option in asked[0].split(b","))


def _is_key(key: bytes) -> bool:
    try:
        return len(binascii.a2b_base64(key, strict_mode=True)) == _KEY_BYTES
    except binascii.Error:
        return False
