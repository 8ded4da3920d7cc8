"""Who comes in: what middlewares see, how they refuse, and what happens while they decide."""

import asyncio

import pytest
from django.db import OperationalError

from chatproject.errors import Forbidden, Unauthenticated
from chatproject.sockets import namespace as namespaces
from chatproject.sockets import publish
from chatproject.sockets.namespace import Namespace
from chatproject.sockets.testing import Refused

from .support import Echo, Gate, event_frame, fail


def letting_in(*rooms):
    """A middleware that has no objection."""

    async def middleware(socket):
        socket.own_rooms.extend(rooms)

    return middleware


def guarded(*middlewares):
    """A namespace class with these middlewares, which notes who entered and left."""

    class Guarded(Echo):
        def __init__(self, *args):
            super().__init__(*args)
            self.entered, self.gone, self.refused = [], [], []

        async def on_connect(self, socket):
            self.entered.append(socket)

        async def on_disconnect(self, socket, reason):
            self.gone.append((socket, reason))

        def on_refused(self, socket, error):
            self.refused.append(error.code)

    Guarded.middlewares = list(middlewares)
    return Guarded


async def refuse(socket):
    raise Forbidden("Members only.", room=7)


# --- Order and scope ----------------------------------------------------------------------------
async def test_middlewares_run_in_order_once_for_each_connection_to_their_namespace(stage):
    calls = []

    def noting(name):
        async def middleware(socket):
            calls.append((name, socket.namespace))

        return middleware

    app = await stage.serve(
        guarded(noting("outer"), noting("inner"))("/"), guarded(noting("other"))("/other")
    )
    wire = await stage.open(app)
    chat = await wire.enter("/")
    for _ in range(3):
        await chat.call("echo", {"text": "hi"})
    assert calls == [("outer", "/"), ("inner", "/")]
    await wire.enter("/other")
    assert calls == [("outer", "/"), ("inner", "/"), ("other", "/other")]
    await stage.enter(app)
    assert calls[3:] == [("outer", "/"), ("inner", "/")]


async def test_a_middleware_sees_where_a_socket_comes_from_and_sets_who_it_is(stage):
    async def look(socket):
        socket.user = socket.cookies["name"]
        socket.data["seen"] = (dict(socket.auth), socket.address, socket.agent, socket.sid)

    class Who(Namespace):
        middlewares = [look]

        async def on_who(self, socket, payload: namespaces.Payload):
            return [socket.user, *socket.data["seen"]]

    app = await stage.serve(Who("/"))
    ann = await stage.enter(
        app,
        auth={"token": "t"},
        cookies={"name": "ann"},
        address="10.0.0.7",
        headers={"user-agent": "Firefox"},
    )
    await stage.enter(app, cookies={"name": "bob"})
    ack = await ann.call("who")
    assert ack["data"] == ["ann", {"token": "t"}, "10.0.0.7", "Firefox", ""]


# --- Refusing -----------------------------------------------------------------------------------
async def test_a_refusal_tells_the_client_its_message_and_data(stage):
    app = await stage.serve(guarded(refuse)("/"))
    wire = await stage.open(app)
    with pytest.raises(Refused) as refused:
        await wire.enter()
    assert refused.value.message == "Members only."
    assert refused.value.data == {"code": "forbidden", "room": 7}
    assert wire.frames[-1] == '44{"message":"Members only.","data":{"code":"forbidden","room":7}}'


async def test_who_is_refused_is_not_there_and_later_middlewares_do_not_run(stage):
    asked = []

    async def later(socket):
        asked.append(socket)

    hidden = guarded(letting_in("secret"), refuse, later)("/hidden")
    app = await stage.serve(hidden, Echo("/"))
    wire = await stage.open(app)
    with pytest.raises(Refused):
        await wire.enter("/hidden")
    assert (asked, hidden.entered, hidden.refused) == ([], [], ["forbidden"])
    assert app.server.of("/hidden").fetch_sockets() == []
    assert app.server.manager.rooms == {}
    app.server.of("/hidden").emit("news", {})
    app.server.of("/hidden").to("secret").emit("news", {})
    chat = await wire.enter("/")  # the connection is as good as before
    assert (await chat.call("echo", {"text": "hi"}))["ok"]
    assert not any("news" in frame for frame in wire.frames)


async def test_who_was_refused_may_try_again(stage):
    answers = [Unauthenticated(), None]

    async def once(socket):
        if error := answers.pop(0):
            raise error

    app = await stage.serve(guarded(once)("/"))
    wire = await stage.open(app)
    with pytest.raises(Refused):
        await wire.enter()
    await wire.enter()


