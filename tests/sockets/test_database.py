"""The ORM beside the loop: threads of its own, and connections that are not used up."""

import asyncio
import threading
from contextvars import ContextVar

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import OperationalError, connections

from chatproject import connections as freshness
from chatproject.sockets.database import in_database
from chatproject.sockets.namespace import Namespace

from .support import Echo, Nothing


class Connections:
    """Stands for Django's, of one thread."""

    def __init__(self, *vendors):
        self.found = [FakeConnection(vendor) for vendor in vendors]

    def all(self, *, initialized_only):
        assert initialized_only  # a thread that has none needs none
        return self.found


class FakeConnection:
    def __init__(self, vendor):
        self.vendor = vendor
        self.errors_occurred = False
        self.looked_at = 0

    def close_if_unusable_or_obsolete(self):
        self.looked_at += 1


# --- Threads ------------------------------------------------------------------------------------
async def test_what_runs_in_the_database_gets_its_arguments_and_gives_its_result():
    assert await in_database(lambda *args, **options: (args, options), 1, key=2) == ((1,), {"key": 2})


async def test_what_it_raises_is_raised():
    def fail():
        raise OperationalError("on purpose")

    with pytest.raises(OperationalError, match="on purpose"):
        await in_database(fail)


async def test_an_exception_that_no_future_takes_is_raised_as_another():
    """It would be lost on its way back, and whoever waits would wait for ever."""
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(in_database(next, iter(())), 5)


async def test_as_many_calls_run_at_the_same_time_as_there_are_threads():
    together = threading.Barrier(settings.DATABASE_THREADS)
    names = await asyncio.gather(
        *(in_database(lambda: together.wait(5) >= 0 and threading.current_thread().name) for _ in range(4))
    )
    assert len(set(names)) == settings.DATABASE_THREADS == 4


async def test_there_are_never_more_threads_than_that():
    names = await asyncio.gather(*(in_database(lambda: threading.current_thread().name) for _ in range(50)))
    assert len(set(names)) <= settings.DATABASE_THREADS


async def test_slow_handlers_of_two_clients_overlap(stage):
    together = threading.Barrier(2)

    class Slow(Namespace):
        def on_meet(self, socket, payload: Nothing):
            together.wait(5)

    app = await stage.serve(Slow("/"))
    entries = [await stage.enter(app) for _ in range(2)]
    acks = await asyncio.gather(*(entry.call("meet") for entry in entries))
    assert [ack["ok"] for ack in acks] == [True, True]


async def test_the_loop_goes_on_while_the_database_is_slow(stage):
    go_on = threading.Event()

    class Slow(Echo):
        def on_wait(self, socket, payload: Nothing):
            assert go_on.wait(5)

    app = await stage.serve(Slow("/"))
    slow, quick = await stage.enter(app), await stage.enter(app)
    waiting = asyncio.ensure_future(slow.call("wait"))
    assert (await quick.call("echo", {"text": "hi"}))["ok"]
    assert not waiting.done()
    go_on.set()
    assert (await waiting)["ok"]


async def test_what_is_known_of_the_caller_is_known_in_the_thread_and_stays_there():
    known = ContextVar("known", default="nothing")

    def look():
        before = known.get()
        known.set("changed in the thread")
        return before

    known.set("the caller")
    assert await in_database(look) == "the caller"
    assert known.get() == "the caller"


async def test_a_call_that_is_cancelled_is_finished_all_the_same():
    began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def write():
        began.set()
        go_on.wait(5)
        ended.set()

    writing = asyncio.ensure_future(in_database(write))
    await asyncio.to_thread(began.wait, 5)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    go_on.set()
    assert await asyncio.to_thread(ended.wait, 5)


async def test_the_orm_does_not_run_on_the_loop(stage, log, transactional_db):
    class Careless(Namespace):
        async def on_count(self, socket, payload: Nothing):
            return get_user_model().objects.count()

        def on_count_there(self, socket, payload: Nothing):
            return get_user_model().objects.count()

    entry = await stage.enter(await stage.serve(Careless("/")))
    assert (await entry.call("count"))["error"]["code"] == "internal"
    (fault,) = log.faults()
    assert "SynchronousOnlyOperation" in fault
    assert (await entry.call("count_there"))["data"] == 0


# --- Connections --------------------------------------------------------------------------------
async def test_connections_are_looked_after_before_and_after_each_call(monkeypatch):
    fakes = Connections("postgresql", "postgresql")
    monkeypatch.setattr(freshness, "connections", fakes)
    seen = await in_database(lambda: [each.looked_at for each in fakes.found])
    assert seen == [1, 1]
    assert [each.looked_at for each in fakes.found] == [2, 2]


async def test_they_are_looked_after_when_the_call_fails_too(monkeypatch):
    fakes = Connections("postgresql")
    monkeypatch.setattr(freshness, "connections", fakes)

    def fail():
        raise OperationalError

    with pytest.raises(OperationalError):
        await in_database(fail)
    assert fakes.found[0].looked_at == 2


async def test_a_file_stays_open_until_there_was_an_error(monkeypatch):
    fakes = Connections("sqlite")
    monkeypatch.setattr(freshness, "connections", fakes)
    await in_database(lambda: None)
    assert fakes.found[0].looked_at == 0
    fakes.found[0].errors_occurred = True
    await in_database(lambda: None)
    assert fakes.found[0].looked_at == 2


async def test_a_connection_that_broke_is_replaced_and_the_next_event_succeeds(
    stage, log, transactional_db, monkeypatch
):
    """Nothing else closes it for socket events: it would stay broken for ever."""
    wrappers = []

    class Counting(Namespace):
        def on_count(self, socket, payload: Nothing):
            return get_user_model().objects.count()

        def on_break(self, socket, payload: Nothing):
            wrapper = connections["default"]
            wrapper.ensure_connection()
            wrapper.errors_occurred = True
            monkeypatch.setattr(type(wrapper), "is_usable", lambda self: False)
            wrappers.append(wrapper)
            raise OperationalError("the server closed the connection unexpectedly")

    entry = await stage.enter(await stage.serve(Counting("/")))
    assert (await entry.call("break"))["error"]["code"] == "unavailable"
    assert "the server closed the connection unexpectedly" in log.text()
    assert wrappers[0].connection is None
    monkeypatch.undo()
    assert await entry.call("count") == {"ok": True, "data": 0}
