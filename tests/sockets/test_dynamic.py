"""Namespaces that come to be when a client asks for them: who may, who is reached, and what is left."""

import asyncio
import threading

import pytest
from django.db import OperationalError

from chatproject.errors import Forbidden
from chatproject.sockets import dynamic, publish
from chatproject.sockets.dynamic import ParentNamespace
from chatproject.sockets.server import Server
from chatproject.sockets.testing import Refused

from .support import Echo, Gate, Nothing, fail, socket_of

UNKNOWN = ("Invalid namespace", None)


class Tenant(Echo):
    """A child; `lives` notes what children were started and stopped, and who came and went between."""

    lives: list = []

    @classmethod
    def noting(cls, **attributes):
        return type(cls.__name__, (cls,), {"lives": [], **attributes})

    async def on_start(self):
        self.lives.append(("started", self.namespace))

    async def on_stop(self):
        self.lives.append(("stopped", self.namespace))

    async def on_disconnect(self, socket, reason):
        self.lives.append(("left", self.namespace))

    async def on_kind(self, socket, payload: Nothing):
        return type(self).__name__


def parent(kind=Tenant, accepts=r"/tenants/\w+", name="/tenants/*"):
    return ParentNamespace(name, kind, accepts)


async def refusal(stage, app, name, auth=None):
    """How a client is refused: message and data."""
    with pytest.raises(Refused) as refused:
        await stage.enter(app, name, auth=auth)
    return refused.value.message, refused.value.data


def living(app):
    """The names of the children that there are, and nothing else of any."""
    children = app.server.children
    names = sorted(children._children)
    assert {name for name in app.server.namespace_handlers if name.startswith("/tenants")} == set(names)
    return names


# --- Who may ask for what -----------------------------------------------------------------------
async def test_a_client_enters_any_namespace_whose_whole_name_matches(stage):
    app = await stage.serve(Echo("/"), parent())
    for name in ("/tenants/blue", "/tenants/green"):
        entry = await stage.enter(app, name)
        assert (await entry.call("echo", {"text": name}))["data"] == {"text": name}
        assert socket_of(app, entry).namespace == name
    for name in ("/tenants/", "/tenants/blue/sky", "/other/tenants/blue", "/tenants", "/Tenants/blue"):
        assert await refusal(stage, app, name) == UNKNOWN


async def test_a_function_decides_by_name_and_by_what_the_client_gives(stage):
    asked = []

    async def accepts(name, auth):
        asked.append((name, dict(auth)))
        return auth.get("word") == "please"

    app = await stage.serve(parent(accepts=accepts))
    assert await refusal(stage, app, "/tenants/blue") == UNKNOWN
    assert await refusal(stage, app, "/tenants/blue", {"word": "now"}) == UNKNOWN
    assert living(app) == []
    await stage.enter(app, "/tenants/blue", auth={"word": "please"})
    assert asked == [("/tenants/blue", auth) for auth in ({}, {"word": "now"}, {"word": "please"})]


async def test_a_child_that_exists_is_not_open_to_whom_the_function_refuses(stage):
    async def accepts(name, auth):
        return auth.get("word") == "please"

    app = await stage.serve(parent(accepts=accepts))
    await stage.enter(app, "/tenants/blue", auth={"word": "please"})
    assert living(app) == ["/tenants/blue"]
    assert await refusal(stage, app, "/tenants/blue", {"word": "now"}) == UNKNOWN
    assert len(app.server.of("/tenants/blue").fetch_sockets()) == 1


async def test_a_plain_function_runs_in_a_database_thread(stage):
    threads = []

    def accepts(name, auth):
        threads.append(threading.current_thread().name)
        return name == "/tenants/blue"

    app = await stage.serve(parent(accepts=accepts))
    await stage.enter(app, "/tenants/blue")
    assert await refusal(stage, app, "/tenants/green") == UNKNOWN
    assert len(threads) == 2
    assert all(name.startswith("database") for name in threads)


async def test_a_function_may_say_why_it_refuses(stage):
    async def accepts(name, auth):
        raise Forbidden("This tenant has moved.", to="/elsewhere")

    app = await stage.serve(parent(accepts=accepts), parent(name="/*", accepts=".*"))
    assert await refusal(stage, app, "/tenants/blue") == (
        "This tenant has moved.",
        {"code": "forbidden", "to": "/elsewhere"},
    )
    assert living(app) == []


