"""Clients that speak the protocols themselves: one over WebSocket, one over plain HTTP requests."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from .host import Host

TIMEOUT = 5  # seconds, for anything that is waited for
QUERY = "EIO=4&transport=websocket"


class Refused(Exception):
    """The handshake was answered with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Client(ABC):
    """What is said and heard in the same way over both."""

    @abstractmethod
    async def send(self, *packets: str) -> None: ...

    @abstractmethod
    async def receive(self) -> str:
        """The next packet that is no ping."""

    async def say(self, text: str, *, ack: int) -> None:
        """Says something in `/`, which has to come back by event and by ack."""
        await self.send(f'42{ack}["say",{{"text":"{text}"}}]')
        assert await self.receive() == f'42["said",{{"text":"{text}"}}]'
        assert await self.receive() == f'43{ack}[{{"ok":true,"data":{{"text":"{text}"}}}}]'


class WebSocket(Client):
    """One connection. What comes is kept in `frames`; `answers` says whether pings are answered."""

    def __init__(self, host: Host, *, query: str = QUERY, answers: bool = True, **headers: str) -> None:
        self.frames: list[str] = []
        self.code = 0  # of the close frame, once `closed` is set
        self.closed = asyncio.Event()
        self._url = f"ws://127.0.0.1:{host.port}/socket.io/?{query}"
        self._headers = headers
        self._answers = answers
        self._read = 0
        self._arrived = asyncio.Condition()

    async def __aenter__(self) -> Self:
        """Raises `Refused` when there is no connection to be had."""
        try:
            self._socket = await connect(
                self._url, additional_headers=self._headers, compression=None, ping_interval=None
            )
        except InvalidStatus as refused:
            raise Refused(refused.response.status_code) from None
        self._reader = asyncio.create_task(self._take())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()
        await self._reader

    async def send(self, *frames: str | bytes) -> None:
        """Sends raw frames; those that come too late are lost."""
        try:
            for frame in frames:
                await self._socket.send(frame)
        except ConnectionClosed:
            pass

    async def receive(self) -> str:
        """The next frame that is no ping."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                while self._read < len(self.frames):
                    self._read += 1
                    if (frame := self.frames[self._read - 1]) != "2":
                        return frame
                async with self._arrived:
                    await self._arrived.wait()

    async def wait_pings(self, count: int) -> None:
        """Waits until so many pings have come."""
        async with asyncio.timeout(TIMEOUT), self._arrived:
            await self._arrived.wait_for(lambda: self.frames.count("2") >= count)

    async def wait_closed(self) -> int:
        """The code with which the server closes the connection."""
        await asyncio.wait_for(self.closed.wait(), TIMEOUT)
        return self.code

    async def open(self) -> dict[str, Any]:
        """What the first packet, OPEN, says."""
        return opened(await self.receive())

    async def enter(self, namespace: str = "/", auth: str = "") -> dict[str, Any]:
        """Enters a namespace; what its answer says."""
        prefix = "" if namespace == "/" else f"{namespace},"
        await self.send(f"40{prefix}{auth}")
        answer = await self.receive()
        assert answer.startswith(f"40{prefix}{{"), answer
        return dict(json.loads(answer.removeprefix(f"40{prefix}")))

    async def start(self) -> Self:
        """Opens, enters `/`, and has heard all that comes of it; whoever can do this is fine."""
        await self.open()
        await self.enter()
        assert await self.receive() == '42["auth",{}]'
        await self.say("fine", ack=1)
        return self

    async def _take(self) -> None:
        try:
            async for frame in self._socket:
                assert isinstance(frame, str)
                if frame == "2" and self._answers:
                    await self.send("3")
                await self._note(frame)
        except ConnectionClosed:
            pass
        self.code = self._socket.close_code or 0
        self.closed.set()

    async def _note(self, frame: str) -> None:
        async with self._arrived:
            self.frames.append(frame)
            self._arrived.notify_all()


@dataclass(frozen=True)
class Answer:
    """What came back for one HTTP request."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def packets(self) -> list[str]:
        return self.text.split("\x1e")


