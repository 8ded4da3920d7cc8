"""Connections and namespaces: how they begin, what each may say, and how they end."""

import asyncio
import json

import pytest
from django.db import OperationalError

from chatproject.errors import Unavailable
from chatproject.sockets import publish
from chatproject.sockets.namespace import Namespace
from chatproject.sockets.testing import TIMEOUT, Refused

from .support import Echo, Gate, Nothing, event_frame, fail, left_over, socket_of

pytestmark = pytest.mark.every_carrier


class Seen(Echo):
    """Notes who came and went."""

    def __init__(self, *args):
        super().__init__(*args)
        self.came, self.went, self.handled = [], [], []

    async def on_connect(self, socket):
        self.came.append(socket)

    async def on_disconnect(self, socket, reason):
        self.went.append((socket, reason, socket.rooms))

    async def on_note(self, socket, payload: Nothing):
        self.handled.append(socket)


# --- Entering -----------------------------------------------------------------------------------
async def test_each_namespace_of_a_connection_has_an_id_of_its_own(stage):
    app = await stage.serve(Echo("/"), Echo("/admin"))
    wire = await stage.open(app)
    chat, admin = await wire.enter("/"), await wire.enter("/admin")
    engine_sid = json.loads(wire.frames[0][1:])["sid"]
    assert len({chat.sid, admin.sid, engine_sid}) == 3
    assert len(app.server.eio.lines) == 1


async def test_what_the_engine_offers_is_a_websocket_with_its_limits(stage):
    app = await stage.serve(Echo("/"), ping_interval=7, ping_timeout=3, frame_bytes=5000)
    wire = await stage.open(app)
    opened = json.loads(wire.frames[0][1:])
    del opened["sid"]
    upgrades = ["websocket"] if app.server.polling else []
    assert opened == {"upgrades": upgrades, "pingInterval": 7000, "pingTimeout": 3000, "maxPayload": 5000}


async def test_a_socket_hears_that_it_is_connected_before_anything_else(stage):
    class Greeting(Namespace):
        async def on_connect(self, socket):
            self.server.of("/").to(socket.sid).emit("hello", {})

    wire = await stage.open(await stage.serve(Greeting("/")))
    entry = await wire.enter()
    await entry.receive("hello")
    assert [frame[:2] for frame in wire.frames if frame.startswith("4")] == ["40", "42"]


async def test_its_own_events_wait_until_on_connect_is_done(stage):
    gate = Gate()

    class Slow(Seen):
        async def on_connect(self, socket):
            await gate(socket)
            await super().on_connect(socket)

        async def on_note(self, socket, payload: Nothing):
            return len(self.came)

    entry = await stage.enter(await stage.serve(Slow("/")))
    await gate.wait_reached()
    asked = asyncio.ensure_future(entry.call("note"))
    gate.opened.set()
    assert (await asked)["data"] == 1


@pytest.mark.parametrize("namespace", ["/nowhere", "/admin/", "/Admin", "/ ", "/*", "/é"])
async def test_an_unknown_namespace_is_refused_with_a_message_that_clients_can_read(stage, namespace):
    app = await stage.serve(Echo("/"), Echo("/admin"))
    wire = await stage.open(app)
    with pytest.raises(Refused, match="Invalid namespace"):
        await wire.enter(namespace)
    assert wire.frames[-1] == f'44{namespace},{{"message":"Invalid namespace"}}'
    assert (await (await wire.enter("/")).call("echo", {"text": "hi"}))["ok"]


async def test_a_namespace_is_entered_once_by_a_connection(stage):
    namespace = Seen("/")
    app = await stage.serve(namespace)
    wire = await stage.open(app)
    entry = await wire.enter()
    with pytest.raises(Refused) as refused:
        await wire.enter()
    assert refused.value.data == {"code": "conflict"}
    assert len(namespace.came) == 1
    assert [socket.sid for socket in app.server.of("/").fetch_sockets()] == [entry.sid]
    app.server.of("/").emit("news", {})
    await wire.frame("42")
    assert len([frame for frame in wire.frames if "news" in frame]) == 1


