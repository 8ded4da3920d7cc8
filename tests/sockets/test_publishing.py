"""From Django to the sockets: after commit, in order, to whom it concerns."""

import asyncio
import threading
from contextlib import suppress

import pytest
from django.db import transaction

from chatproject.sockets import publish, publishing
from chatproject.sockets.database import in_database
from chatproject.sockets.line import BEHIND
from chatproject.sockets.server import Server

from .support import Echo, Nothing, Word, socket_of


class Talk(Echo):
    """Everybody is in hall; `say` publishes there from a database thread, `say_on_loop` from the loop."""

    async def on_connect(self, socket):
        self.server.enter(socket, "hall", socket.auth.get("room", "hall"))

    def on_say(self, socket, payload: Word):
        publish("said", {"text": payload.text}, to="hall", but_sender=True)

    async def on_say_on_loop(self, socket, payload: Word):
        publish("said", {"text": payload.text}, to="hall", but_sender=True)

    def on_say_to_all(self, socket, payload: Word):
        publish("said", {"text": payload.text}, to="hall")

    def on_fail(self, socket, payload: Nothing):
        with transaction.atomic():
            publish("said", {"text": "never"}, to="hall")
            raise RuntimeError

    def on_say_and_fail(self, socket, payload: Nothing):
        with transaction.atomic():
            publish("said", {"text": "kept"}, to="hall")
        raise RuntimeError


async def talk(stage, clients=2, **options):
    app = await stage.serve(Talk("/"), Talk("/admin"))
    return app, [await stage.enter(app, **options) for _ in range(clients)]


# --- After commit -------------------------------------------------------------------------------
async def test_nothing_is_told_before_the_transaction_commits(stage, transactional_db):
    _, (entry, other) = await talk(stage)
    inside, commit = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            publish("said", {"text": "hi"}, to="hall")
            with transaction.atomic():
                publish("said", {"text": "inner"}, to="hall")
            inside.set()
            assert commit.wait(5)

    working = asyncio.ensure_future(in_database(work))
    await asyncio.to_thread(inside.wait, 5)
    assert await entry.received("said") == []
    commit.set()
    await working
    for each in (entry, other):
        assert [said["text"] for said in await each.received("said")] == ["hi", "inner"]


async def test_what_is_rolled_back_is_never_told(stage, transactional_db):
    _, (entry, _) = await talk(stage)

    def take_back(text):
        with suppress(RuntimeError), transaction.atomic():
            publish("said", {"text": text}, to="hall", close=True)
            raise RuntimeError

    def work():
        take_back("outer")
        with transaction.atomic():
            publish("said", {"text": "kept"}, to="hall")
            take_back("inner")

    await in_database(work)
    assert await entry.received("said") == [{"text": "kept"}]
    assert not entry.connection.closed.done()


async def test_without_a_transaction_it_is_told_at_once(stage, transactional_db):
    _, (entry, _) = await talk(stage)
    await in_database(publish, "said", {"text": "hi"}, to="hall")
    assert await entry.received("said") == [{"text": "hi"}]


async def test_an_event_that_fails_tells_what_it_had_committed_and_nothing_else(stage, log, transactional_db):
    _, (entry, other) = await talk(stage)
    for event in ("fail", "say_and_fail"):
        assert (await entry.call(event))["error"]["code"] == "internal"
    assert len(log.faults()) == 2
    assert await other.received("said") == [{"text": "kept"}]


async def test_the_ack_comes_after_what_the_event_published(stage, transactional_db):
    """Both are put on their way by the loop, so the order holds on the wire."""
    app, _ = await talk(stage, clients=0)
    wire = await stage.open(app)
    entry = await wire.enter()
    await entry.call("say_to_all", {"text": "hi"})
    assert [frame[:2] for frame in wire.frames[2:]] == ["42", "43"]


# --- Order and threads --------------------------------------------------------------------------
async def test_what_one_thread_publishes_arrives_in_order(stage, transactional_db):
    _, (entry, _) = await talk(stage)

    def work():
        for number in range(0, 20, 2):
            with transaction.atomic():
                publish("said", {"n": number}, to="hall")
                publish("said", {"n": number + 1}, to="hall")

    await in_database(work)
    assert [said["n"] for said in await entry.received("said")] == list(range(20))


