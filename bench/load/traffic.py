"""What all sockets of a measurement share: whether to talk, what was counted, what went wrong."""

import asyncio
from dataclasses import dataclass, field

from .faults import Fault


@dataclass(slots=True)
class Traffic:
    talking: bool = False
    echoing: bool = True  # the next message leaves on the ack of the last
    delivered: int = 0
    acked: int = 0
    latencies: list[float] = field(default_factory=list)  # seconds from a message to its ack
    closing: bool = False
    fault: str = ""
    _failed: asyncio.Event = field(default_factory=asyncio.Event)

    def fail(self, sentence: str) -> None:
        """Ends the measurement; the first fault is the one that is told."""
        self.fault = self.fault or sentence
        self.talking = False
        self._failed.set()

    async def lasts(self, seconds: float) -> None:
        """Waits. Raises Fault as soon as something goes wrong."""
        try:
            async with asyncio.timeout(seconds):
                await self._failed.wait()
        except TimeoutError:
            return
        raise Fault(self.fault)
