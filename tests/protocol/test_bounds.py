"""One client that does not read, among many that do: what it costs the server, and what the others notice."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from typing import Self

import pytest

from chatproject.sockets.frames import texts
from chatproject.sockets.line import BEHIND, Line

from .clients import QUERY, TIMEOUT
from .host import OWN, PRODUCT, Host, hosted

SLOW = 2  # that do not read: one for good, one for a while
LIMIT = 131_072  # bytes that may wait for one client
BUFFER = 4096  # bytes that the system takes for a client, and again for one that does not read
PER_TURN = 16  # events in one turn of the server's loop
TURNS = 400  # of the loop, at most, until a client that does not read has to be gone


class Reader(asyncio.Protocol):
    """A WebSocket client on bare TCP, which can stop reading."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = asyncio.Event()
        self._arrived = asyncio.Event()

    @classmethod
    async def join(cls, host: Host, buffer: int = 65_536) -> Self:
        """A client in `/`, whose system takes `buffer` bytes while it does not read."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, ("127.0.0.1", host.port))
        transport, reader = await loop.create_connection(cls, sock=connection)
        reader.transport = transport
        transport.write(
            f"GET /socket.io/?{QUERY} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        await reader.until(b"maxPayload")
        transport.write(b"\x81\x82\0\0\0\0" + b"40")  # masked with nothing
        await reader.until(b'["auth",{}]')
        reader.data.clear()
        return reader

    def data_received(self, data: bytes) -> None:
        self.data += data
        self._arrived.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set()

    async def until(self, end: bytes) -> None:
        """Waits until what came ends like this, or with this before the end of a packet."""
        async with asyncio.timeout(TIMEOUT):
            while end not in self.data[-len(end) - 100 :]:
                self._arrived.clear()
                await self._arrived.wait()

    @property
    def texts(self) -> list[str]:
        return list(texts(bytes(self.data)))


class Crowd:
    """The server, those who read and those who do not, and what was said to all of them."""

    def __init__(self, host: Host, readers: list[Reader], slow: list[Reader]) -> None:
        self.host = host
        self.readers = readers
        self.slow = slow
        self.slow_lines = list(host.server.eio.lines.values())[-len(slow) :]
        self.said: list[str] = []
        self.most_held = 0  # bytes, for one of the slow

    async def say(self, *, volatile: bool = False) -> list[str]:
        """Says several things in one turn of the loop; who reads has read them then."""
        first = len(self.said)
        said = [f"{number:06} {'x' * 1000}" for number in range(first, first + PER_TURN)]
        target = self.host.server.of("/").volatile() if volatile else self.host.server.of("/")

        def emit() -> None:
            for text in said:
                target.emit("said", text)
            self.most_held = max(self.most_held, *map(held, self.slow_lines))

        self.host.server.submit(emit)
        self.said += said
        await asyncio.gather(*[reader.until(f'"{said[-1]}"]'.encode()) for reader in self.readers])
        return said

    async def say_until(self, is_so: Callable[[], bool]) -> None:
        for _ in range(TURNS):
            await self.say()
            if is_so():
                return
        raise AssertionError("it never was")


def held(line: Line) -> int:
    """The bytes that this process holds for a client."""
    return sum(map(len, line.pending)) + (0 if line.dead else line.carrier.unsent())


def packets(said: Iterable[str]) -> list[str]:
    return [f'42["said","{text}"]' for text in said]


@pytest.fixture(
    params=[
        pytest.param((PRODUCT, 400), id="uvicorn"),
        pytest.param((OWN, 20), id="websocket.send"),
    ]
)
async def crowd(request):
    carrier, count = request.param
    limits = {"ping_interval": 20, "ping_timeout": 20, "connect_timeout": 20, "unsent_bytes": LIMIT}
    with hosted(carrier, send_buffer=BUFFER, **limits) as host:
        readers = await asyncio.gather(*[Reader.join(host) for _ in range(count)])
        slow = [await Reader.join(host, buffer=BUFFER) for _ in range(SLOW)]
        for reader in slow:
            reader.transport.pause_reading()
        yield Crowd(host, readers, slow)
        for reader in [*readers, *slow]:
            reader.transport.abort()
        await host.wait_for_nothing_left()


async def test_who_does_not_read_is_cut_off_within_the_limit_and_the_others_notice_nothing(crowd, log):
    one, other = crowd.slow_lines
    await crowd.say_until(lambda: one.dead and other.dead)
    await crowd.host.until(lambda: len(log.lines("dropped")) == SLOW)
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=slow"] * SLOW
    assert crowd.host.server.journal.counts["dropped"] == SLOW
    assert BEHIND < crowd.most_held <= LIMIT + PER_TURN * 1100
    assert (held(one), held(other)) == (0, 0)
    assert len(crowd.host.server.eio.lines) == len(crowd.readers)
    assert len(crowd.host.server.of("/").fetch_sockets()) == len(crowd.readers)
    await crowd.say()
    for reader in crowd.readers:
        assert reader.texts == packets(crowd.said)
        assert not reader.ended.is_set()


async def test_who_is_behind_misses_what_is_volatile_and_nothing_else(crowd, log):
    one, other = crowd.slow_lines
    await crowd.say_until(lambda: one.behind and other.behind)
    missed = await crowd.say(volatile=True)
    await crowd.say()
    for reader in crowd.slow:
        reader.transport.resume_reading()
    await asyncio.gather(*[reader.until(crowd.said[-1].encode()) for reader in crowd.slow])
    again = await crowd.say(volatile=True)
    await asyncio.gather(*[reader.until(again[-1].encode()) for reader in crowd.slow])
    for reader in crowd.slow:
        assert reader.texts == packets(text for text in crowd.said if text not in missed)
    for reader in crowd.readers:
        assert reader.texts == packets(crowd.said)
    assert log.lines("dropped") == []