@pytest.mark.parametrize("error", [RuntimeError, TypeError, ConnectionRefusedError])
async def test_a_failure_of_on_connect_ends_the_connection_and_leaves_nothing(stage, log, error):
    calls = []

    class Failing(Seen):
        async def on_connect(self, socket):
            calls.append(socket)
            raise error

    app = await stage.serve(Failing("/"), Echo("/other"))
    wire = await stage.open(app)
    await wire.enter("/other")
    wire.send_text("40")
    assert await wire.wait_closed() == 1008
    await wire.close()
    assert len(calls) == 1  # a TypeError means no second try without arguments
    assert len(log.faults()) == 1
    assert left_over(app.server) == {}
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=internal"]


@pytest.mark.parametrize("error", [Unavailable(), OperationalError("database is locked")], ids=repr)
async def test_a_refusal_by_on_connect_ends_the_connection_and_is_no_fault(stage, log, error):
    class Refusing(Seen):
        async def on_connect(self, socket):
            raise error

    app = await stage.serve(Refusing("/"))
    wire = await stage.open(app)
    wire.send_text("40")
    assert await wire.wait_closed() == 1008
    await wire.close()
    assert log.faults() == []
    assert [line.rpartition(" ")[2] for line in log.lines("refused")] == ["code=unavailable"]
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=unavailable"]
    assert left_over(app.server) == {}


# --- Leaving ------------------------------------------------------------------------------------
async def test_leaving_one_namespace_leaves_the_other_as_it_is(stage):
    chat_handlers, admin_handlers = Seen("/"), Seen("/admin")
    app = await stage.serve(chat_handlers, admin_handlers)
    wire = await stage.open(app)
    chat, admin = await wire.enter("/"), await wire.enter("/admin")
    await admin.leave()
    assert (await chat.call("echo", {"text": "hi"}))["ok"]
    assert (chat_handlers.went, len(admin_handlers.went)) == ([], 1)
    app.server.of("/").emit("news", {"for": "/"})
    app.server.of("/admin").emit("news", {"for": "/admin"})
    assert await chat.received("news") == [{"for": "/"}]
    assert not any("/admin" in frame and "news" in frame for frame in wire.frames)


async def test_a_namespace_that_was_left_can_be_entered_again(stage):
    namespace = Seen("/")
    wire = await stage.open(await stage.serve(namespace))
    first = await wire.enter()
    await first.leave()
    again = await wire.enter()
    assert again.sid != first.sid
    assert (await again.call("echo", {"text": "hi"}))["ok"]
    assert len(namespace.came) == 2


async def test_sending_a_socket_out_of_a_namespace_keeps_its_connection(stage):
    namespace = Seen("/")
    app = await stage.serve(namespace, Echo("/admin"))
    wire = await stage.open(app)
    chat, admin = await wire.enter("/"), await wire.enter("/admin")
    await app.server.disconnect(chat.sid)
    await asyncio.wait_for(chat.disconnected, 5)
    assert (await admin.call("echo", {"text": "hi"}))["ok"]
    assert not wire.closed.done()
    assert [reason for _, reason, _ in namespace.went] == ["server disconnect"]


async def test_a_socket_is_sent_out_once_and_not_in_place_of_its_successor(stage):
    app = await stage.serve(Echo("/"))
    wire = await stage.open(app)
    entry = await wire.enter()
    socket = socket_of(app, entry)
    await app.server.leave_namespace(socket)
    await app.server.leave_namespace(socket)
    again = await wire.enter()
    await app.server.leave_namespace(socket)
    await app.server.disconnect(entry.sid)
    assert (await again.call("echo", {"text": "hi"}))["ok"]
    assert wire.frames.count("41") == 1


async def test_rooms_can_be_read_in_on_disconnect_and_nobody_reaches_it_there(stage):
    class Leaving(Seen):
        async def on_disconnect(self, socket, reason):
            await super().on_disconnect(socket, reason)
            self.reached = self.server.of("/").to("hall").fetch_sockets()

    namespace = Leaving("/")
    app = await stage.serve(namespace)
    wire = await stage.open(app)
    app.server.enter(socket_of(app, await wire.enter()), "hall")
    await wire.close()
    assert [(reason, rooms) for _, reason, rooms in namespace.went] == [("transport close", ["hall"])]
    assert namespace.reached == []


