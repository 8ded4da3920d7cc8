"""A proxy between clients and a server that can be made a bad network."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

CHUNK = 65_536  # bytes
SLICE = 0.05  # seconds that a slow network moves its share in
NO_LINGER = struct.pack("ii", 1, 0)  # closing then is a reset


class ChaosProxy:
    """Carries TCP connections to `port` of loopback, in a thread of its own; `port` of itself is free.

    `mode` is `pass`; `hole`: connections stay open, and what is sent waits until the mode changes;
    `reset`: all that are there and all that come are reset.
    `rate` is bytes per second that go to each client, 0 for no limit.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.mode = "pass"
        self.rate = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._links: set[_Link] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def links(self) -> int:
        """How many connections it carries."""
        return len(self._links)

    def set_mode(self, mode: str) -> None:
        """Changes what happens to all connections from now on."""
        self._call(self._set_mode(mode))

    def halve(self) -> None:
        """Ends every connection for its client only: the server is told nothing, and gets nothing."""
        self._call(self._each(lambda link: link.halve()))

    def _call(self, work: Any) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.result(10)

    async def _each(self, action: Callable[[_Link], None]) -> None:
        for link in list(self._links):
            action(link)

    async def _listen(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        for link in list(self._links):
            link.task.cancel()
        await asyncio.gather(*(link.task for link in self._links), return_exceptions=True)

    async def _set_mode(self, mode: str) -> None:
        self.mode = mode
        if mode == "hole":
            self._open.clear()
        else:
            self._open.set()
        if mode == "reset":
            await self._each(lambda link: link.reset())

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, reader, writer)
        self._links.add(link)
        try:
            if self.mode == "reset":
                link.reset()
            else:
                await link.run()
        except (OSError, asyncio.CancelledError):
            pass  # either side is gone, or the test is over
        finally:
            link.reset()
            self._links.discard(link)

    async def passage(self) -> None:
        """Returns once something may pass."""
        await self._open.wait()


class _Link:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(self, proxy: ChaosProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._client = (reader, writer)
        self._writers = [writer]
        self._halved = asyncio.Event()
        task = asyncio.current_task()
        assert task
        self.task: asyncio.Task[Any] = task

    async def run(self) -> None:
        """Carries until either side ends."""
        await self._proxy.passage()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._proxy.target)
        self._writers.append(writer)
        ways = [
            asyncio.ensure_future(self._pump(self._client[0], writer, lambda: 0)),
            asyncio.ensure_future(self._pump(reader, self._client[1], lambda: self._proxy.rate)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if self._halved.is_set():
                await ways[1]  # for as long as the server believes in it
        finally:
            for way in ways:
                way.cancel()

    def halve(self) -> None:
        self._halved.set()
        _reset(self._writers[0])

    def reset(self) -> None:
        """Ends both sides with a reset."""
        for writer in self._writers:
            _reset(writer)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: Callable[[], int]
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(max(1, int(rate() * SLICE)) if rate() else CHUNK):
                await self._proxy.passage()
                if not self._halved.is_set():
                    writer.write(data)
                    await writer.drain()
                if rate():
                    await asyncio.sleep(SLICE)


def _reset(writer: asyncio.StreamWriter) -> None:
    if not writer.transport.is_closing():
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        writer.transport.abort()
