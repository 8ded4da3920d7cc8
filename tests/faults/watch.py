"""What a server has while it is flooded, and how it looks from elsewhere meanwhile."""

import asyncio
from collections import Counter
from time import monotonic
from typing import Self

from tests.faults.host import Host
from tests.faults.raw import Raw

ELSEWHERE = "127.0.0.2"  # another address, as far as the server can tell
LOOK = 0.05  # seconds between two looks
RECLAIMED = 15  # seconds
MORE_MEMORY = 20 * 2**20


class Watch:
    """The most that a server has of something while it is flooded, looked at again and again."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.most: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        self.before = await asyncio.to_thread(self._host.stats)
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._watching.cancel()
        await asyncio.wait([self._watching])
        self._note(await asyncio.to_thread(self._host.stats))

    async def _watch(self) -> None:
        while True:
            self._note(await asyncio.to_thread(self._host.stats))
            await asyncio.sleep(LOOK)

    def _note(self, now: dict[str, float]) -> None:
        for name, value in now.items():
            self.most[name] = max(self.most[name], int(value - self.before[name]))


async def come_from_elsewhere(host: Host) -> float:
    """Somebody comes from another address, is let in and answered; the seconds that it takes."""
    began = monotonic()
    async with Raw(host.server.port, address=ELSEWHERE) as other:
        await other.enter()
        await other.call(1, "sync")
    return monotonic() - began