@pytest.mark.parametrize("error", [RuntimeError, TypeError])
async def test_a_failure_of_on_disconnect_runs_once_and_leaves_nothing(stage, log, error):
    calls = []

    class Failing(Echo):
        async def on_disconnect(self, socket, reason):
            calls.append(reason)
            raise error

    other = Seen("/other")
    app = await stage.serve(Failing("/"), other)
    wire = await stage.open(app)
    await wire.enter("/")
    await wire.enter("/other")
    await wire.close()
    assert calls == ["transport close"]  # a TypeError means no second try without the reason
    assert len(other.went) == 1
    assert len(log.faults()) == 1
    assert left_over(app.server) == {}


# --- What a client may not say ------------------------------------------------------------------
@pytest.mark.parametrize(
    "frames",
    [
        ['42["note",{}]'],
        ['42/admin,["note",{}]'],
        ["41", '42["note",{}]'],
        ["41/admin,", '42/admin,["note",{}]'],  # once enough to pass by the connect handler
        ['420["note",{}]'],
        ["431[]"],
        ['42/nowhere,["note",{}]'],
    ],
    ids=str,
)
async def test_who_has_not_entered_is_never_heard(stage, log, frames):
    chat, admin = Seen("/"), Seen("/admin")
    app = await stage.serve(chat, admin)
    wire = await stage.open(app)
    for frame in frames:
        wire.send_text(frame)
    assert await wire.wait_closed() == 1008
    await wire.close()
    assert (chat.handled, admin.handled, chat.came, admin.came) == ([], [], [], [])
    assert log.lines() == ["dropped address=127.0.0.1 why=not_connected"]


async def test_an_event_after_leaving_is_never_heard(stage):
    namespace = Seen("/")
    wire = await stage.open(await stage.serve(namespace))
    entry = await wire.enter()
    await entry.leave()
    entry.emit("note")
    assert await wire.wait_closed() == 1008
    assert namespace.handled == []


async def test_entering_one_namespace_gives_no_way_into_another(stage):
    class Guarded(Seen):
        middlewares = [fail]

    chat, admin = Seen("/"), Guarded("/admin")
    wire = await stage.open(await stage.serve(chat, admin))
    await wire.enter("/")
    wire.send_text('42/admin,["note",{}]')
    assert await wire.wait_closed() == 1008
    assert admin.handled == []


@pytest.mark.parametrize(
    "frame",
    ["4", "45", "4x", "42", "42[]", "42{}", '42["note"', '42["note",{"n":NaN}]', '42["note",{"n":1e400}]',
     f'42["note",{"9" * 5000}]', f'42["note",{"[" * 5000}{"]" * 5000}]', '44{"message":"x"}',
     '4211111111111111111["note",{}]', '451-["note",{"_placeholder":true,"num":0}]', "461-1[]", "40[]",
     "4005", "430[]"],
    ids=lambda frame: frame[:20],
)  # fmt: skip
async def test_what_is_no_packet_closes_its_own_connection_with_one_line_and_reaches_nobody(
    stage, log, frame
):
    namespace = Seen("/")
    app = await stage.serve(namespace)
    neighbour, wire = await stage.enter(app), await stage.open(app)
    await wire.enter()
    wire.send_text(frame)
    wire.send_text(event_frame("note", {}))  # what comes behind it is not heard any more
    assert await wire.wait_closed() == 1008
    await wire.close()
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=bad_packet"]
    assert namespace.handled == []
    assert (await neighbour.call("echo", {"text": "hi"}))["ok"]
    assert list(neighbour.events) == []


async def test_a_namespace_is_named_without_its_query(stage):
    wire = await stage.open(await stage.serve(Echo("/admin")))
    wire.send_text("40/admin?token=x,")
    assert (await wire.frame("40")).startswith("40/admin,{")
    wire.send_text('42/admin?token=y,1["echo",{"text":"hi"}]')
    assert await wire.frame("43/admin,1")