def raising(error):
    async def accepts(name, auth):
        raise error

    return accepts


async def never(name, auth):
    await asyncio.Event().wait()


async def truthy(name, auth):
    return "yes"


@pytest.mark.parametrize(
    ("accepts", "code"),
    [
        (raising(RuntimeError("on purpose")), "internal"),
        (raising(OperationalError("on purpose")), "unavailable"),
        (never, "unavailable"),
        (truthy, "internal"),
        (lambda name, auth: None, "internal"),
    ],
    ids=["a fault", "no database", "too slow", "no boolean", "None"],
)
async def test_a_parent_that_fails_refuses_and_no_other_is_asked(stage, log, monkeypatch, accepts, code):
    monkeypatch.setattr(dynamic, "TIMEOUT", 0.01)
    app = await stage.serve(Echo("/"), parent(accepts=accepts), parent(name="/*", accepts=".*"))
    _, data = await refusal(stage, app, "/tenants/blue")
    assert data["code"] == code
    # A database that is away is no fault of ours: one line says it.
    assert len(log.faults()) == ("database unavailable" not in log.text())
    assert living(app) == []
    assert (await (await stage.enter(app, "/")).call("echo", {"text": "well"}))["ok"]


@pytest.mark.parametrize(
    "name",
    [
        "/tenants/a b",
        "/tenants/a\nb",
        "/tenants/a\x00",
        "/tenants/a\x1b[31m",
        "/tenants/a=b",
        "/tenants/\u202eevil",
        "/tenants/é",
        "/tenants/*",
        '/tenants/"',
        "/tenants/" + "x" * 92,
        "/tenants/" + "x" * 5_000,
    ],
    ids=ascii,
)
async def test_names_that_could_not_stand_in_a_log_are_not_even_asked_about(stage, name):
    asked = []

    async def accepts(name, auth):
        asked.append(name)
        return True

    app = await stage.serve(parent(accepts=accepts))
    assert await refusal(stage, app, name) == UNKNOWN
    assert asked == []
    await stage.enter(app, "/tenants/" + "x" * 91)
    assert len(asked) == 1


async def test_a_query_is_no_part_of_the_name(stage):
    app = await stage.serve(parent())
    wire = await stage.open(app)
    wire.send_text("40/tenants/blue?token=1,")
    await wire.frame("40/tenants/blue,")
    assert living(app) == ["/tenants/blue"]


@pytest.mark.parametrize("name", ["/tenants", "tenants/*", "*", ""])
def test_a_parents_name_is_one_that_no_client_can_ask_for(name):
    with pytest.raises(ValueError, match="parent"):
        parent(name=name)


def test_two_parents_have_two_names():
    with pytest.raises(ValueError, match="two parents"):
        Server([parent(), parent(accepts=".*")])


# --- Priority -----------------------------------------------------------------------------------
async def test_a_fixed_namespace_comes_before_every_parent(stage):
    class Fixed(Tenant):
        pass

    async def accepts(name, auth):
        raise AssertionError("asked")

    app = await stage.serve(parent(accepts=accepts), Fixed("/tenants/blue"))
    entry = await stage.enter(app, "/tenants/blue")
    assert (await entry.call("kind"))["data"] == "Fixed"
    await entry.connection.close()
    assert "/tenants/blue" in app.server.namespace_handlers


async def test_parents_are_asked_in_their_order_and_the_first_that_accepts_has_it(stage):
    class Special(Tenant):
        pass

    app = await stage.serve(
        parent(Special, r"/tenants/vip\w+", "/tenants/vip*"), parent(), parent(Special, ".*", "/*")
    )
    for name, kind in {"/tenants/vip1": "Special", "/tenants/blue": "Tenant", "/other": "Special"}.items():
        assert (await (await stage.enter(app, name)).call("kind"))["data"] == kind


