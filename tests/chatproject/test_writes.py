"""The write queue: shared transactions, outcomes of one's own, and what follows a commit."""

import asyncio
import logging
import sqlite3
import threading
from contextlib import suppress
from contextvars import copy_context
from functools import partial

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from chatproject.errors import Conflict, DomainError, Forbidden, Internal, Unavailable
from chatproject.sockets.database import in_database
from chatproject.writes import Write, WriteQueue, current, follow
from rooms.models import Invitation, Membership, Room

pytestmark = pytest.mark.django_db(transaction=True)

TIMEOUT = 5  # seconds


@pytest.fixture
async def queue():
    queue = WriteQueue()
    yield queue
    await queue.drain()


class Gate:
    """Something that the writer's thread waits for, as it waits for a slow disk."""

    def __init__(self, queue):
        self.reached, self.opened = threading.Event(), threading.Event()
        self.passing = asyncio.ensure_future(queue.run(self._pass))

    def _pass(self):
        self.reached.set()
        assert self.opened.wait(TIMEOUT)

    async def wait_reached(self):
        assert await asyncio.to_thread(self.reached.wait, TIMEOUT)

    async def open(self):
        self.opened.set()
        await self.passing


async def together(queue, *operations, **options):
    """The outcomes of writes that share a transaction; exceptions among them."""
    gate = Gate(queue)
    await gate.wait_reached()
    asked = [asyncio.ensure_future(queue.run(operation, **options)) for operation in operations]
    await asyncio.sleep(0)  # all of them are in the queue
    await gate.open()
    return await asyncio.gather(*asked, return_exceptions=True)


def writers():
    return [thread for thread in threading.enumerate() if thread.name == "writes"]


def note(text):
    """A write."""
    return Invitation.objects.create(note=text).note


def noting(text):
    return partial(note, text)


async def notes():
    """What is stored, as another connection sees it, in the order of writing."""
    return await in_database(lambda: list(Invitation.objects.order_by("pk").values_list("note", flat=True)))


def fail(text, error):
    note(text)
    raise error


# --- One thread, shared transactions -------------------------------------------------------------
async def test_a_write_gives_its_result_and_is_stored_by_then(queue):
    assert await queue.run(noting("a")) == "a"
    assert await notes() == ["a"]


async def test_a_write_raises_what_refuses_it(queue):
    with pytest.raises(Conflict, match="taken"):
        await queue.run(partial(fail, "a", Conflict("taken")))
    assert await notes() == []


async def test_what_comes_while_one_is_carried_out_shares_the_next_transaction(queue):
    assert await together(queue, *map(noting, "abcde")) == list("abcde")
    assert (queue.batches, queue.largest, queue.waiting) == (2, 5, 0)
    assert await notes() == list("abcde")


async def test_a_transaction_takes_only_so_many(transactional_db):
    queue = WriteQueue(largest_batch=2)
    await together(queue, *map(noting, "abcde"))
    assert (queue.batches, queue.largest) == (4, 2)
    assert await notes() == list("abcde")
    await queue.drain()


async def test_all_writes_run_in_one_thread_which_is_not_the_loops(queue):
    threads = await asyncio.gather(*(queue.run(threading.current_thread) for _ in range(20)))
    assert {thread.name for thread in threads} == {"writes"}
    assert len(set(threads)) == 1


async def test_a_queue_that_is_never_used_has_no_thread():
    queue = WriteQueue()
    await queue.drain()
    assert writers() == []


async def test_locks_are_taken_first_and_for_all(queue):
    order: list[object] = []

    def lock(keys):
        order.append(sorted(keys))

    gate = Gate(queue)
    await gate.wait_reached()
    asked = [
        asyncio.ensure_future(queue.run(partial(order.append, key), lock=lock, keys=[key, 0]))
        for key in (3, 1, 2)
    ]
    await asyncio.sleep(0)
    await gate.open()
    await asyncio.gather(*asked)
    assert order == [[0, 1, 2, 3], 3, 1, 2]


# --- Each fails alone -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("error", "told"),
    [(Forbidden("no"), Forbidden), (RuntimeError("a secret"), Internal), (StopIteration(), Internal)],
    ids=["refused", "faulty", "stopped"],
)
async def test_one_that_fails_fails_alone(queue, error, told):
    first, failed, last = await together(queue, noting("a"), partial(fail, "b", error), noting("c"))
    assert (first, last) == ("a", "c")
    assert type(failed) is told
    assert "secret" not in str(failed)
    assert queue.batches == 2
    assert await notes() == ["a", "c"]


