"""How often, and how many at once."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatproject.sockets.addresses import UNKNOWN, network, plain
from chatproject.sockets.limits import FOR_EVER, PLACE_RETRY, EventLimit, Pace, Places, Throttle
from chatproject.sockets.line import POLICY
from chatproject.sockets.namespace import Namespace
from chatproject.sockets.testing import Refused

from .support import Echo, Gate, Nothing, Word, event_frame, left_over


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def refusal(ack):
    assert ack["ok"] is False
    assert ack["error"]["code"] == "rate_limited"
    return ack["error"]["retry_after"]


# --- A rate -------------------------------------------------------------------------------------
@pytest.mark.parametrize("count", [1, 2, 3, 7, 20, 200])
@pytest.mark.parametrize("seconds", [0.1, 1.0, 10.0, 3600.0])
@pytest.mark.parametrize("began", [0.1, 1234567.891])
def test_so_many_times_at_once_and_not_one_more(count, seconds, began):
    pace, full_at = Pace((count, seconds)), 0.0
    for _ in range(count):
        assert pace.wait(full_at, began) == 0
        full_at = pace.after(full_at, began)
    wait = pace.wait(full_at, began)
    assert wait == pytest.approx(seconds / count, rel=0.001)
    assert pace.wait(full_at, began + wait) == 0


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 30),
    steps=st.lists(st.floats(0, 3), max_size=80),
    seconds=st.sampled_from([1.0, 10.0]),
)
def test_over_any_time_it_is_no_more_than_one_load_and_what_came_back_meanwhile(count, steps, seconds):
    clock, allowed = Clock(), []
    throttle = Throttle((count, seconds), clock=clock)
    for step in steps:
        clock.now += step
        wait = throttle.take("key")
        if wait:
            assert 0 < wait <= seconds / count * 1.001
        else:
            allowed.append(clock.now)
    for first, began in enumerate(allowed):
        for last in range(first, len(allowed)):
            came_back = (allowed[last] - began) * count / seconds
            assert last - first + 1 <= count + came_back + 0.01


@settings(max_examples=60, deadline=None)
@given(asked=st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 4)), max_size=120))
def test_who_is_forgotten_might_have_done_everything_again_anyway(asked):
    clock = Clock()
    throttle, pace, kept = Throttle((3, 2.0), clock=clock), Pace((3, 2.0)), dict.fromkeys("abc", 0.0)
    for key, step in asked:
        clock.now += step
        wait = pace.wait(kept[key], clock.now)
        assert throttle.take(key) == wait
        if not wait:
            kept[key] = pace.after(kept[key], clock.now)


def test_many_keys_are_held_apart_and_forgotten(clock):
    throttle = Throttle((1, 10.0), clock=clock)
    assert not any(throttle.take(key) for key in range(1000))
    assert all(throttle.take(key) for key in range(1000))
    assert throttle.size == 1000
    for _ in range(2):
        clock.now += 10
        throttle.take("another")
    assert throttle.size == 1
    assert not throttle.take(7)


def test_without_a_rate_nobody_waits_and_nobody_is_remembered(clock):
    throttle = Throttle(None, clock=clock)
    assert not any(throttle.take("key") for _ in range(1000))
    assert throttle.size == 0


def test_as_many_refusals_as_there_may_be_events_are_answered_then_it_is_a_flood(clock):
    line: Any = SimpleNamespace(events_full_at=0.0, refusals_full_at=0.0)
    limit = EventLimit((5, 10.0), clock=clock)
    waits = [limit.take(line) for _ in range(11)]
    assert waits[:5] == [0] * 5
    assert all(0 < wait <= 10 for wait in waits[5:10])
    assert waits[10] == FOR_EVER
    clock.now += 10
    assert limit.take(line) == 0


def test_places_are_counted_for_each_and_nothing_is_kept_of_who_holds_none():
    places = Places()
    for _ in range(2):
        places.take("one")
    places.take("other")
    assert places.is_full("one", 2)
    assert not places.is_full("other", 2)
    assert not places.is_full("one", 0)
    places.give_back("one")
    assert not places.is_full("one", 2)
    places.give_back("one")
    places.give_back("other")
    assert places.size == 0


# --- Addresses ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("address", "shown", "counted"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0:1::00ff", "2001:db8:0:1::ff", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::2", "2001:db8:0:1:ffff::2", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("", UNKNOWN, UNKNOWN),
        ("unknown", UNKNOWN, UNKNOWN),
        ("192.0.2.7 code=ok", UNKNOWN, UNKNOWN),
        ("1.2.3.4, 5.6.7.8", UNKNOWN, UNKNOWN),
        ("999.1.1.1", UNKNOWN, UNKNOWN),
    ],
)
def test_an_address_has_one_form_and_counts_as_one_way_to_the_internet(address, shown, counted):
    assert (plain(address), network(address)) == (shown, counted)


# --- Events of one connection -------------------------------------------------------------------
class Noting(Echo):
    """Notes what it was told."""

    def __init__(self, *args):
        super().__init__(*args)
        self.told = []

    async def on_note(self, socket, payload: Word):
        self.told.append(payload.text)


@pytest.mark.every_carrier
async def test_an_event_too_many_is_refused_with_the_time_to_wait_and_handled_by_nobody(stage, clock, log):
    noting = Noting("/")
    app = await stage.serve(noting, event_rate=(6, 10.0), clock=clock)
    entry, other = await stage.enter(app), await stage.enter(app)
    assert [(await entry.call("note", {"text": str(n)}))["ok"] for n in range(5)] == [True] * 5
    assert 0 < refusal(await entry.call("note", {"text": "late"})) <= 10 / 6 + 0.001
    refusal(await entry.call("nonsense"))
    refusal(await entry.call("note", {"text": 1}))
    assert noting.told == ["0", "1", "2", "3", "4"]
    assert (await other.call("note", {"text": "other"}))["ok"]
    clock.now += refusal(await entry.call("note", {"text": "late"}))
    assert (await entry.call("note", {"text": "in time"}))["ok"]
    assert noting.told == ["0", "1", "2", "3", "4", "other", "in time"]
    assert sum("ack=rate_limited" in line for line in log.lines("event")) == 4


@pytest.mark.every_carrier
@pytest.mark.parametrize("ack", ["", 7])
async def test_who_goes_on_far_over_the_rate_is_closed_with_one_line(stage, clock, log, ack):
    noting = Noting("/")
    app = await stage.serve(noting, event_rate=(10, 10.0), clock=clock)
    other = await stage.enter(app)
    wire = await stage.open(app)
    await wire.enter()
    tasks = len(asyncio.all_tasks())
    for number in range(200):
        wire.send_text(event_frame("note", {"text": str(number)}, ack=ack))
    assert len(asyncio.all_tasks()) <= tasks + 50
    assert await wire.wait_closed() == POLICY
    assert noting.told == [str(number) for number in range(9)]
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=flood"]
    assert len(log.lines("event")) == 9 + 10
    assert (await other.call("echo", {"text": "still here"}))["ok"]


@pytest.mark.parametrize("namespace", ["/", "/nowhere", "/closed"])
async def test_entering_and_leaving_count_as_events(stage, clock, log, namespace):
    admitted = []

    async def look(socket):
        admitted.append(socket)
        if namespace == "/closed":
            raise RuntimeError

    class Watched(Echo):
        middlewares = [look]

    app = await stage.serve(Watched("/"), Watched("/closed"), event_rate=(20, 10.0), clock=clock)
    wire = await stage.open(app)
    name = "" if namespace == "/" else f"{namespace},"
    for _ in range(100):
        wire.send_text(f"40{name}")
        wire.send_text(f"41{name}")
    await wire.frame(f"44{name}" + '{"message":"Too much at once')
    assert '"code":"rate_limited","retry_after":' in await wire.frame(f"44{name}" + '{"message":"Too much')
    assert await wire.wait_closed() == POLICY
    assert len(admitted) <= 10
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=flood"]
    log.faults()


async def test_answers_that_were_asked_for_do_not_count_and_others_do(stage, clock, log):
    app = await stage.serve(Echo("/"), event_rate=(3, 10.0), clock=clock)
    wire = await stage.open(app)
    entry = await wire.enter()
    for _ in range(20):
        assert len(await app.server.of("/").emit_with_ack("ask", {}, timeout=5)) == 1
    assert (await entry.call("echo", {"text": "still here"}))["ok"]
    for _ in range(20):
        wire.send_text('4399[{"ok":true}]')
    assert await wire.wait_closed() == POLICY
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=flood"]


async def test_namespaces_of_one_connection_share_its_rate(stage, clock):
    wire = await stage.open(await stage.serve(Echo("/"), Echo("/two"), event_rate=(4, 10.0), clock=clock))
    one, two = await wire.enter("/"), await wire.enter("/two")
    for entry in (one, two):
        assert (await entry.call("echo", {"text": "hi"}))["ok"]
    refusal(await two.call("echo", {"text": "hi"}))


# --- Commands of one person ---------------------------------------------------------------------
class Shop(Namespace):
    """Two commands share a rate, one has its own, one has none; a person may come three times."""

    def __init__(self, *args):
        super().__init__(*args)
        self.sold = []

    def limited_commands(self):
        return [((2, 10.0), ("buy", "swap")), ((1, 10.0), ("steal",)), (None, ("look",))]

    def most_sockets(self, socket):
        return 3

    async def on_buy(self, socket, payload: Word):
        self.sold.append(payload.text)

    async def on_swap(self, socket, payload: Nothing): ...

    async def on_steal(self, socket, payload: Nothing): ...

    async def on_look(self, socket, payload: Nothing): ...


async def as_said(socket):
    """A middleware: who says a number is that person."""
    socket.user = SimpleNamespace(pk=socket.auth.get("person"))


class People(Shop):
    middlewares = [as_said]


async def test_commands_of_a_group_share_a_rate_over_all_sockets_of_a_person(stage, clock):
    app = await stage.serve(People("/"), clock=clock)
    one, other = [await stage.enter(app, auth={"person": 1}) for _ in range(2)]
    neighbour = await stage.enter(app, auth={"person": 2})
    assert (await one.call("buy", {"text": "a"}))["ok"]
    assert (await other.call("swap"))["ok"]
    for entry in (one, other):
        assert 0 < refusal(await entry.call("buy", {"text": "b"})) <= 5
        refusal(await entry.call("swap"))
    assert (await one.call("steal"))["ok"]
    assert [(await one.call("look"))["ok"] for _ in range(30)] == [True] * 30
    assert (await neighbour.call("buy", {"text": "c"}))["ok"]
    clock.now += 5
    assert (await one.call("buy", {"text": "d"}))["ok"]
    refusal(await other.call("buy", {"text": "e"}))


async def test_what_is_invalid_counts_too_and_is_not_looked_at_beyond_the_rate(stage, clock):
    people = People("/")
    entry = await stage.enter(await stage.serve(people, clock=clock), auth={"person": 1})
    for _ in range(2):
        assert (await entry.call("buy", {"text": 1}))["error"]["code"] == "invalid"
    refusal(await entry.call("buy", {"text": 1}))
    assert people.sold == []


async def test_who_has_not_signed_in_counts_by_address(stage, clock):
    app = await stage.serve(People("/"), clock=clock)
    first, second = [await stage.enter(app, address=f"2001:db8::{n}") for n in (1, 2)]
    elsewhere = await stage.enter(app, address="2001:db8:0:1::1")
    assert (await first.call("steal"))["ok"]
    refusal(await second.call("steal"))
    assert (await elsewhere.call("steal"))["ok"]


# --- Sockets of one person ----------------------------------------------------------------------
async def test_a_person_has_so_many_sockets_and_a_next_one_when_one_has_left(stage, log):
    people = People("/")
    app = await stage.serve(people, People("/other"))
    wires = [await stage.open(app) for _ in range(5)]
    entries = [await wire.enter(auth={"person": 1}) for wire in wires[:3]]
    with pytest.raises(Refused) as refused:
        await wires[3].enter(auth={"person": 1})
    assert refused.value.data == {"code": "rate_limited", "retry_after": PLACE_RETRY}
    await wires[3].enter("/other", auth={"person": 1})  # counted for each namespace
    await wires[4].enter(auth={"person": 2})
    assert sum("code=rate_limited" in line for line in log.lines("refused")) == 1
    await entries[0].leave()
    await wires[0].enter(auth={"person": 1})
    with pytest.raises(Refused):
        await wires[3].enter(auth={"person": 1})
    await wires[1].close()
    await wires[3].enter(auth={"person": 1})


async def test_of_many_who_come_together_exactly_so_many_are_let_in(stage):
    gate = Gate()

    class Waiting(Shop):
        middlewares = [gate]

    app = await stage.serve(Waiting("/"))
    wires = [await stage.open(app) for _ in range(12)]
    coming = [asyncio.ensure_future(wire.enter()) for wire in wires]
    await gate.wait_reached()
    gate.opened.set()
    outcomes = await asyncio.gather(*coming, return_exceptions=True)
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 9
    assert len(app.server.of("/").fetch_sockets()) == 3


@pytest.mark.parametrize("how", ["refused", "gone", "on_connect"])
async def test_who_does_not_get_in_holds_no_place(stage, log, how):
    gate = Gate()

    async def decide(socket):
        if how == "refused":
            raise RuntimeError("on purpose")
        if how == "gone":
            await gate(socket)

    class Door(Shop):
        middlewares = [decide]

        async def on_connect(self, socket):
            if how == "on_connect":
                raise RuntimeError("on purpose")

    door = Door("/")
    app = await stage.serve(door)
    for _ in range(4):
        wire = await stage.open(app)
        wire.send_text("40")
        if how == "gone":
            await gate.wait_reached()
            gate.opened.set()
        else:
            await wire.frame("44" if how == "refused" else "40")
        await wire.close()
    assert left_over(app.server) == {}
    assert door._places.size == 0
    log.faults()


# --- The database's threads ---------------------------------------------------------------------
@pytest.mark.parametrize("people", [(1, 1, 1, 1, 1, 1), (None,) * 6], ids=["a person", "an address"])
async def test_slow_commands_of_one_person_hold_up_nobody_else_and_keep_their_order(stage, people):
    go_on, running, order = threading.Event(), [], []

    class Slow(Namespace):
        middlewares = [as_said]

        def on_wait(self, socket, payload: Word):
            running.append(payload.text)
            assert go_on.wait(5)
            running.remove(payload.text)
            order.append(payload.text)

        def on_look(self, socket, payload: Nothing):
            return list(running)

    app = await stage.serve(Slow("/"))
    slow = [await stage.enter(app, auth={"person": person}) for person in people]
    other = await stage.enter(app, auth={"person": 2})
    tasks = len(asyncio.all_tasks())
    waiting = [
        asyncio.ensure_future(entry.call("wait", {"text": f"{number} {turn}"}))
        for number, entry in enumerate(slow)
        for turn in range(2)
    ]
    for _ in range(3):
        seen = (await other.call("look"))["data"]
        assert len(seen) <= 2
    assert len(asyncio.all_tasks()) <= tasks + len(waiting)
    go_on.set()
    assert all(ack["ok"] for ack in await asyncio.gather(*waiting))
    for number in range(len(slow)):
        assert [said for said in order if said.startswith(f"{number} ")] == [f"{number} 0", f"{number} 1"]
    assert len(app.server.shares) == 0