async def test_an_event_of_who_was_refused_is_never_handled(stage, log):
    handled = []

    class Guarded(Namespace):
        middlewares = [refuse]

        async def on_note(self, socket, payload: namespaces.Payload):
            handled.append(socket)

    app = await stage.serve(Guarded("/"))
    wire = await stage.open(app)
    with pytest.raises(Refused):
        await wire.enter()
    wire.send_text(event_frame("note", {}))
    assert await wire.wait_closed() == 1008
    assert handled == []


async def test_a_middleware_that_fails_lets_nobody_in_and_says_nothing_of_why(stage, log):
    app = await stage.serve(guarded(letting_in("room"), fail)("/"))
    wire = await stage.open(app)
    with pytest.raises(Refused) as refused:
        await wire.enter()
    assert refused.value.data == {"code": "internal"}
    assert "on purpose" not in wire.frames[-1]
    assert app.server.of("/").fetch_sockets() == []
    (fault,) = log.faults()
    assert "RuntimeError: on purpose" in fault


@pytest.mark.parametrize("error", [TypeError, KeyError, AssertionError, ConnectionRefusedError, ValueError])
async def test_it_fails_closed_whatever_is_raised(stage, log, error):
    calls = []

    async def broken(socket):
        calls.append(socket)
        raise error

    app = await stage.serve(guarded(broken)("/"))
    wire = await stage.open(app)
    with pytest.raises(Refused) as refused:
        await wire.enter()
    assert refused.value.data == {"code": "internal"}
    assert len(calls) == 1  # no second try with another signature
    assert len(log.faults()) == 1


async def test_a_database_that_is_down_is_told_apart_and_who_asks_again_later_comes_in(stage, log):
    answers = [OperationalError("the server is gone"), None]

    async def reading(socket):
        if error := answers.pop(0):
            raise error

    app = await stage.serve(guarded(reading)("/"))
    wire = await stage.open(app)
    with pytest.raises(Refused) as refused:
        await wire.enter()
    assert refused.value.data == {"code": "unavailable", "retry_after": namespaces.RETRY_AFTER}
    assert "the server is gone" not in wire.frames[-1]
    assert "error=OperationalError reason='the server is gone'" in log.text()
    await wire.enter()


async def test_a_middleware_that_never_answers_refuses(stage, log, monkeypatch):
    monkeypatch.setattr(namespaces, "ADMISSION_TIMEOUT", 0.01)
    app = await stage.serve(guarded(Gate())("/"))
    wire = await stage.open(app)
    with pytest.raises(Refused) as refused:
        await wire.enter()
    assert refused.value.data["code"] == "unavailable"
    assert len(log.faults()) == 1


# --- While it decides ---------------------------------------------------------------------------
async def test_nothing_of_the_namespace_reaches_a_socket_whose_middleware_is_slow(stage):
    async def knock(socket):
        if socket.auth.get("slow"):
            await gate(socket)

    gate = Gate()
    app = await stage.serve(guarded(letting_in("everybody"), knock)("/"))
    neighbour = await stage.enter(app)
    wire = await stage.open(app)
    entering = asyncio.ensure_future(wire.enter(auth={"slow": True}))
    socket = await gate.wait_reached()

    app.server.of("/").emit("news", {"to": "all"})
    app.server.of("/").to("everybody").emit("news", {"to": "room"})
    publish("news", {"to": "published"}, to="everybody")
    publish(None, to="everybody", join="later")
    assert socket not in app.server.of("/").fetch_sockets()
    assert len(await neighbour.received("news")) == 3
    assert [frame for frame in wire.frames if frame.startswith("4")] == []

    gate.opened.set()
    entry = await entering
    app.server.of("/").emit("news", {"to": "after"})
    app.server.of("/").to("later").emit("news", {"to": "later"})
    assert await entry.received("news") == [{"to": "after"}]


async def test_events_sent_while_it_decides_wait_and_are_handled_in_order(stage):
    gate = Gate()
    app = await stage.serve(guarded(gate)("/"))
    wire = await stage.open(app)
    entering = asyncio.ensure_future(wire.enter())
    await gate.wait_reached()
    for number in range(3):
        wire.send_text(event_frame("echo", {"text": str(number)}, ack=number))
    gate.opened.set()
    await entering
    await wire.frame("432")
    assert [frame[:3] for frame in wire.frames if frame.startswith("43")] == ["430", "431", "432"]


async def test_who_goes_away_while_it_decides_leaves_nothing_behind(stage):
    gate = Gate()
    namespace = guarded(gate)("/")
    app = await stage.serve(namespace)
    wire = await stage.open(app)
    wire.send_text("40")
    await gate.wait_reached()
    closing = asyncio.ensure_future(wire.close())
    gate.opened.set()
    await closing
    assert app.server.of("/").fetch_sockets() == []
    assert [socket for socket, _ in namespace.gone] == namespace.entered
    # that nothing else is left either is looked at when the stage is cleared


