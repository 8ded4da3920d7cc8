"""Who an event reaches, and who it does not."""

import asyncio
import math
from typing import Any
from unittest.mock import Mock

import pytest

from chatproject.sockets.line import BEHIND
from chatproject.sockets.packets import packet_frame
from chatproject.sockets.targets import names

from .support import Echo, Gate, Nothing, socket_of

pytestmark = pytest.mark.every_carrier


class Cast:
    """Four clients of `/`: ann and bob in hall, bob and cat in attic, dan in none; eve in /admin's hall."""

    def __init__(self, app, entries):
        self.app = app
        self.entries = entries

    @classmethod
    async def of(cls, stage):
        app = await stage.serve(Echo("/"), Echo("/admin"))
        entries = {name: await stage.enter(app) for name in ("ann", "bob", "cat", "dan")}
        entries["eve"] = await stage.enter(app, "/admin")
        cast = cls(app, entries)
        for name, rooms in {
            "ann": ["hall"],
            "bob": ["hall", "attic"],
            "cat": ["attic"],
            "eve": ["hall"],
        }.items():
            app.server.enter(cast.socket(name), *rooms)
        return cast

    def of_all(self):
        return self.app.server.of("/")

    def socket(self, name):
        return socket_of(self.app, self.entries[name])

    async def heard(self, event="news"):
        """Who has received it, each as often as it came."""
        return [name for name, entry in self.entries.items() for _ in await entry.received(event)]


@pytest.fixture
async def cast(stage):
    return await Cast.of(stage)


@pytest.mark.parametrize(
    ("choose", "reached"),
    [
        (lambda everybody, cast: everybody, ["ann", "bob", "cat", "dan"]),
        (lambda everybody, cast: everybody.to("hall"), ["ann", "bob"]),
        (lambda everybody, cast: everybody.to("hall", "attic"), ["ann", "bob", "cat"]),
        (lambda everybody, cast: everybody.to("hall").to("attic"), ["ann", "bob", "cat"]),
        (lambda everybody, cast: everybody.to("hall", "hall"), ["ann", "bob"]),
        (lambda everybody, cast: everybody.to("hall").except_("attic"), ["ann"]),
        (lambda everybody, cast: everybody.except_("hall"), ["cat", "dan"]),
        (lambda everybody, cast: everybody.except_("hall", "attic"), ["dan"]),
        (lambda everybody, cast: everybody.except_("hall").except_("attic"), ["dan"]),
        (lambda everybody, cast: everybody.except_(), ["ann", "bob", "cat", "dan"]),
        (lambda everybody, cast: everybody.except_("nowhere"), ["ann", "bob", "cat", "dan"]),
        (lambda everybody, cast: everybody.but(cast.socket("ann")), ["bob", "cat", "dan"]),
        (lambda everybody, cast: everybody.but(cast.socket("ann"), cast.socket("bob")), ["cat", "dan"]),
        (lambda everybody, cast: everybody.but(cast.socket("ann")).but(cast.socket("bob")), ["cat", "dan"]),
        (lambda everybody, cast: everybody.but(*{cast.socket("ann"), cast.socket("bob")}), ["cat", "dan"]),
        (lambda everybody, cast: everybody.but(None), ["ann", "bob", "cat", "dan"]),
        (lambda everybody, cast: everybody.but(cast.socket("eve")), ["ann", "bob", "cat", "dan"]),
        (lambda everybody, cast: everybody.to("hall").but(cast.socket("ann")), ["bob"]),
        (lambda everybody, cast: everybody.to(cast.socket("cat").sid), ["cat"]),
        (lambda everybody, cast: everybody.except_(cast.socket("cat").sid), ["ann", "bob", "dan"]),
        (lambda everybody, cast: everybody.to("nowhere"), []),
        (
            lambda everybody, cast: everybody.to(),
            [],
        ),  # a list of rooms that turned out empty: nobody, not everybody
        (lambda everybody, cast: everybody.to(*[]), []),
        (lambda everybody, cast: everybody.to().to("hall"), ["ann", "bob"]),
        (lambda everybody, cast: everybody.to(cast.socket("eve").sid), []),
        (lambda everybody, cast: cast.app.server.of("/admin"), ["eve"]),
        (lambda everybody, cast: cast.app.server.of("/admin").to("hall"), ["eve"]),
        (lambda everybody, cast: cast.app.server.of("/nowhere"), []),
        (lambda everybody, cast: cast.app.server.of("/nowhere").to("hall"), []),
    ],
)
async def test_an_event_reaches_whom_the_target_names_once_and_nobody_else(cast, choose, reached):
    target = choose(cast.of_all(), cast)
    target.emit("news", {})
    assert await cast.heard() == reached
    assert {socket.sid for socket in target.fetch_sockets()} == {cast.entries[name].sid for name in reached}