async def test_a_connection_that_enters_no_namespace_is_closed_in_time(stage, log):
    app = await stage.serve(Echo("/"), connect_timeout=0.05)
    entered, idle = await stage.open(app), await stage.open(app)
    entry = await entered.enter()
    assert await idle.wait_closed() == 1008
    await idle.close()
    assert (await entry.call("echo", {"text": "still here"}))["ok"]
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=no_namespace"]


# --- Ending a connection ------------------------------------------------------------------------
async def test_ending_a_connection_sends_what_came_before_it_and_nothing_after(stage):
    namespace = Seen("/")
    app = await stage.serve(namespace)
    wire = await stage.open(app)
    entry = await wire.enter()
    socket = socket_of(app, entry)
    for number in range(20):
        app.server.of("/").emit("news", {"n": number})
    app.server.drop(socket.line)
    app.server.of("/").emit("news", {"n": "late"})
    entry.emit("note")
    await wire.wait_closed()
    await wire.close()
    assert [data["n"] for _, data in entry.events] == list(range(20))
    assert namespace.handled == []
    assert [reason for _, reason, _ in namespace.went] == ["server disconnect"]


async def test_ending_a_connection_closes_the_transport_so_that_its_old_cookies_are_no_use(stage):
    namespace = Seen("/")
    app = await stage.serve(namespace)
    wire = await stage.open(app)
    entry = await wire.enter()
    app.server.drop(socket_of(app, entry).line)
    wire.send_text("40")
    assert await wire.wait_closed() == 1008
    await wire.close()
    assert len(namespace.came) == 1
    assert left_over(app.server) == {}


async def test_ending_twice_or_too_late_is_no_fault(stage):
    app = await stage.serve(Echo("/"))
    wire = await stage.open(app)
    line = socket_of(app, await wire.enter()).line
    app.server.drop(line)
    app.server.drop(line, "again", 1009)
    assert await wire.wait_closed() == 1008
    await wire.close()
    app.server.drop(line)


async def test_a_client_that_says_it_is_done_is_closed(stage):
    """Else it could keep its line open for ever with pongs, belonging to nobody."""
    namespace = Seen("/")
    app = await stage.serve(namespace)
    wire = await stage.open(app)
    await wire.enter()
    wire.send_text("1")
    assert await wire.wait_closed() == 1000
    await wire.close()
    assert len(namespace.went) == 1


async def test_a_client_that_answers_no_ping_is_gone_after_its_time(stage):
    namespace = Seen("/")
    app = await stage.serve(namespace, ping_interval=0.05, ping_timeout=0.05)
    wire = await stage.open(app)
    await wire.enter()
    wire.send_text = lambda text: None
    await wire.wait_closed()
    await wire.close()
    assert len(namespace.went) == 1


async def test_a_client_whose_command_takes_long_hears_all_the_while_that_the_server_is_there(stage):
    gate = Gate()

    class Slow(Echo):
        async def on_wait(self, socket, payload: Nothing):
            await gate()

    wire = await stage.open(await stage.serve(Slow("/"), ping_interval=0.05, ping_timeout=1))
    entry = await wire.enter()
    waiting = asyncio.ensure_future(entry.call("wait"))
    await gate.reached.wait()
    async with asyncio.timeout(TIMEOUT):
        while wire.frames.count("2") < 6:  # noqa: ASYNC110 - nothing tells of a ping
            await asyncio.sleep(0.005)
    gate.opened.set()
    assert (await waiting)["ok"]
    assert (await entry.call("echo", {"text": "still here"}))["ok"]


async def test_many_clients_that_come_and_go_leave_nothing_behind(stage):
    class Joining(Echo):
        middlewares = []

        async def on_connect(self, socket):
            self.server.enter(socket, "hall", f"of {socket.number}")

    app = await stage.serve(Joining("/"), Echo("/admin"))
    for _ in range(30):
        wire = await stage.open(app)
        await wire.enter("/")
        await wire.enter("/admin")
        await wire.close()
    assert left_over(app.server) == {}


