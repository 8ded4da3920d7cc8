"""Commands that write: in the write queue, told and answered after the commit, in order."""

import asyncio
import threading
from contextvars import copy_context
from functools import partial

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from chatproject.errors import Conflict
from chatproject.sockets import publish
from chatproject.sockets.database import in_database
from chatproject.sockets.namespace import Namespace, write, write_together
from chatproject.writes import WriteQueue
from rooms.models import Invitation

from .support import Echo, Nothing, Word, socket_of

pytestmark = pytest.mark.django_db(transaction=True)


def note(text):
    return Invitation.objects.create(note=text).pk


async def notes():
    return await in_database(lambda: list(Invitation.objects.order_by("pk").values_list("note", flat=True)))


def say_together(said):
    """Numbers what is said, and tells it; "no" is refused."""
    return [Conflict("no") if text == "no" else context.run(say, text) for text, context in said]


def say(text):
    number = note(text)
    publish("said", {"number": number, "text": text}, to="hall", but_sender=True)
    return number


class Hall(Echo):
    """Everybody is in the hall. Each way of saying something in it is numbered by the database."""

    def __init__(self, *args):
        super().__init__(*args)
        self.gate = threading.Event()
        self.reached = threading.Event()

    async def on_connect(self, socket):
        self.server.enter(socket, "hall")

    @write
    def on_say(self, socket, payload: Word):
        return {"number": say(payload.text), "thread": threading.current_thread().name}

    @write
    def on_say_and_fail(self, socket, payload: Word):
        say(payload.text)
        raise Conflict("Not this.")

    @write_together(say_together, answer=lambda number: {"number": number})
    async def on_say_quickly(self, socket, payload: Word):
        return payload.text, copy_context()

    @write
    def on_hold(self, socket, payload: Nothing):
        self.reached.set()
        assert self.gate.wait(5)


class Held:
    """While it lasts, the queue holds back what comes; after it all of that shares a transaction."""

    def __init__(self, hall, entry):
        self.hall, self.entry = hall, entry

    async def __aenter__(self):
        self.holding = asyncio.ensure_future(self.entry.call("hold"))
        assert await asyncio.to_thread(self.hall.reached.wait, 5)

    async def __aexit__(self, *error):
        self.hall.gate.set()
        await self.holding


async def asked(app, count):
    """Waits until so many writes are in the queue."""
    async with asyncio.timeout(5):
        while app.server.writes.waiting < count:  # noqa: ASYNC110 - a turn of the loop, no time
            await asyncio.sleep(0)


@pytest.fixture
async def hall(stage):
    hall = Hall("/")
    return hall, await stage.serve(hall)


@pytest.mark.parametrize("event", ["say", "say_quickly"])
async def test_what_is_written_is_acked_to_its_sender_and_told_to_the_others(stage, hall, event):
    _, app = hall
    sender, tab, other = [await stage.enter(app) for _ in range(3)]
    ack = await sender.call(event, {"text": "hi"})
    number = ack["data"]["number"]
    assert await sender.received("said") == []
    for each in (tab, other):
        assert await each.received("said") == [{"number": number, "text": "hi"}]
    assert await notes() == ["hi"]


async def test_a_command_that_writes_runs_in_the_writers_thread(stage, hall):
    entry = await stage.enter(hall[1])
    assert (await entry.call("say", {"text": "hi"}))["data"]["thread"] == "writes"


async def test_what_is_refused_is_neither_stored_nor_told(stage, hall):
    _, app = hall
    sender, other = [await stage.enter(app) for _ in range(2)]
    assert (await sender.call("say_and_fail", {"text": "hi"}))["error"]["code"] == "conflict"
    assert (await sender.call("say_quickly", {"text": "no"}))["error"]["code"] == "conflict"
    assert await other.received("said") == []
    assert await notes() == []


async def test_those_that_come_together_share_a_transaction_and_each_has_its_own_ack(stage, hall):
    namespace, app = hall
    entries = [await stage.enter(app) for _ in range(5)]
    async with Held(namespace, await stage.enter(app)):
        texts = ["a", "no", "b", "no", "c"]
        calls = [
            asyncio.ensure_future(entry.call("say_quickly", {"text": text}))
            for entry, text in zip(entries, texts, strict=True)
        ]
        await asked(app, 6)
    acks = await asyncio.gather(*calls)
    assert [ack["ok"] for ack in acks] == [True, False, True, False, True]
    assert app.server.writes.largest == 5
    assert await notes() == ["a", "b", "c"]
    for entry, text in zip(entries, texts, strict=True):
        assert [said["text"] for said in await entry.received("said")] == [
            each for each in "abc" if each != text
        ]