@pytest.mark.parametrize("bad", ["", 0, 1, None, False, [], ["hall"], (), {"hall"}, b"hall", {}], ids=repr)
@pytest.mark.parametrize("narrow", ["to", "except_", "join", "leave"])
async def test_what_is_no_room_is_refused_and_never_means_everybody(cast, narrow, bad):
    for rooms in ([bad], ["hall", bad]):
        with pytest.raises((ValueError, TypeError)):
            getattr(cast.of_all(), narrow)(*rooms)
    assert await cast.heard() == []


@pytest.mark.parametrize("bad", [{"a set"}, ("a tuple",), ["a list"], "a sid", 1], ids=repr)
async def test_what_is_no_socket_is_refused_and_never_ignored(cast, bad):
    with pytest.raises(AttributeError):
        cast.of_all().but(bad)


def test_names_are_one_or_several():
    assert names("hall") == ("hall",)
    assert names(["hall", "attic"]) == ("hall", "attic")
    assert names({"hall"}) == ("hall",)
    assert names(name for name in ["hall"]) == ("hall",)
    assert names([]) == ()
    wrong: list[Any] = ["", 0, None, False, [""], [None], ["hall", 0], b"hall", 7, object()]
    for bad in wrong:
        with pytest.raises(ValueError, match="not a name"):
            names(bad)


async def test_a_target_is_not_changed_by_narrowing_it(cast):
    hall = cast.of_all().to("hall")
    hall.except_("attic")
    hall.but(cast.socket("ann"))
    hall.to("attic")
    hall.emit("news", {})
    assert await cast.heard() == ["ann", "bob"]


async def test_events_arrive_in_the_order_they_were_sent_whoever_they_are_for(cast):
    for number in range(10):
        cast.of_all().to("hall" if number % 2 else cast.socket("ann").sid).emit("news", {"n": number})
    assert [data["n"] for data in await cast.entries["ann"].received("news")] == list(range(10))


async def test_a_number_that_is_no_json_reaches_nobody(cast):
    """One such event would make every JavaScript client in the room drop its connection."""
    for number in (math.nan, math.inf):
        with pytest.raises(ValueError, match="JSON"):
            cast.of_all().emit("news", {"n": number})
    assert await cast.heard() == []


async def test_the_bytes_are_made_once_for_all(cast, monkeypatch):
    made = Mock(side_effect=packet_frame)
    monkeypatch.setattr("chatproject.sockets.server.packet_frame", made)
    cast.of_all().emit("news", {})
    assert made.call_count == 1
    assert len(await cast.heard()) == 4


# --- Moving and ending --------------------------------------------------------------------------
async def test_a_target_is_put_into_rooms_and_taken_out(cast):
    cast.of_all().to("hall").join("cellar", "roof")
    assert cast.socket("ann").rooms == ["cellar", "hall", "roof"]
    assert cast.socket("cat").rooms == ["attic"]
    assert cast.socket("eve").rooms == ["hall"]  # the same name in another namespace is another room
    cast.of_all().to("cellar").leave("hall", "roof")
    assert cast.socket("ann").rooms == ["cellar"]
    assert cast.socket("bob").rooms == ["attic", "cellar"]
    cast.of_all().to("hall").emit("news", {})
    assert await cast.heard() == []


async def test_a_target_leaves_its_namespace(stage):
    cast = await Cast.of(stage)
    wire = cast.entries["ann"].connection
    admin = await wire.enter("/admin")
    cast.of_all().to("hall").disconnect()
    for name in ("ann", "bob"):
        await asyncio.wait_for(cast.entries[name].disconnected, 5)
    assert len(cast.of_all().fetch_sockets()) == 2
    assert (await admin.call("echo", {"text": "still here"}))["ok"]
    assert not wire.closed.done()
    assert not cast.entries["cat"].disconnected.done()


async def test_a_targets_connections_are_closed_after_what_was_sent_before(stage):
    cast = await Cast.of(stage)
    cast.of_all().to("hall").emit("news", {"last": True})
    cast.of_all().to("hall").disconnect(close=True)
    cast.of_all().to("hall").emit("news", {"late": True})
    for name in ("ann", "bob"):
        assert await cast.entries[name].connection.wait_closed() == 1008
        assert [data for _, data in cast.entries[name].events] == [{"last": True}]
    assert await cast.heard() == ["ann", "bob"]
    assert not cast.entries["cat"].connection.closed.done()
    assert not cast.entries["eve"].connection.closed.done()