async def test_one_that_breaks_a_constraint_fails_alone(queue):
    def twice():
        Invitation.objects.create(token="same", note="x")
        Invitation.objects.create(token="same", note="y")

    first, failed, last = await together(queue, noting("a"), twice, noting("c"))
    assert (first, type(failed), last) == ("a", Internal, "c")
    assert await notes() == ["a", "c"]


async def test_a_batch_whose_commit_fails_is_done_again_one_by_one(queue, caplog):
    """SQLite and PostgreSQL look at a foreign key when the transaction commits."""
    room = await in_database(Room.objects.create, name="Hall", slug="hall")

    def nobody_joins():
        Membership.objects.create(room=room, user_id=10**9)

    first, failed, last = await together(queue, noting("a"), nobody_joins, noting("c"))
    assert (first, type(failed), last) == ("a", Internal, "c")
    assert await notes() == ["a", "c"]
    assert await in_database(Membership.objects.count) == 0
    assert "one by one count=3 error=IntegrityError" in caplog.text


async def test_a_batch_that_loses_its_transaction_is_done_again_and_what_still_fails_is_unavailable(queue):
    def deadlock():
        raise OperationalError("deadlock detected at 10.0.0.1")

    first, failed, last = await together(queue, noting("a"), deadlock, noting("c"))
    assert (first, type(failed), last) == ("a", Unavailable, "c")
    assert "10.0.0.1" not in str(failed)
    assert await notes() == ["a", "c"]


async def test_one_alone_that_loses_its_transaction_gets_a_second_chance(queue):
    errors = [OperationalError("deadlock detected")]

    def unlucky():
        if errors:
            raise errors.pop()
        return note("a")

    assert await queue.run(unlucky) == "a"


async def test_a_commit_that_fails_stores_nothing_tells_nothing_and_is_unavailable(queue, monkeypatch):
    told: list[str] = []

    def write():
        note("a")
        assert follow(partial(told.append, "a"))

    def no_commit(self):
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(BaseDatabaseWrapper, "_commit", no_commit)
        with pytest.raises(Unavailable):
            await queue.run(write)
    assert (told, await notes()) == ([], [])
    await queue.run(write)
    assert (told, await notes()) == (["a"], ["a"])


async def test_what_fails_after_the_commit_is_not_done_again(queue, caplog):
    def write():
        transaction.on_commit(partial(fail, "hook", RuntimeError("on purpose")))
        return note("a")

    assert await queue.run(write) == "a"
    assert await notes() == ["a", "hook"]
    assert "after a commit" in caplog.text


async def test_a_transaction_that_was_rolled_back_in_silence_is_no_success(queue):
    def spoil_all(items):
        note("a")
        transaction.set_rollback(True)

        return items

    outcomes: list[object] = []
    with Write(spoil_all, outcomes.append, alone=False) as asked:
        asked.ask(None)
    await queue.submit(asked)
    assert isinstance(outcomes[0], Unavailable)
    assert await notes() == []


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
async def test_nothing_that_is_raised_ends_the_thread(queue, error, caplog):
    with pytest.raises(Internal):
        await queue.run(partial(fail, "a", error()))
    assert await queue.run(noting("b")) == "b"
    assert "write queue failed" in caplog.text
    assert await notes() == ["b"]


class FailingLog(logging.Handler):
    """A log on a disk that is full."""

    def emit(self, record):
        raise OSError("no space left on device")


@pytest.fixture
def failing_log():
    handler, root = FailingLog(), logging.getLogger()
    root.addHandler(handler)
    yield
    root.removeHandler(handler)


@pytest.mark.usefixtures("failing_log")
@pytest.mark.parametrize("error", [RuntimeError(), OperationalError(), SystemExit()], ids=repr)
async def test_nobody_waits_for_ever_where_not_even_the_log_can_be_written(queue, error):
    outcomes = await together(queue, noting("a"), partial(fail, "b", error), noting("c"))
    assert {type(outcome) for outcome in outcomes} == {Internal}
    assert await queue.run(noting("d")) == "d"
    assert await notes() == ["d"]


@pytest.mark.usefixtures("failing_log")
async def test_what_is_stored_is_not_done_again_where_the_log_cannot_be_written(queue):
    def write():
        transaction.on_commit(partial(fail, "hook", RuntimeError("on purpose")))
        follow(partial(fail, "effect", RuntimeError("on purpose")))
        return note("a")

    assert await together(queue, write, noting("b")) == ["a", "b"]
    assert await notes() == ["a", "b", "hook"]


