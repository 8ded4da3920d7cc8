"""A client on bare TCP, as cheap as can be: what it sends may be anything, and it reads when asked to."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import struct
from collections.abc import Mapping
from typing import Any, Self

TIMEOUT = 10  # seconds, for anything that is waited for
QUERY = "EIO=4&transport=websocket"
AS_MUCH_AS_COMES = 2**25  # bytes
PLACE = "/socket.io/"

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FINAL, MASKED = 0x80, 0x80
NO_KEY = b"\0\0\0\0"  # masks a frame with nothing


def frame(content: str | bytes, kind: int = TEXT, *, flags: int = FINAL, masked: bool = True) -> bytes:
    """A client's frame; `flags` are the bits beside its kind."""
    body = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    size, mark = len(body), MASKED * masked
    if size < 126:
        length = bytes([mark | size])
    elif size < 65_536:
        length = struct.pack("!BH", mark | 126, size)
    else:
        length = struct.pack("!BQ", mark | 127, size)
    return bytes([flags | kind]) + length + NO_KEY * masked + body


def handshake(port: int, cookies: Mapping[str, str] | None = None, **more: str) -> bytes:
    """The request that opens a WebSocket; `more` are headers."""
    headers = {
        "Host": f"127.0.0.1:{port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    lines = [f"GET {PLACE}?{QUERY} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class Raw:
    """One TCP connection, from `address`; `buffer` bytes are taken of what is not read."""

    def __init__(self, port: int, *, address: str = "", buffer: int = 0) -> None:
        self.port = port
        self._address = address
        self._buffer = buffer

    async def __aenter__(self) -> Self:
        connection = socket.socket()
        if self._buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer)
        connection.setblocking(False)
        if self._address:
            connection.bind((self._address, 0))
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self.port))
        self.reader, self.writer = await asyncio.open_connection(
            sock=connection, limit=self._buffer or AS_MUCH_AS_COMES
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        self.writer.transport.abort()

    def send(self, data: bytes) -> None:
        if not self.writer.is_closing():
            self.writer.write(data)

    def say(self, *packets: str) -> None:
        """Sends packets, each in a frame of its own."""
        self.send(b"".join(map(frame, packets)))

    async def status(self) -> int:
        """The status that answers a request, once all of it is there; 0 if the connection just ends."""
        try:
            async with asyncio.timeout(TIMEOUT):
                head = await self.reader.readuntil(b"\r\n\r\n")
                if length := re.search(rb"content-length: (\d+)", head, re.IGNORECASE):
                    await self.reader.readexactly(int(length[1]))
        except (asyncio.IncompleteReadError, OSError):
            return 0
        return int(head.split()[1])

    async def ended(self) -> None:
        """Waits until the server has ended the connection; what still comes is thrown away."""
        try:
            async with asyncio.timeout(TIMEOUT):
                while await self.reader.read(65_536):
                    pass
        except OSError:
            pass

    async def open(self, cookies: Mapping[str, str] | None = None, **more: str) -> Self:
        """Opens a WebSocket, and takes the packet that opens the line."""
        self.send(handshake(self.port, cookies, **more))
        assert await self.status() == 101
        assert (await self.text()).startswith("0{")
        return self

    async def enter(self, namespace: str = "/", cookies: Mapping[str, str] | None = None) -> Self:
        """Opens a WebSocket, and enters a namespace with it."""
        await self.open(cookies)
        name = "" if namespace == "/" else f"{namespace},"
        self.say(f"40{name}")
        while not (answer := await self.text()).startswith(f"40{name}{{"):
            assert answer and not answer.startswith("44"), answer or "cut off"
        return self

    async def receive(self) -> tuple[int, bytes]:
        """The kind and content of the next frame; (0, b"") when the connection has ended."""
        try:
            async with asyncio.timeout(TIMEOUT):
                kind, size = await self.reader.readexactly(2)
                if size == 126:
                    (size,) = struct.unpack("!H", await self.reader.readexactly(2))
                elif size == 127:
                    (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
                return kind & 0x0F, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError):
            return 0, b""

    async def text(self) -> str:
        """The next text that is no ping of Engine.IO, which is answered; "" at the end, or the close."""
        while True:
            kind, content = await self.receive()
            if (kind, content) == (TEXT, b"2"):
                self.say("3")
            else:
                return content.decode() if kind == TEXT else ""

    async def call(self, number: int, command: str, **payload: Any) -> Any:
        """The data of a good ack to a command in `/`; what else comes until then is dropped."""
        self.say(f"42{number}{json.dumps([command, payload])}")
        while not (answer := await self.text()).startswith(f"43{number}["):
            assert answer, "cut off"
        (ack,) = json.loads(answer.removeprefix(f"43{number}"))
        assert ack["ok"], ack
        return ack["data"]

    async def close_code(self) -> int:
        """The code of the close frame that comes, whatever comes before; 0 when the connection just ends."""
        while True:
            kind, content = await self.receive()
            if kind == CLOSE:
                return int.from_bytes(content[:2])
            if kind == 0:
                return 0


def memory(pid: int) -> int:
    """The bytes of memory that a process has resident."""
    with open(f"/proc/{pid}/statm") as figures:  # noqa: PTH123
        return int(figures.read().split()[1]) * os.sysconf("SC_PAGESIZE")