async def test_a_name_belongs_to_one_parent_at_a_time(stage):
    class Other(Tenant):
        pass

    async def first(name, auth):
        return auth.get("word") == "please"

    app = await stage.serve(parent(accepts=first), parent(Other, name="/tenants/other*"))
    entry = await stage.enter(app, "/tenants/blue", auth={"word": "please"})
    assert await refusal(stage, app, "/tenants/blue") == UNKNOWN
    await entry.connection.close()
    assert (await (await stage.enter(app, "/tenants/blue")).call("kind"))["data"] == "Other"


async def test_who_was_accepted_by_one_parent_does_not_enter_a_child_that_another_made_meanwhile(stage):
    class Other(Tenant):
        pass

    gate = Gate()

    async def first(name, auth):
        return auth.get("word") == "please"

    async def second(name, auth):
        await gate()
        return True

    app = await stage.serve(parent(accepts=first), parent(Other, second, "/tenants/other*"))
    slow = asyncio.ensure_future(refusal(stage, app, "/tenants/blue"))
    await asyncio.wait_for(gate.reached.wait(), 5)
    await stage.enter(app, "/tenants/blue", auth={"word": "please"})
    gate.opened.set()
    assert await slow == UNKNOWN


# --- A child is a namespace like any other ------------------------------------------------------
async def test_a_childs_middlewares_decide_about_each_tenant(stage):
    async def members_only(socket):
        if socket.auth.get("tenant") != socket.namespace.rpartition("/")[2]:
            raise Forbidden("Members only.")

    app = await stage.serve(parent(Tenant.noting(middlewares=[members_only])))
    await stage.enter(app, "/tenants/blue", auth={"tenant": "blue"})
    for name in ("/tenants/green", "/tenants/blue"):
        refused = await refusal(stage, app, name, {"tenant": "red"})
        assert refused == ("Members only.", {"code": "forbidden"})
    assert living(app) == ["/tenants/blue"]


async def test_children_have_rooms_and_events_of_their_own(stage):
    app = await stage.serve(Echo("/"), parent())
    wire = await stage.open(app)
    entries = {name: await wire.enter(name) for name in ("/", "/tenants/blue", "/tenants/green")}
    for entry in entries.values():
        app.server.enter(socket_of(app, entry), "hall")
    app.server.of("/tenants/blue").to("hall").emit("news", {})
    heard = [name for name, entry in entries.items() if await entry.received("news")]
    assert heard == ["/tenants/blue"]
    publish("fact", {"n": 1}, to="hall", namespace="/tenants/green")
    assert await entries["/tenants/green"].receive("fact") == {"n": 1}
    assert [await entries[name].received("fact") for name in ("/", "/tenants/blue")] == [[], []]


async def test_clients_that_ask_at_once_share_one_child_which_has_started(stage):
    gate = Gate()

    class Slow(Tenant):
        lives: list = []

        async def on_start(self):
            await gate()
            await super().on_start()

        async def on_connect(self, socket):
            self.lives.append(("entered", self.namespace))

    app = await stage.serve(parent(Slow))
    coming = [asyncio.ensure_future(stage.enter(app, "/tenants/blue")) for _ in range(3)]
    await asyncio.wait_for(gate.reached.wait(), 5)
    assert Slow.lives == []
    gate.opened.set()
    await asyncio.gather(*coming)
    assert Slow.lives == [("started", "/tenants/blue")] + [("entered", "/tenants/blue")] * 3
    assert len(app.server.of("/tenants/blue").fetch_sockets()) == 3


# --- Reaching all children ----------------------------------------------------------------------
async def family(stage, **options):
    """Two sockets in blue, one in green, one in `/` and one in a child of another parent."""
    app = await stage.serve(Echo("/"), parent(**options), parent(name="/other/*", accepts="/other/.*"))
    names = ["/tenants/blue", "/tenants/blue", "/tenants/green", "/", "/other/blue"]
    return app, [await stage.enter(app, name) for name in names]


async def heard(entries, event="news"):
    return [len(await entry.received(event)) for entry in entries]


async def test_a_parents_broadcast_reaches_each_socket_of_each_child_once(stage):
    app, entries = await family(stage)
    app.server.of("/tenants/*").emit("news", {"n": 1})
    assert await heard(entries) == [1, 1, 1, 0, 0]