@pytest.mark.parametrize("events", [["say"], ["say_quickly"], ["say", "say_quickly"]], ids=str)
async def test_nobody_sees_a_later_number_before_the_ack_of_an_earlier_one_of_their_own(stage, hall, events):
    _, app = hall
    wires = [await stage.open(app) for _ in range(6)]
    entries = [await wire.enter() for wire in wires]
    seen: list[list[int]] = [[] for _ in entries]
    for wire, numbers in zip(wires, seen, strict=True):
        wire._read = partial(watched, wire._read, numbers)

    async def talk(entry, place):
        for turn in range(8):
            ack = await entry.call(events[(turn + place) % len(events)], {"text": "hi"})
            assert ack["ok"]

    await asyncio.gather(*(talk(entry, place) for place, entry in enumerate(entries)))
    for entry, numbers in zip(entries, seen, strict=True):
        await entry.received("said")
        assert len(numbers) == 48
        assert numbers == sorted(numbers)


def watched(read, numbers, text):
    """Takes a frame, and notes the number in it: of a broadcast or of an ack."""
    if '"number":' in text:
        numbers.append(int(text.split('"number":')[1].split(",")[0].split("}")[0]))
    read(text)


async def test_a_commit_that_fails_is_unavailable_and_told_to_nobody(stage, hall, log, monkeypatch):
    def no_commit(self):
        raise OperationalError("the disk is full")

    _, app = hall
    sender, other = [await stage.enter(app) for _ in range(2)]
    with monkeypatch.context() as patched:
        patched.setattr(BaseDatabaseWrapper, "_commit", no_commit)
        for event in ("say", "say_quickly"):
            error = (await sender.call(event, {"text": "lost"}))["error"]
            assert (error["code"], error["retry_after"]) == ("unavailable", 1)
    assert "error=OperationalError reason='the disk is full'" in log.text()
    assert (await sender.call("say", {"text": "kept"}))["ok"]
    assert [said["text"] for said in await other.received("said")] == ["kept"]


async def test_a_full_queue_is_unavailable_at_once_and_others_are_answered_all_the_same(stage, hall):
    namespace, app = hall
    app.server.writes = WriteQueue(most_waiting=2)
    first, second, reader = [await stage.enter(app) for _ in range(3)]
    async with Held(namespace, await stage.enter(app)):
        waiting = asyncio.ensure_future(first.call("say", {"text": "waits"}))
        await asked(app, 2)
        error = (await second.call("say", {"text": "too many"}))["error"]
        assert (error["code"], error["retry_after"]) == ("unavailable", 1)
        assert (await reader.call("echo", {"text": "hi"}))["ok"]
    assert (await waiting)["ok"]
    assert (await second.call("say", {"text": "again"}))["ok"]
    assert await notes() == ["waits", "again"]


async def test_who_is_sent_away_before_the_commit_gets_no_ack_and_is_heard_all_the_same(stage, hall):
    namespace, app = hall
    wire = await stage.open(app)
    leaving, other = await wire.enter(), await stage.enter(app)
    async with Held(namespace, await stage.enter(app)):
        call = asyncio.ensure_future(leaving.call("say", {"text": "bye"}))
        await asked(app, 2)
        app.server.drop(socket_of(app, leaving).line)
        await wire.wait_closed()
    assert (await other.receive("said"))["text"] == "bye"
    assert await notes() == ["bye"]
    assert not any(frame.startswith("43") for frame in wire.frames)
    call.cancel()


async def test_a_server_that_stops_finishes_what_was_asked(stage, hall):
    namespace, app = hall
    entry = await stage.enter(app)
    async with Held(namespace, await stage.enter(app)):
        entry.emit("say", {"text": "last words"})
        await asked(app, 2)
        stopping = asyncio.ensure_future(app.server.writes.drain())
    await stopping
    assert await notes() == ["last words"]
    assert (await entry.call("say", {"text": "late"}))["error"]["code"] == "unavailable"


async def test_locks_are_asked_for_by_what_the_commands_name(stage):
    locked = []

    class Locking(Namespace):
        @staticmethod
        def lock(keys):
            locked.append(sorted(keys))

        def lock_keys(self, payload):
            return [payload.text] if isinstance(payload, Word) else ()

        @write
        def on_say(self, socket, payload: Word):
            assert locked

        @write
        def on_nothing(self, socket, payload: Nothing):
            pass

    entry = await stage.enter(await stage.serve(Locking("/")))
    assert (await entry.call("nothing"))["ok"]
    assert (await entry.call("say", {"text": "a"}))["ok"]
    assert locked == [["a"]]
