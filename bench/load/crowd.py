"""All sockets of a measurement: connected together, checked together, gone together."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from .dialects import Dialect, Seat
from .faults import Fault
from .ledger import Ledger
from .member import Hall, Member
from .traffic import Traffic

AT_ONCE = 50  # connections under way
CONNECT_TIMEOUT = 60  # seconds for all of them
SILENCE = 10  # seconds after which nothing more is expected to arrive
CLOSE_TIMEOUT = 10  # seconds
LOOK = 0.02  # seconds between two looks at what is still to come
SHOWN = 5  # faults told


@dataclass(frozen=True)
class Crowd:
    members: list[Member]
    halls: list[Hall]
    traffic: Traffic
    connecting: float  # seconds that connecting all of them took

    async def settle(self) -> None:
        """Waits until everything sent has been acknowledged and delivered, then checks it. Raises Fault."""
        self.traffic.talking = False
        seen, since = -1, time.monotonic()
        while self._outstanding() and time.monotonic() - since < SILENCE:
            await self.traffic.lasts(LOOK)
            if self.traffic.delivered + self.traffic.acked != seen:
                seen, since = self.traffic.delivered + self.traffic.acked, time.monotonic()
        unanswered = sum(member.waiting for member in self.members)
        faults = [f"{unanswered} messages were never acknowledged."] if unanswered else []
        faults += [fault for hall in self.halls for fault in hall.ledger.faults()]
        if faults:
            more = [f"{len(faults) - SHOWN} more faults."] if len(faults) > SHOWN else []
            raise Fault(" ".join(faults[:SHOWN] + more))

    def _outstanding(self) -> bool:
        return any(member.waiting for member in self.members) or any(
            hall.ledger.outstanding() for hall in self.halls
        )


@contextlib.asynccontextmanager
async def crowd(port: int, seats: Sequence[Seat], dialect: Dialect) -> AsyncIterator[Crowd]:
    """A socket in each of `seats`, all of them ready. Raises Fault."""
    traffic = Traffic()
    halls = {
        room: Hall(Ledger(room, hears_itself=dialect.hears_itself)) for room in {seat.room for seat in seats}
    }
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: traffic.fail(
            f"The load itself failed: {context.get('exception') or context['message']!r}."
        )
    )
    began = time.perf_counter()
    members: list[Member] = []
    waiting = (Member(seat, halls[seat.room], dialect, traffic) for seat in seats)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await _connect_all(port, waiting, members)
        yield Crowd(members, list(halls.values()), traffic, time.perf_counter() - began)
    except TimeoutError:
        raise Fault(f"{len(seats)} sockets were not connected within {CONNECT_TIMEOUT} s.") from None
    finally:
        await _leave(members, traffic)


async def _connect_all(port: int, waiting: Iterator[Member], members: list[Member]) -> None:
    """Each of `waiting` is added to `members` once it has a connection."""
    loop = asyncio.get_running_loop()

    async def connect_some() -> None:
        for member in waiting:
            await loop.create_connection(partial(_same, member), "127.0.0.1", port)
            members.append(member)
            await member.ready

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(connect_some())
    except ExceptionGroup as failed:
        raise Fault(f"Connecting failed: {failed.exceptions[0]}") from None


def _same(member: Member) -> Member:
    return member


async def _leave(members: Sequence[Member], traffic: Traffic) -> None:
    traffic.closing = True
    for member in members:
        member.close()
    if members:
        await asyncio.wait([member.closed for member in members], timeout=CLOSE_TIMEOUT)
