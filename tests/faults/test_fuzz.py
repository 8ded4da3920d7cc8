"""Ten thousand packets that no client sends, while two people talk, who do not notice; nothing is left."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from random import Random
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from rooms.namespaces import ChatNamespace, StaffNamespace
from tests.faults.conftest import NewHost
from tests.faults.fuzz import SEED, UNBEARABLE, events, random_bytes, unbearable_events
from tests.faults.host import Host
from tests.faults.raw import TIMEOUT, Raw, frame
from tests.support.server import OWNER, Cookies

CODES = {
    "invalid", "unknown_event", "unauthenticated", "forbidden", "not_found", "conflict", "rate_limited",
    "too_large", "unavailable",
}  # fmt: skip
AT_ONCE = 10  # connections
PER_CONNECTION = 25  # events that are answered
PAUSE = 0.01  # seconds between two messages of the canaries
MARK = 999_999_999  # the ack of what must not be answered

SLOWEST = 0.25  # seconds for 99 of 100 messages of the canaries
PACKETS = 3  # of a connection that is ended: it enters, sends what it should not, and something good
MOST = 10**6  # messages: as long as it lasts
USUAL = 30  # messages before
BUSY = 10  # times as long may one take where all take long
LOGGED = 180  # bytes a packet: one line for what is answered, three for a connection
SAME = ("lines", "sockets", "entering", "acks")
FILES_OF_SQLITE = 3  # that a connection has open
MORE = {"tasks": 5, "fds": 5, "rss": 15 * 2**20}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def fuzzed(request: pytest.FixtureRequest, new_host: NewHost) -> Iterator[Host]:
    """A server with long-polling, too."""
    cluster = request.getfixturevalue("cluster") if request.param == "postgresql" else None
    with new_host(cluster, POLLING="true", PING_INTERVAL="1", PING_TIMEOUT="2") as host:
        yield host


@pytest.fixture(scope="module")
def owner_cookies(fuzzed: Host) -> Cookies:
    return fuzzed.server.sign_in(OWNER)


@pytest.fixture(scope="module")
def count(long: bool) -> int:
    """How many packets there are in all."""
    return 20_000 if long else 10_000


class Canaries:
    """Two people in a room of their own: one goes on talking, the other hears it."""

    def __init__(self, speaker: Raw, listener: Raw) -> None:
        self._speaker = speaker
        self._listener = listener
        self._numbers = itertools.count(1)
        self.said: list[str] = []
        self.heard: list[str] = []
        self.took: list[float] = []  # seconds, for each message

    async def meet(self, speaker: Cookies, listener: Cookies) -> None:
        await self._speaker.enter(cookies=speaker)
        await self._listener.enter(cookies=listener)
        other = (await self._listener.call(0, "sync"))["user"]["id"]
        name = f"Canaries {uuid4().hex}"
        made = await self._speaker.call(0, "create_room", name=name, kind="private", users=[other])
        self.room = made["room"]["id"]

    async def say(self, body: str) -> None:
        self.said.append(body)
        post = {"room": self.room, "client_id": str(uuid4()), "body": body}
        await self._speaker.call(next(self._numbers), "post_message", **post)

    async def talk(self, count: int = MOST) -> None:
        for _ in range(count):
            began = monotonic()
            await self.say(f"canary {len(self.said)}")
            self.took.append(monotonic() - began)
            await asyncio.sleep(PAUSE)

    async def usual(self) -> float:
        """What a message takes while nothing is wrong, on a machine that may have other things to do."""
        await self.talk(USUAL)
        before, self.took = self.took, []
        return percentile(before)

    async def hear(self, last: str) -> None:
        """Listens until `last` is heard; what is heard in other rooms is theirs."""
        while text := await self._listener.text():
            name, data = json.loads(text[2:]) if text.startswith("42") else ("", {})
            if name == "message_posted" and data["room"] == self.room:
                self.heard.append(data["message"]["body"])
                if self.heard[-1] == last:
                    return


def percentile(seconds: list[float]) -> float:
    """What 99 of 100 stay below."""
    return sorted(seconds)[len(seconds) * 99 // 100]


@asynccontextmanager
async def undisturbed(host: Host, packets: int) -> AsyncIterator[None]:
    """While so many packets are sent canaries talk; afterwards all is as before."""
    people = await asyncio.to_thread(host.new_people, 2, "canary")
    async with Raw(host.server.port) as speaker, Raw(host.server.port) as listener:
        canaries = Canaries(speaker, listener)
        await canaries.meet(*people.values())
        hearing = asyncio.create_task(canaries.hear("the end"))
        usual = await canaries.usual()
        before, logged = await asyncio.to_thread(host.stats), len(host.server.log())
        talking = asyncio.create_task(canaries.talk())
        yield
        await asyncio.to_thread(host.wait_for_stats, lambda now: _is_as(before, now))
        talking.cancel()
        await asyncio.wait([talking])
        await canaries.say("the end")
        await asyncio.wait_for(hearing, TIMEOUT)
        assert canaries.heard == canaries.said
        assert percentile(canaries.took) <= max(SLOWEST, BUSY * usual)
        _assert_quiet(host.server.log()[logged:], packets)


def _is_as(before: dict[str, float], now: dict[str, float]) -> bool:
    threads = now["database_threads"] - before["database_threads"]  # are begun when needed, and stay
    expected = {**before, "fds": before["fds"] + threads * FILES_OF_SQLITE}
    return all(now[name] <= before[name] for name in SAME) and all(
        now[name] <= expected[name] + more for name, more in MORE.items()
    )


def _assert_quiet(log: str, packets: int) -> None:
    lines = [line for line in log.splitlines() if "event=post_message ack=ok" not in line]  # canaries'
    assert not [line for line in lines if "Traceback" in line or " ERROR " in line]
    assert sum(len(line) + 1 for line in lines) <= LOGGED * packets


async def at_once(work: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Does it all, some of it at a time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(piece: Coroutine[Any, Any, object]) -> None:
        async with places:
            await piece

    await asyncio.gather(*map(one, work))


async def throw(host: Host, data: bytes, namespace: str = "/", cookies: Cookies | None = None) -> list[str]:
    """Enters, sends this and a good event after it, and says good-bye; what was heard."""
    async with Raw(host.server.port) as raw:
        await raw.enter(namespace, cookies)
        raw.send(data + frame(f"42{prefix(namespace)}{MARK}[0]"))
        raw.writer.write_eof()
        heard = []
        while text := await raw.text():
            heard.append(text)
        assert not any('"internal"' in text for text in heard), (data, heard)
        return heard


async def refuse(host: Host, event: str, namespace: str, cookies: Cookies) -> None:
    """Sends an event that must not be taken, and neither what follows it."""
    heard = await throw(host, frame(f"42{prefix(namespace)}1{event}"), namespace, cookies)
    acks = [text for text in heard if text.startswith(f"43{prefix(namespace)}")]
    assert acks == [], event[:200]


def prefix(namespace: str) -> str:
    """What stands before the number of a packet of a namespace."""
    return "" if namespace == "/" else f"{namespace},"


async def ask(host: Host, asked: list[str], namespace: str, cookies: Cookies | None) -> None:
    """Sends events of which each is answered, with a code that is known, and the connection stays."""
    async with Raw(host.server.port) as raw:
        await raw.enter(namespace, cookies)
        before = prefix(namespace)
        waiting = dict(enumerate(asked, 1))
        raw.say(*(f"42{before}{number}{event}" for number, event in waiting.items()))
        while waiting:
            text = await raw.text()
            assert text, ("cut off", waiting)
            if text.startswith(f"43{before}"):
                number, _, content = text.removeprefix(f"43{before}").partition("[")
                (ack,) = json.loads(f"[{content}")
                asked_for = waiting.pop(int(number))
                assert ack["ok"] or ack["error"]["code"] in CODES, (asked_for[:500], ack)


async def test_bytes_and_frames_at_random_end_their_connection_or_do_nothing(fuzzed, count):
    frames = list(random_bytes(Random(SEED), count * 11 // 20))
    async with undisturbed(fuzzed, len(frames) * PACKETS):
        await at_once(throw(fuzzed, data) for data in frames)


@pytest.mark.parametrize("namespace", [ChatNamespace, StaffNamespace])
async def test_what_no_packet_may_hold_ends_its_connection(fuzzed, owner_cookies, namespace):
    path = {ChatNamespace: "/", StaffNamespace: "/admin"}[namespace]
    found = list(unbearable_events(namespace))
    assert len(found) >= len(namespace.handlers) * len(UNBEARABLE)
    async with undisturbed(fuzzed, len(found) * PACKETS):
        await at_once(refuse(fuzzed, event, path, owner_cookies) for event in found)


async def test_whatever_a_command_is_given_it_answers_with_a_code(fuzzed, count, owner_cookies):
    (outsider,) = (await asyncio.to_thread(fuzzed.new_people, 1, "outsider")).values()
    guest = await asyncio.to_thread(fuzzed.server.guest, "Gus")
    chat, staff = events(ChatNamespace, count * 7 // 20), events(StaffNamespace, count // 20)
    who = itertools.cycle([owner_cookies, outsider, guest, None])
    asked = [ask(fuzzed, batch, "/", next(who)) for batch in _batches(chat)]
    asked += [ask(fuzzed, batch, "/admin", owner_cookies) for batch in _batches(staff)]
    async with undisturbed(fuzzed, len(chat) + len(staff)):
        await at_once(asked)


def _batches(found: list[str]) -> list[list[str]]:
    return [found[start : start + PER_CONNECTION] for start in range(0, len(found), PER_CONNECTION)]


def _post(query: str, body: bytes) -> bytes:
    head = f"POST /socket.io/?{query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def poll(host: Host, body: bytes) -> None:
    """A session of long-polling that sends this once it has entered."""
    query = "EIO=4&transport=polling"
    async with Raw(host.server.port) as raw:
        raw.send(f"GET /socket.io/?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await raw.reader.readuntil(b'"sid": "')
        sid = (await raw.reader.readuntil(b'"'))[:-1].decode()
        await raw.reader.readuntil(b"}")
        for each in (b"40", body, b"1"):
            raw.send(_post(f"{query}&sid={sid}", each))
            assert await raw.status() in {200, 400}


async def test_long_polling_bears_them_too(fuzzed, count):
    random = Random(SEED)
    heads = [b"42", b"4", b"", b"b", b"\x1e"]
    bodies = [random.choice(heads) + random.randbytes(random.randint(0, 90)) for _ in range(count // 20)]
    async with undisturbed(fuzzed, len(bodies) * PACKETS):
        await at_once(poll(fuzzed, body) for body in bodies)