async def test_many_who_go_away_while_it_decides_leave_nothing_behind(stage, log, monkeypatch):
    monkeypatch.setattr(namespaces, "ADMISSION_TIMEOUT", 0.05)
    app = await stage.serve(guarded(Gate())("/"))
    wires = [await stage.open(app) for _ in range(20)]
    for wire in wires:
        wire.send_text("40")
    await asyncio.gather(*(wire.close() for wire in wires))
    assert len(log.faults()) == 20
    assert len(app.server.eio.lines) == 0


async def test_who_is_sent_away_while_it_decides_never_enters(stage):
    gate = Gate()
    inner = guarded(gate)("/inner")
    app = await stage.serve(guarded(letting_in("mine"))("/"), inner)
    wire = await stage.open(app)
    await wire.enter("/")
    wire.send_text("40/inner,")
    await gate.wait_reached()
    publish("bye", {}, to="mine", close=True)
    assert await wire.wait_closed() == 1008
    gate.opened.set()
    await wire.close()
    assert inner.entered == []


async def test_no_namespace_is_entered_while_the_connection_is_being_taken_down(stage):
    """Leaving one namespace may take a while; who entered another meanwhile would never leave it."""
    deciding, leaving = Gate(), Gate()

    class Lingering(Echo):
        async def on_disconnect(self, socket, reason):
            await leaving(socket)

    inner = guarded(deciding)("/inner")
    app = await stage.serve(Lingering("/"), inner)
    wire = await stage.open(app)
    await wire.enter("/")
    wire.send_text("40/inner,")
    await deciding.wait_reached()
    app.server.of("/").disconnect(close=True)
    await leaving.wait_reached()
    deciding.opened.set()
    await wire.wait_closed()
    leaving.opened.set()
    await wire.close()
    assert inner.entered == []


async def test_nor_when_it_was_sent_away_meanwhile(stage):
    deciding, leaving = Gate(), Gate()

    class Lingering(Echo):
        async def on_disconnect(self, socket, reason):
            await leaving(socket)

    inner = guarded(deciding)("/inner")
    app = await stage.serve(Lingering("/"), inner)
    wire = await stage.open(app)
    await wire.enter("/")
    wire.send_text("40/inner,")
    socket = await deciding.wait_reached()
    app.server.drop(socket.line)
    await leaving.wait_reached()
    deciding.opened.set()
    await app.server.loop.run_in_executor(None, lambda: None)  # lets the loop get on with it
    leaving.opened.set()
    await wire.close()
    assert inner.entered == []


async def test_a_session_that_ends_while_it_decides_is_refused_and_another_is_not(stage):
    gates = {"ended": Gate(), "other": Gate()}

    async def own_room(socket):
        socket.own_rooms.append(socket.auth["session"])
        await gates[socket.auth["session"]](socket)

    app = await stage.serve(guarded(own_room)("/"))
    wire, other = await stage.open(app), await stage.open(app)
    entering = asyncio.ensure_future(wire.enter(auth={"session": "ended"}))
    entering_too = asyncio.ensure_future(other.enter(auth={"session": "other"}))
    for gate in gates.values():
        await gate.wait_reached()
    publish("session_ended", {"reason": "signed_out"}, to="ended", close=True)
    for gate in gates.values():
        gate.opened.set()
    with pytest.raises(Refused) as refused:
        await entering
    assert refused.value.data["code"] == "unauthenticated"
    assert app.server.of("/").to("ended").fetch_sockets() == []
    assert (await (await entering_too).call("echo", {"text": "hi"}))["ok"]


async def test_what_ends_in_one_namespace_refuses_nobody_in_another(stage):
    gate = Gate()

    async def own_room(socket):
        socket.own_rooms.append("mine")
        await gate(socket)

    app = await stage.serve(guarded(own_room)("/"))
    wire = await stage.open(app)
    entering = asyncio.ensure_future(wire.enter())
    await gate.wait_reached()
    publish("session_ended", {}, to="mine", namespace="/admin", close=True)
    gate.opened.set()
    assert await entering


async def test_own_rooms_are_heard_from_the_first_moment_on(stage):
    class Greeting(Echo):
        middlewares = [letting_in("hall", "stairs")]

        async def on_connect(self, socket):
            publish("hello", {"rooms": socket.rooms}, to="hall")

    app = await stage.serve(Greeting("/"))
    entry = await stage.enter(app)
    assert await entry.received("hello") == [{"rooms": ["hall", "stairs"]}]
