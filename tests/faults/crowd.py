"""Many connections that do little: each hears what there is, and answers pings. Some go without a word."""

from __future__ import annotations

import asyncio
import random
import resource
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

from tests.faults.raw import Raw
from tests.support.server import Cookies

AT_ONCE = 40  # connections that are on their way
ENOUGH_FILES = 10_000  # for this process, and the server it starts
PING = b"\x81\x012"  # a frame; nothing else that is sent holds a byte of 1
TAKEN = 65_536  # bytes in one look


class Crowd:
    """Connections of these people in `/`, as many of each."""

    def __init__(self, port: int, people: Sequence[Cookies]) -> None:
        self._port = port
        self._people = people
        self._there: dict[asyncio.Task[None], Raw] = {}
        self._all = AsyncExitStack()
        self.lost = 0  # connections that the server ended
        _allow_files(ENOUGH_FILES)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._there:
            task.cancel()
        await asyncio.gather(*self._there, return_exceptions=True)
        await self._all.aclose()

    @property
    def size(self) -> int:
        """How many are there."""
        return len(self._there)

    async def grow(self, count: int) -> None:
        """So many more come in."""
        places = asyncio.Semaphore(AT_ONCE)

        async def come(number: int) -> None:
            async with places:
                raw = await self._all.enter_async_context(Raw(self._port))
                await raw.enter(cookies=self._people[number % len(self._people)])
            task = asyncio.create_task(self._listen(raw))
            self._there[task] = raw
            task.add_done_callback(self._there.pop)

        async with asyncio.TaskGroup() as coming:
            for number in range(count):
                coming.create_task(come(number))

    async def lose(self, count: int) -> None:
        """So many are gone without a word, chosen by chance."""
        going = random.sample(list(self._there.items()), count)
        for task, raw in going:
            task.cancel()
            raw.writer.transport.abort()
        await asyncio.gather(*(task for task, _ in going), return_exceptions=True)

    async def _listen(self, raw: Raw) -> None:
        rest = b""
        with suppress(OSError):
            while came := await raw.reader.read(TAKEN):
                rest += came
                if PING in rest:
                    raw.say("3")
                rest = rest[-2:] if not rest.endswith(PING) else b""
        self.lost += 1


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(count, hard)), hard))