async def test_a_parents_broadcast_is_narrowed_as_any_other(stage):
    app, entries = await family(stage)
    blue, _, green, front, _ = sockets = [socket_of(app, entry) for entry in entries]
    for socket in sockets:
        app.server.enter(socket, "hall", "attic")
    app.server.exit(sockets[1], "attic")
    everybody = app.server.of("/tenants/*")
    for number, (target, reached) in enumerate(
        [
            (everybody.to("hall"), [1, 1, 1, 0, 0]),
            (everybody.to("hall", "attic"), [1, 1, 1, 0, 0]),
            (everybody.except_("attic"), [0, 1, 0, 0, 0]),
            (everybody.but(blue), [0, 1, 1, 0, 0]),
            (everybody.to(green.sid), [0, 0, 1, 0, 0]),
            (everybody.to("nowhere"), [0] * 5),
            (everybody.to(), [0] * 5),
            (everybody.volatile().to("hall"), [1, 1, 1, 0, 0]),
        ]
    ):
        target.emit(f"news {number}", {})
        assert await heard(entries, f"news {number}") == reached
        assert len(target.fetch_sockets()) == sum(reached)
    everybody.to("hall").leave("hall")
    everybody.join("cellar")
    assert (blue.rooms, front.rooms) == (["attic", "cellar"], ["attic", "hall"])
    assert await everybody.emit_with_ack("ask", {}, timeout=5) == [{"ok": True}] * 3
    everybody.disconnect()
    for entry in entries[:3]:
        await asyncio.wait_for(entry.disconnected, 5)
    assert not entries[3].disconnected.done()
    assert not entries[4].disconnected.done()


async def test_one_connection_hears_a_parents_broadcast_in_each_of_its_children(stage):
    app = await stage.serve(parent())
    wire = await stage.open(app)
    entries = [await wire.enter(name) for name in ("/tenants/blue", "/tenants/green")]
    app.server.of("/tenants/*").emit("news", {})
    assert await heard(entries) == [1, 1]


async def test_what_is_published_to_a_parent_reaches_its_children(stage):
    app, entries = await family(stage)
    for entry in entries:
        app.server.enter(socket_of(app, entry), "hall")
    publish("news", {}, to="hall", namespace="/tenants/*", join="attic")
    await entries[0].receive("news")
    assert await heard(entries) == [0, 1, 1, 0, 0]
    assert [socket_of(app, entry).rooms for entry in entries[:1]] == [["attic", "hall"]]
    assert socket_of(app, entries[3]).rooms == ["hall"]


async def test_a_session_that_ends_while_a_childs_middleware_looks_at_it_does_not_come_in(stage):
    gate = Gate()

    async def signed_in(socket):
        socket.own_rooms.append("session:1")

    app = await stage.serve(parent(Tenant.noting(middlewares=[signed_in, gate])))
    coming = asyncio.ensure_future(refusal(stage, app, "/tenants/blue"))
    await gate.wait_reached()
    publish(None, to="session:1", namespace="/tenants/*", close=True)
    gate.opened.set()
    _, data = await coming
    assert data["code"] == "unauthenticated"
    assert living(app) == []


async def test_nobody_is_reached_through_a_parent_without_children(stage):
    app = await stage.serve(parent())
    app.server.of("/tenants/*").emit("news", {})
    assert app.server.of("/tenants/*").fetch_sockets() == []
    assert await app.server.of("/tenants/*").emit_with_ack("ask", {}, timeout=60) == []


# --- Nothing is left ----------------------------------------------------------------------------
async def test_a_child_lives_from_its_first_socket_to_its_last(stage):
    kind = Tenant.noting()
    app = await stage.serve(parent(kind))
    entries = [await stage.enter(app, "/tenants/blue") for _ in range(2)]
    assert kind.lives == [("started", "/tenants/blue")]
    await entries[0].connection.close()
    assert living(app) == ["/tenants/blue"]
    await entries[1].connection.close()
    assert living(app) == []
    await app.stop()
    assert kind.lives == [(what, "/tenants/blue") for what in ("started", "left", "left", "stopped")]