class Request:
    """One HTTP request on a connection of its own, which can be given up."""

    def __init__(self, host: Host, method: str, query: str, body: bytes | str = b"", **headers: str) -> None:
        sent = {"Host": f"127.0.0.1:{host.port}", "Connection": "close", **headers}
        body = body.encode() if isinstance(body, str) else body
        if method in {"POST", "PUT"}:
            sent.setdefault("Content-Length", str(len(body)))
        head = [f"{method} /socket.io/?{query} HTTP/1.1", *(f"{key}: {value}" for key, value in sent.items())]
        self._bytes = "\r\n".join([*head, "", ""]).encode() + body
        self._port = host.port

    async def start(self) -> Self:
        """Sends it, without waiting for the answer."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(self._bytes)
        await self._writer.drain()
        return self

    async def answer(self) -> Answer:
        """The answer, when it has come whole."""
        async with asyncio.timeout(TIMEOUT):
            answer = await self._reader.read()
        self._writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines)}
        if headers.get("transfer-encoding") == "chunked":
            body = _unchunked(body)
        return Answer(int(status.split()[1]), headers, body.decode())

    def abort(self) -> None:
        """Gives up, as a browser does that is closed."""
        self._writer.transport.abort()


async def ask(host: Host, method: str, query: str, body: bytes | str = b"", **headers: str) -> Answer:
    """The answer to one HTTP request."""
    return await (await Request(host, method, query, body, **headers).start()).answer()


class Polling(Client):
    """One Engine.IO session by long-polling."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.sid = ""
        self._waiting: list[str] = []

    async def __aenter__(self) -> Self:
        answer = await ask(self.host, "GET", "EIO=4&transport=polling")
        assert answer.status == 200, answer
        (first,) = answer.packets
        self.handshake = opened(first)
        self.sid = self.handshake["sid"]
        return self

    async def __aexit__(self, *error: object) -> None:
        """Says good-bye, if there is still somebody to say it to."""
        await self.post("1")

    @property
    def query(self) -> str:
        return f"EIO=4&transport=polling&sid={self.sid}"

    async def wait(self) -> Request:
        """Starts a GET, which waits for something to come."""
        return await Request(self.host, "GET", self.query).start()

    async def get(self) -> Answer:
        """The answer of one GET."""
        return await (await self.wait()).answer()

    async def post(self, *packets: str) -> Answer:
        """The answer of one POST with these packets."""
        return await ask(self.host, "POST", self.query, "\x1e".join(packets))

    async def send(self, *packets: str) -> None:
        """Posts packets, which have to be taken."""
        answer = await self.post(*packets)
        assert (answer.status, answer.text.lower()) == (200, "ok"), answer

    async def receive(self) -> str:
        """The next packet that is no ping; pings are answered."""
        deadline = monotonic() + TIMEOUT
        while not self._waiting and monotonic() < deadline:
            answer = await self.get()
            assert answer.status == 200, answer
            if "2" in answer.packets:
                await self.send("3")
            self._waiting += [packet for packet in answer.packets if packet != "2"]
        return self._waiting.pop(0)

    async def start(self) -> Self:
        """Enters `/`; whoever can do this is fine."""
        await self.send("40")
        assert (await self.receive()).startswith('40{"sid":"')
        assert await self.receive() == '42["auth",{}]'
        await self.say("fine", ack=1)
        return self


def opened(packet: str) -> dict[str, Any]:
    """What an OPEN packet says."""
    assert packet.startswith("0{"), packet
    return dict(json.loads(packet[1:]))


def _unchunked(body: bytes) -> bytes:
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        parts.append(rest[: int(size, 16)])
        body = rest[int(size, 16) + 2 :]
    return b"".join(parts)