async def test_it_may_be_called_from_any_thread(stage, transactional_db):
    _, (entry, _) = await talk(stage)

    def work():
        publish("said", {"thread": threading.current_thread().name}, to="hall")
        transaction.get_connection().close()

    threads = [threading.Thread(target=work, name=f"own-{number}") for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    said = {message["thread"] for message in await entry.received("said")}
    assert said == {thread.name for thread in threads}


async def test_on_the_loop_it_needs_no_database_and_keeps_its_place(stage):
    app, (entry, _) = await talk(stage)
    publish("said", {"n": 1}, to="hall")
    app.server.submit(lambda: app.server.of("/").emit("said", {"n": 2}))
    publish("said", {"n": 3}, to="hall")
    assert [said["n"] for said in await entry.received("said")] == [1, 2, 3]


async def test_moving_and_telling_keep_their_order(stage):
    app, (entry, other) = await talk(stage)
    socket_of(app, entry).join("attic")
    publish("told", {"n": 1}, to="attic")
    publish(None, to="attic", leave="attic")
    publish("told", {"n": 2}, to="attic")
    assert await entry.received("told") == [{"n": 1}]
    assert await other.received("told") == []


# --- To whom ------------------------------------------------------------------------------------
@pytest.mark.parametrize("event", ["say", "say_on_loop"])
async def test_the_sender_hears_its_ack_and_everybody_else_the_event(stage, transactional_db, event):
    """The sender is one socket: another tab of the same person is told."""
    _, (sender, tab, other) = await talk(stage, clients=3, cookies={"name": "ann"})
    assert (await sender.call(event, {"text": "hi"}))["ok"]
    assert await sender.received("said") == []
    assert await tab.received("said") == [{"text": "hi"}]
    assert await other.received("said") == [{"text": "hi"}]


async def test_senders_at_the_same_time_are_not_mistaken_for_each_other(stage, transactional_db):
    _, entries = await talk(stage, clients=4)
    await asyncio.gather(*(entry.call("say", {"text": entry.sid}) for entry in entries for _ in range(5)))
    for entry in entries:
        texts = [said["text"] for said in await entry.received("said")]
        assert entry.sid not in texts
        assert len(texts) == 15


async def test_outside_of_an_event_there_is_no_sender(stage, transactional_db):
    _, (entry, _) = await talk(stage)
    await entry.call("say", {"text": "hi"})
    publish("told", {}, to="hall", but_sender=True)
    await in_database(publish, "told", {}, to="hall", but_sender=True)
    assert len(await entry.received("told")) == 2


async def test_the_sender_of_an_event_is_nobodys_sender_once_it_is_handled(stage, transactional_db):
    class Greeting(Echo):
        async def on_connect(self, socket):
            publish("greeted", {}, to="hall", but_sender=True)

    app = await stage.serve(Talk("/"), Greeting("/greeting"))
    wire = await stage.open(app)
    entry = await wire.enter("/")
    await entry.call("say", {"text": "hi"})
    await wire.enter("/greeting")
    assert await entry.received("greeted") == [{}]


async def test_rooms_are_a_union_and_exceptions_are_left_out(stage):
    app = await stage.serve(Talk("/"))
    ann, bob, cat = [await stage.enter(app, auth={"room": room}) for room in ("a", "b", "c")]
    publish("told", {"n": 1}, to=["hall", "a", "b"])
    publish("told", {"n": 2}, to={"a", "b"})
    publish("told", {"n": 3}, to="hall", except_="a")
    publish("told", {"n": 4}, to=("hall", "c"), except_=["a", "b"])
    heard = [[told["n"] for told in await entry.received("told")] for entry in (ann, bob, cat)]
    assert heard == [[1, 2], [1, 2, 3], [1, 3, 4]]


async def test_a_namespace_is_told_apart_and_several_can_be_told(stage):
    app, (entry,) = await talk(stage, clients=1)
    admin = await stage.enter(app, "/admin")
    publish("told", {"n": 1}, to="hall")
    publish("told", {"n": 2}, to="hall", namespace="/admin")
    publish("told", {"n": 3}, to="hall", namespace=("/", "/admin"))
    publish("told", {"n": 4}, to="hall", namespace="/nowhere")
    assert [told["n"] for told in await entry.received("told")] == [1, 3]
    assert [told["n"] for told in await admin.received("told")] == [2, 3]


@pytest.mark.parametrize(
    "to", ["", None, 0, 1, False, [""], [None], ["hall", ""], [0], b"hall", object()], ids=str
)
async def test_what_is_no_room_is_refused_and_never_means_everybody(stage, to):
    _, (entry, _) = await talk(stage)
    with pytest.raises(ValueError, match="not a name"):
        publish("told", {}, to=to)
    assert await entry.received("told") == []


@pytest.mark.parametrize("to", [[], (), set(), {}, "nowhere"], ids=repr)
async def test_an_empty_target_reaches_nobody_and_closes_nobody(stage, to):
    _, (entry, _) = await talk(stage)
    publish("told", {}, to=to, join="cellar", leave="hall", close=True)
    assert await entry.received("told") == []
    assert not entry.connection.closed.done()
    publish("told", {}, to="hall")
    assert await entry.received("told") == [{}]


async def test_one_that_is_no_json_is_a_fault_of_ours_and_reaches_nobody(stage, log):
    _, (entry, _) = await talk(stage)
    publish("told", {"n": float("nan")}, to="hall")
    publish("told", {"n": object()}, to="hall")
    publish("told", {"n": 1}, to="hall")
    assert await entry.received("told") == [{"n": 1}]
    assert len(log.faults()) == 2


# --- What else happens --------------------------------------------------------------------------
async def test_sockets_are_told_then_moved(stage):
    app, (entry,) = await talk(stage, clients=1)
    other = await stage.enter(app, auth={"room": "attic"})
    publish("told", {"n": 1}, to="attic", join=["cellar", "roof"], leave="hall")
    await entry.received("nothing")
    assert socket_of(app, other).rooms == ["attic", "cellar", "roof"]
    assert socket_of(app, entry).rooms == ["hall"]
    publish("told", {"n": 2}, to="hall")
    assert [told["n"] for told in await other.received("told")] == [1]
    assert [told["n"] for told in await entry.received("told")] == [2]


async def test_a_connection_is_closed_after_its_last_event_left_and_hears_nothing_more(stage):
    app, (entry, other) = await talk(stage)
    socket_of(app, entry).join("mine")
    admin = await entry.connection.enter("/admin")
    publish("session_ended", {"reason": "signed_out"}, to="mine", close=True)
    publish("told", {"n": "late"}, to="hall", namespace=("/", "/admin"))
    assert await entry.connection.wait_closed() == 1008
    assert list(entry.events) == [("session_ended", {"reason": "signed_out"})]
    assert list(admin.events) == []  # the whole connection is gone, its other namespaces too
    await entry.connection.close()
    assert app.server.of("/admin").fetch_sockets() == []
    assert await other.received("session_ended") == []
    assert await other.received("told") == [{"n": "late"}]


async def test_connections_can_be_closed_without_a_word(stage):
    _, (entry, _) = await talk(stage)
    publish(None, to="hall", close=True)
    await entry.connection.wait_closed()
    assert list(entry.events) == []


async def test_a_volatile_event_passes_by_who_is_behind(stage):
    _, (slow, quick) = await talk(stage)
    slow.connection.gate.clear()
    for _ in range(2):
        publish("fact", {"text": "x" * BEHIND}, to="hall")
        await quick.receive("fact")
    publish("told", {}, to="hall", volatile=True)
    assert await quick.received("told") == [{}]
    slow.connection.gate.set()
    assert await slow.received("told") == []
    assert len(await slow.received("fact")) == 2


# --- Without a server ---------------------------------------------------------------------------
def test_where_no_server_runs_nothing_happens(transactional_db):
    """As in a migration or a command."""
    assert publishing._server is None
    with transaction.atomic():
        publish("told", {}, to="hall", close=True)


def test_a_wrong_target_is_found_even_there():
    with pytest.raises(ValueError, match="not a name"):
        publish("told", {}, to="")


async def test_after_the_server_has_stopped_nothing_happens(stage, transactional_db):
    app, _ = await talk(stage, clients=0)
    await app.stop()
    publish("told", {}, to="hall")
    await in_database(publish, "told", {}, to="hall")
    assert publishing._server is None


def test_a_server_whose_loop_is_gone_is_left_alone(transactional_db):
    async def live():
        server = Server([Echo("/")])
        await server.start()
        return server

    publishing.bind(asyncio.run(live()))
    try:
        publish("told", {}, to="hall")
    finally:
        publishing.bind(None)