# --- Volatile -----------------------------------------------------------------------------------
async def test_a_volatile_event_passes_by_who_is_behind_and_no_other_event_does(stage):
    cast = await Cast.of(stage)
    slow = cast.entries["ann"].connection
    slow.gate.clear()
    for number in range(2):
        cast.of_all().emit("fact", {"n": number, "text": "x" * BEHIND})
        await cast.entries["bob"].receive("fact")
    cast.of_all().volatile().emit("news", {})
    cast.of_all().emit("fact", {"n": "last"})
    assert await cast.entries["bob"].received("news") == [{}]
    slow.gate.set()
    assert await cast.entries["ann"].received("news") == []
    assert len(await cast.entries["ann"].received("fact")) == 3
    cast.of_all().to("hall").volatile().emit("news", {})  # it has caught up
    assert await cast.entries["ann"].received("news") == [{}]


# --- Answers ------------------------------------------------------------------------------------
def mute(entry):
    """A client that takes events and answers none."""

    def take(rest):
        entry.events.append(("taken", rest))
        entry._arrived.set()

    entry._take_event = take


async def test_the_answers_of_all_come_back(cast):
    answers = await cast.of_all().emit_with_ack("ask", {}, timeout=5)
    assert answers == [{"ok": True}] * 4
    assert await cast.entries["eve"].received("ask") == []


async def test_the_answers_that_came_in_time_come_back_without_the_others(cast):
    mute(cast.entries["bob"])
    answers = await cast.of_all().emit_with_ack("ask", {}, timeout=0.2)
    assert answers == [{"ok": True}] * 3


async def test_who_never_answers_leaves_nothing_behind(cast):
    mute(cast.entries["dan"])
    for _ in range(3):
        assert await cast.of_all().to(cast.socket("dan").sid).emit_with_ack("ask", {}, timeout=0.01) == []
    waiting = cast.app.server.manager.callbacks[cast.socket("dan").sid]
    assert list(waiting) == [0]  # python-socketio's counter


async def test_who_goes_away_is_not_waited_for(stage):
    cast = await Cast.of(stage)
    mute(cast.entries["ann"])
    asking = asyncio.ensure_future(cast.of_all().to("hall").emit_with_ack("ask", {}, timeout=60))
    await cast.entries["ann"].receive("taken")
    await cast.entries["ann"].connection.close()
    assert await asyncio.wait_for(asking, 5) == [{"ok": True}]


async def test_nobody_to_ask_answers_at_once(cast):
    assert await cast.of_all().to("nowhere").emit_with_ack("ask", {}, timeout=60) == []


async def test_an_answer_is_whatever_the_client_says(cast):
    entry = cast.entries["dan"]
    mute(entry)
    for said, answer in [
        ("[]", None),
        ("[null]", None),
        ('["a","b"]', "a"),
        ('[{"deep":[1]}]', {"deep": [1]}),
    ]:
        asking = asyncio.ensure_future(cast.of_all().to(entry.sid).emit_with_ack("ask", {}, timeout=5))
        ack_id = (await entry.receive("taken")).partition("[")[0]
        entry.connection.send_text(f"43{ack_id}{said}")
        entry.connection.send_text(f'43{ack_id}["a second answer to the same"]')
        assert await asking == [answer]
    assert (await entry.call("echo", {"text": "still here"}))["ok"]


async def test_answers_to_what_was_never_asked_are_nothing(cast):
    entry = cast.entries["dan"]
    for ack_id in (1, 2, 999):
        entry.connection.send_text(f'43{ack_id}["forged"]')
    mute(cast.entries["ann"])
    asking = asyncio.ensure_future(cast.of_all().to("hall").emit_with_ack("ask", {}, timeout=0.1))
    for ack_id in (1, 2, 999):  # another's question is not one's own
        entry.connection.send_text(f'43{ack_id}["forged"]')
    assert await asking == [{"ok": True}]
    assert (await entry.call("echo", {"text": "still here"}))["ok"]


async def test_a_handler_may_ask_in_the_background(stage):
    gate = Gate()

    class Asking(Echo):
        async def on_ask(self, socket, payload: Nothing):
            self.server.run(self.ask())

        async def ask(self):
            self.answers = await self.server.of("/").emit_with_ack("question", {}, timeout=5)
            gate.reached.set()

    namespace = Asking("/")
    app = await stage.serve(namespace)
    entries = [await stage.enter(app) for _ in range(3)]
    await entries[0].call("ask")
    await asyncio.wait_for(gate.reached.wait(), 5)
    assert namespace.answers == [{"ok": True}] * 3
