"""People who talk: in one room or in many, as fast as their acks come or at a fixed rate."""

import asyncio
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.layout import Layout
from bench.load.crowd import Crowd, crowd
from bench.load.dialects import Dialect, Seat
from bench.load.member import Member
from bench.measures import ACK_P50, ACK_P99, CPU, DELIVERIES, MESSAGES, MILLION, Figures, percentile
from bench.process import Process

from .workload import Timing

MILLISECONDS = 1000


@dataclass(frozen=True)
class Talk:
    """The first `senders` of each room talk: on each ack, or all together at `rate` messages a second."""

    layout: Layout
    senders: int
    rate: float = 0.0

    async def measure(
        self, process: Process, seats: Sequence[Seat], dialect: Dialect, timing: Timing
    ) -> Figures:
        """Raises Fault."""
        async with crowd(process.port, seats, dialect) as people:
            await _catch_up(people)
            speakers = [member for member in people.members if self._talks(member.seat)]
            pacing = self._start(people, speakers)
            try:
                await people.traffic.lasts(timing.warm_up)
                start = Reading.of(people, process)
                await _window(people, timing.seconds)
                stop = Reading.of(people, process)
            finally:
                people.traffic.talking = False
                await asyncio.gather(*pacing)
            await people.settle()
            settled = Reading.of(people, process)
        # Who needs longer for what was said than it was talked has no steady rate within that time.
        slow = settled.at - stop.at > timing.seconds
        return start.until(settled if slow else stop, people.traffic.latencies)

    def _talks(self, seat: Seat) -> bool:
        return seat.number % self.layout.size < self.senders

    def _start(self, people: Crowd, speakers: Sequence[Member]) -> list[asyncio.Task[None]]:
        people.traffic.talking = True
        people.traffic.echoing = not self.rate
        if self.rate:
            return [asyncio.create_task(_pace(people, speakers, 1 / self.rate))]
        for speaker in speakers:
            speaker.post()
        return []


@dataclass(frozen=True)
class Reading:
    """All counters at one moment; times and CPU in seconds."""

    at: float
    delivered: int
    acked: int
    load: float
    server: float

    @classmethod
    def of(cls, people: Crowd, process: Process) -> "Reading":
        traffic = people.traffic
        return cls(time.perf_counter(), traffic.delivered, traffic.acked, time.process_time(), process.cpu())

    def until(self, later: "Reading", latencies: Sequence[float]) -> Figures:
        """What happened between two moments."""
        took, delivered = later.at - self.at, later.delivered - self.delivered
        served = later.server - self.server
        values = {
            DELIVERIES: delivered / took,
            MESSAGES: (later.acked - self.acked) / took,
            ACK_P50: MILLISECONDS * percentile(latencies, 0.5),
            ACK_P99: MILLISECONDS * percentile(latencies, 0.99),
            CPU: served / delivered * MILLION if delivered else float("nan"),
        }
        return Figures(values, load=(later.load - self.load) / took, server=served / took)


async def _window(people: Crowd, seconds: float) -> None:
    people.traffic.latencies.clear()
    gc.collect()
    gc.disable()  # a pause of the load's would be taken for the server's
    try:
        await people.traffic.lasts(seconds)
    finally:
        gc.enable()


async def _catch_up(people: Crowd) -> None:
    """What a client of ours asks first; its answer comes when the socket is in its person's rooms."""
    signed_in = [member for member in people.members if member.seat.cookie]
    await asyncio.gather(*(member.ask("sync", b'{"rooms":{}}') for member in signed_in))


async def _pace(people: Crowd, speakers: Sequence[Member], gap: float) -> None:
    """One message every `gap` seconds, in turn; what came late does not put off what follows."""
    began, count = time.perf_counter(), 0
    while people.traffic.talking:
        speakers[count % len(speakers)].post()
        count += 1
        await asyncio.sleep(max(0.0, began + count * gap - time.perf_counter()))