async def test_a_thread_that_ends_has_what_it_left_refused_and_another_comes_after_it(
    queue, monkeypatch, caplog
):
    gate = Gate(queue)
    await gate.wait_reached()
    [before] = writers()
    asked = [asyncio.ensure_future(queue.run(noting(text))) for text in "ab"]
    await asyncio.sleep(0)
    with monkeypatch.context() as patched:
        patched.setattr(queue, "_next_batch", partial(fail_to_begin, MemoryError()))
        await gate.open()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Internal, Internal]
    assert queue.waiting == 0
    assert "writer's thread failed" in caplog.text
    assert await queue.run(noting("c")) == "c"
    assert await notes() == ["c"]
    assert before not in writers()


async def test_a_thread_that_cannot_be_begun_is_tried_again(queue, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", partial(fail_to_begin, RuntimeError("too many threads")))
        with pytest.raises(RuntimeError, match="too many threads"):
            await queue.run(noting("a"))
    assert queue.waiting == 0
    assert await queue.run(noting("b")) == "b"


def fail_to_begin(error, *arguments):
    raise error


# --- Batch form -----------------------------------------------------------------------------------
class Notes:
    """Writes notes together; refuses those that begin with "no", and fails where one begins with "bad"."""

    def __init__(self):
        self.calls = []

    def __call__(self, texts):
        self.calls.append(list(texts))
        if any(text.startswith("bad") for text in texts):
            raise IntegrityError
        return [Forbidden(text) if text.startswith("no") else note(text) for text in texts]

    async def ask(self, queue, *texts):
        gate = Gate(queue)
        outcomes: dict[str, object] = {}
        await gate.wait_reached()
        asked = []
        for text in texts:
            with Write(self, partial(outcomes.__setitem__, text), alone=False) as one:
                asked.append(asyncio.ensure_future(queue.submit(one.ask(text))))
        await asyncio.sleep(0)
        await gate.open()
        await asyncio.gather(*asked)
        return [
            type(outcomes[text]) if isinstance(outcomes[text], DomainError) else outcomes[text]
            for text in texts
        ]


async def test_writes_of_one_kind_are_handed_over_together_and_each_gets_its_own_outcome(queue):
    write_notes = Notes()
    assert await write_notes.ask(queue, "a", "no", "b") == ["a", Forbidden, "b"]
    assert write_notes.calls == [["a", "no", "b"]]
    assert await notes() == ["a", "b"]


async def test_a_batch_form_that_fails_is_done_again_one_by_one(queue):
    write_notes = Notes()
    assert await write_notes.ask(queue, "a", "bad", "b") == ["a", Internal, "b"]
    assert write_notes.calls == [["a", "bad", "b"], ["a"], ["bad"], ["b"]]
    assert await notes() == ["a", "b"]


async def test_kinds_are_carried_out_one_after_the_other_and_answered_in_that_order(queue):
    answered: list[object] = []
    letters, digits = Notes(), Notes()
    gate = Gate(queue)
    await gate.wait_reached()
    asked = []
    for kind, text in ((letters, "a"), (digits, "1"), (letters, "b"), (digits, "2")):
        with Write(kind, answered.append, alone=False) as one:
            asked.append(asyncio.ensure_future(queue.submit(one.ask(text))))
    await asyncio.sleep(0)
    await gate.open()
    await asyncio.gather(*asked)
    assert answered == await notes() == ["a", "b", "1", "2"]


# --- What follows ---------------------------------------------------------------------------------
async def test_effects_come_before_the_answer_and_writes_one_after_the_other(queue):
    order: list[object] = []

    def write(name):
        follow(partial(order.append, f"{name} is told"))
        follow(partial(order.append, f"{name} is told again"))
        return name

    async def ask(name):
        with Write(write, partial(order.append), alone=True) as one:
            one.ask(name)
        await queue.submit(one)
        order.append(f"{name} goes on")

    gate = Gate(queue)
    await gate.wait_reached()
    asked = [asyncio.ensure_future(ask(name)) for name in "ab"]
    await asyncio.sleep(0)
    await gate.open()
    await asyncio.gather(*asked)
    assert order[:6] == ["a is told", "a is told again", "a", "b is told", "b is told again", "b"]
    assert order[6:] == ["a goes on", "b goes on"]


async def test_what_is_rolled_back_has_no_effects(queue):
    told: list[str] = []

    def take_back():
        with suppress(RuntimeError), transaction.atomic():
            follow(partial(told.append, "inner"))
            raise RuntimeError
        follow(partial(told.append, "outer"))

    def refuse():
        follow(partial(told.append, "refused"))
        raise Forbidden

    await together(queue, take_back, refuse)
    assert told == ["outer"]


async def test_effects_of_a_batch_that_is_done_again_come_once(queue):
    told: list[str] = []
    attempts: list[int] = []

    def write():
        follow(partial(told.append, "a"))

    def unlucky():
        attempts.append(1)
        if len(attempts) == 1:
            raise OperationalError

    await together(queue, write, unlucky)
    assert (told, len(attempts)) == (["a"], 2)


async def test_where_no_transaction_begins_all_that_wait_are_refused_at_once(monkeypatch, transactional_db):
    queue = WriteQueue(largest_batch=2)
    gate = Gate(queue)
    await gate.wait_reached()
    asked = [asyncio.ensure_future(queue.run(noting(text))) for text in "abcde"]
    await asyncio.sleep(0)
    with monkeypatch.context() as patched:
        begun = []

        def begin(self):
            begun.append(self)
            raise OperationalError("database is locked")

        patched.setattr(transaction.Atomic, "__enter__", begin)
        await gate.open()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert len(begun) == 1
    assert await queue.run(noting("f")) == "f"
    assert await notes() == ["f"]
    await queue.drain()


async def test_an_effect_that_fails_harms_no_other(queue, caplog):
    told: list[str] = []

    def write():
        follow(partial(fail, "never", RuntimeError("on purpose")))
        follow(partial(told.append, "after it"))
        return "answer"

    assert await queue.run(write) == "answer"
    assert told == ["after it"]
    assert "what follows a write failed" in caplog.text


async def test_where_nothing_is_carried_out_nothing_follows(queue):
    assert not follow(print)
    assert not await in_database(follow, print)
    await queue.run(lambda: None)
    assert current.get() is None
    with Write(print, print) as one:
        assert current.get() is one
        assert not await in_database(follow, print)  # it is only being asked for


async def test_whoever_keeps_the_context_of_a_write_is_no_part_of_it_once_it_is_done(queue):
    kept = await queue.run(copy_context)
    assert kept[current] is not None
    assert not kept.run(follow, print)
    assert not await asyncio.to_thread(kept.run, follow, print)


# --- Bounds, ends and faults ----------------------------------------------------------------------
async def test_a_full_queue_refuses_at_once_and_takes_more_when_it_has_room(transactional_db):
    queue = WriteQueue(most_waiting=3)
    gate = Gate(queue)
    await gate.wait_reached()
    waiting = [asyncio.ensure_future(queue.run(noting(text))) for text in "ab"]
    await asyncio.sleep(0)
    assert queue.waiting == 3
    with pytest.raises(Unavailable) as refused:
        await queue.run(noting("too many"))
    assert refused.value.details["retry_after"] > 0
    await gate.open()
    await asyncio.gather(*waiting)
    assert await queue.run(noting("c")) == "c"
    assert await notes() == ["a", "b", "c"]
    await queue.drain()


async def test_who_is_cancelled_does_not_take_the_write_back(queue):
    gate = Gate(queue)
    await gate.wait_reached()
    outcomes: list[object] = []
    with Write(note, outcomes.append) as one:
        asked = asyncio.ensure_future(queue.submit(one.ask("a")))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await gate.open()
    await queue.run(noting("b"))
    assert outcomes == ["a"]
    assert await notes() == ["a", "b"]


async def test_draining_stores_and_answers_what_waits_and_takes_nothing_more(queue):
    gate = Gate(queue)
    await gate.wait_reached()
    waiting = [asyncio.ensure_future(queue.run(noting(text))) for text in "abc"]
    await asyncio.sleep(0)
    draining = asyncio.ensure_future(queue.drain())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await queue.run(noting("late"))
    await gate.open()
    await draining
    assert [done.result() for done in waiting] == ["a", "b", "c"]
    assert await notes() == ["a", "b", "c"]
    for thread in writers():
        await asyncio.to_thread(thread.join, TIMEOUT)
    assert writers() == []
    await queue.drain()  # again does nothing


async def test_draining_gives_up_in_bounded_time_and_says_so(queue, caplog):
    gate = Gate(queue)
    await gate.wait_reached()
    await queue.drain(timeout=0.01)
    assert "not finished in time count=1" in caplog.text
    await gate.open()
    await queue.drain()


@pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="another process locks the whole file on SQLite only"
)
async def test_a_database_that_somebody_else_locks_is_unavailable_and_does_not_block_the_loop(queue, caplog):
    caplog.set_level(logging.WARNING)
    path = await in_database(lambda: str(connection.settings_dict["NAME"]))
    await queue.run(lambda: connection.cursor().execute("PRAGMA busy_timeout = 200"))
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        waiting = [asyncio.ensure_future(queue.run(noting(text))) for text in "abc"]
        turns = 0
        while not all(asked.done() for asked in waiting):
            turns += 1
            await asyncio.sleep(0.005)
        assert turns > 10
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {Unavailable}
        other.execute("ROLLBACK")
    finally:
        other.close()
    assert await queue.run(noting("d")) == "d"
    assert await notes() == ["d"]