# --- Joining what may be lost meanwhile ---------------------------------------------------------
async def mine(socket):
    socket.own_rooms.append("mine")


class Reading(Echo):
    """Reads which rooms are a socket's, and joins them a moment later."""

    middlewares = [mine]

    def __init__(self, *args):
        super().__init__(*args)
        self.gate = Gate()

    async def on_connect(self, socket):
        await self.gate(socket)
        self.server.enter(socket, "den", "lobby")
        socket.join("attic", "den")


async def test_a_room_lost_while_on_connect_reads_is_not_joined(stage):
    namespace = Reading("/")
    app = await stage.serve(namespace)
    wire = await stage.open(app)
    entry = await wire.enter()
    await namespace.gate.wait_reached()
    publish("room_removed", {}, to="mine", leave=["den", "attic"])
    await entry.received("nothing")
    namespace.gate.opened.set()
    await entry.call("echo", {"text": "on_connect is done"})
    await entry.received("nothing")
    assert socket_of(app, entry).rooms == ["lobby", "mine"]


async def test_a_room_regained_meanwhile_is_joined(stage):
    namespace = Reading("/")
    app = await stage.serve(namespace)
    entry = await stage.enter(app)
    await namespace.gate.wait_reached()
    publish(None, to="mine", leave="den")
    publish(None, to="mine", join="den")
    namespace.gate.opened.set()
    await entry.call("echo", {"text": "on_connect is done"})
    await entry.received("nothing")
    assert socket_of(app, entry).rooms == ["attic", "den", "lobby", "mine"]


async def test_once_in_a_room_that_was_left_can_be_joined_again(stage):
    namespace = Reading("/")
    namespace.gate.opened.set()
    app = await stage.serve(namespace)
    entry = await stage.enter(app)
    await entry.call("echo", {"text": "on_connect is done"})
    await entry.received("nothing")
    socket = socket_of(app, entry)
    socket.leave("den")
    socket.join("den")
    await entry.received("nothing")
    assert socket.rooms == ["attic", "den", "lobby", "mine"]


async def test_who_is_gone_joins_nothing(stage):
    app = await stage.serve(Echo("/"))
    wire = await stage.open(app)
    socket = socket_of(app, await wire.enter())
    await wire.close()
    socket.join("hall")
    app.server.enter(socket, "hall")
    app.server.exit(socket, "hall")
    assert left_over(app.server) == {}


async def test_nobody_joins_the_room_that_is_another_sockets_own(stage):
    app = await stage.serve(Echo("/"))
    ann, eve = await stage.enter(app), await stage.enter(app)
    with pytest.raises(ValueError, match="sid room"):
        app.server.enter(socket_of(app, eve), ann.sid)
    app.server.of("/").to(ann.sid).emit("news", {})
    assert await ann.received("news") == [{}]
    assert await eve.received("news") == []


# --- The server itself --------------------------------------------------------------------------
async def test_namespaces_are_started_and_stopped_with_the_server(stage):
    class Living(Echo):
        state = "new"

        async def on_start(self):
            assert self.server.loop is asyncio.get_running_loop()
            self.state = "started"

        async def on_stop(self):
            self.state = "stopped"

    namespace = Living("/")
    app = await stage.serve(namespace)
    assert namespace.state == "started"
    await app.stop()
    assert namespace.state == "stopped"
    app.server.submit(pytest.fail)  # nothing runs any more


async def test_what_is_submitted_runs_in_order(stage):
    app = await stage.serve(Echo("/"))
    done, ran = asyncio.Event(), []
    for number in range(10):
        app.server.submit(lambda number=number: ran.append(number))
    app.server.submit(done.set)
    assert ran == []
    await asyncio.wait_for(done.wait(), 5)
    assert ran == list(range(10))


async def test_a_background_task_that_fails_is_logged(stage, log):
    app = await stage.serve(Echo("/"))
    app.server.run(fail(socket_of(app, await stage.enter(app))))
    (task,) = app.server._tasks
    await asyncio.wait([task])
    await asyncio.sleep(0)
    (fault,) = log.faults()
    assert "on purpose" in fault
    assert app.server._tasks == set()