async def test_a_child_is_gone_when_its_last_socket_leaves_but_keeps_its_connection(stage):
    app = await stage.serve(Echo("/"), parent())
    wire = await stage.open(app)
    front, _ = await wire.enter("/"), await wire.enter("/tenants/blue")
    wire.send_text("41/tenants/blue,")
    assert (await front.call("echo", {"text": "still here"}))["ok"]
    assert living(app) == []
    await wire.enter("/tenants/blue")
    assert living(app) == ["/tenants/blue"]


async def test_names_that_are_tried_leave_nothing_behind(stage):
    async def never_in(socket):
        raise Forbidden

    kind = Tenant.noting(middlewares=[never_in])
    app = await stage.serve(Echo("/"), parent(kind))
    wire = await stage.open(app)
    for number in range(200):
        for name in (f"/tenants/t{number}", f"/nowhere/{number}"):
            with pytest.raises(Refused):
                await wire.enter(name)
    assert living(app) == []
    assert set(app.server.namespace_handlers) == {"/"}
    await wire.enter("/")
    assert len(app.server.manager.rooms) == 1
    await app.server.children.stop()
    assert app.server.children._lives == {}
    assert len(kind.lives) == 400


async def test_who_goes_away_while_a_middleware_decides_leaves_no_child(stage):
    gate = Gate()
    app = await stage.serve(parent(Tenant.noting(middlewares=[gate])))
    wire = await stage.open(app)
    coming = asyncio.ensure_future(wire.enter("/tenants/blue"))
    await gate.wait_reached()
    assert living(app) == ["/tenants/blue"]
    closing = asyncio.ensure_future(wire.close())
    gate.opened.set()
    await closing
    coming.cancel()
    assert living(app) == []


async def test_a_middleware_with_a_fault_leaves_no_child(stage, log):
    app = await stage.serve(parent(Tenant.noting(middlewares=[fail])))
    _, data = await refusal(stage, app, "/tenants/blue")
    assert data["code"] == "internal"
    assert len(log.faults()) == 1
    assert living(app) == []


async def test_a_child_that_cannot_start_lets_nobody_in_and_may_be_asked_for_again(stage, log):
    class Broken(Tenant):
        lives: list = []

        async def on_start(self):
            await super().on_start()
            if len(self.lives) == 1:
                raise RuntimeError("on purpose")

    app = await stage.serve(parent(Broken))
    _, data = await refusal(stage, app, "/tenants/blue")
    assert data["code"] == "internal"
    assert living(app) == []
    assert len(log.faults()) == 1
    entry = await stage.enter(app, "/tenants/blue")
    await entry.connection.close()
    await app.stop()
    assert [what for what, _ in Broken.lives] == ["started", "started", "left", "stopped"]


async def test_a_kind_that_cannot_be_made_lets_nobody_in(stage, log):
    def kind(name):
        raise RuntimeError("on purpose")

    app = await stage.serve(parent(kind))
    _, data = await refusal(stage, app, "/tenants/blue")
    assert data["code"] == "internal"
    assert living(app) == []
    assert len(log.faults()) == 1


async def test_a_child_starts_only_when_the_one_before_it_has_stopped(stage):
    gate = Gate()

    class Slow(Tenant):
        lives: list = []

        async def on_stop(self):
            if not gate.reached.is_set():
                await gate()
            await super().on_stop()

    app = await stage.serve(parent(Slow))
    entry = await stage.enter(app, "/tenants/blue")
    await entry.connection.close()
    await asyncio.wait_for(gate.reached.wait(), 5)
    coming = asyncio.ensure_future(stage.enter(app, "/tenants/blue"))
    other = await stage.enter(app, "/tenants/green")
    assert not coming.done()
    gate.opened.set()
    await coming
    blue = [what for what, name in Slow.lives if name == "/tenants/blue"]
    assert blue == ["started", "left", "stopped", "started"]
    assert (await other.call("echo", {"text": "not held up"}))["ok"]


async def test_a_server_that_stops_stops_its_children_once(stage):
    kind = Tenant.noting()
    app = await stage.serve(Echo("/"), parent(kind))
    entry = await stage.enter(app, "/tenants/blue")
    await app.stop()
    assert kind.lives == [("started", "/tenants/blue"), ("stopped", "/tenants/blue")]
    await entry.connection.close()
    assert [what for what, _ in kind.lives].count("stopped") == 1
    assert living(app) == []
