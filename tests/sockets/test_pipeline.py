"""What becomes of an event: handled or refused, with one ack, in order."""

import asyncio
import math
import threading
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from pydantic import Field

from chatproject.errors import Conflict, Invalid, NotFound
from chatproject.sockets.namespace import RETRY_AFTER, Namespace, Payload

from .support import Echo, Gate, Nothing, Word, event_frame, socket_of


class Order(Payload):
    """One field of each kind."""

    count: int
    text: str = ""
    flag: bool = False
    ids: list[int] = Field(default=[], max_length=3)
    seen: dict[str, int] = {}
    words: list[Word] = []


class Shop(Namespace):
    """Counts what runs."""

    def __init__(self, *args):
        super().__init__(*args)
        self.orders = []
        self.threads = []

    async def on_order(self, socket, payload: Order):
        self.orders.append(payload)

    def on_lookup(self, socket, payload: Nothing):
        self.threads.append(threading.current_thread())
        return {"found": True}

    async def on_look(self, socket, payload: Nothing):
        self.threads.append(threading.current_thread())


def error_of(ack):
    assert ack["ok"] is False
    assert set(ack) == {"ok", "error"}
    return ack["error"]


# --- Handled ------------------------------------------------------------------------------------
async def test_what_a_handler_returns_is_the_data_of_its_ack(stage):
    entry = await stage.enter(await stage.serve(Echo("/")))
    assert await entry.call("echo", {"text": "hi"}) == {"ok": True, "data": {"text": "hi"}}


async def test_a_handler_that_returns_nothing_acks_all_the_same(stage):
    shop = Shop("/")
    entry = await stage.enter(await stage.serve(shop))
    assert await entry.call("order", {"count": 1}) == {"ok": True, "data": None}
    assert [order.count for order in shop.orders] == [1]


async def test_a_plain_handler_runs_in_a_database_thread_and_an_async_one_on_the_loop(stage):
    shop = Shop("/")
    entry = await stage.enter(await stage.serve(shop))
    assert (await entry.call("lookup"))["data"] == {"found": True}
    await entry.call("look")
    assert shop.threads[0].name.startswith("database")
    assert shop.threads[1] is threading.current_thread()


async def test_who_asks_for_no_ack_gets_none(stage):
    shop = Shop("/")
    app = await stage.serve(shop)
    wire = await stage.open(app)
    entry = await wire.enter()
    entry.emit("order", {"count": 1})
    entry.emit("nonsense")
    entry.emit("order", {"count": "one"})
    await entry.call("order", {"count": 2})
    assert [order.count for order in shop.orders] == [1, 2]
    assert len([frame for frame in wire.frames if frame.startswith("43")]) == 1


async def test_an_ack_goes_to_the_one_who_asked_only(stage):
    app = await stage.serve(Echo("/"))
    wires = [await stage.open(app) for _ in range(2)]
    asking, other = [await wire.enter() for wire in wires]
    await asking.call("echo", {"text": "secret"})
    await other.received("anything")
    assert not any("secret" in frame for frame in wires[1].frames)


async def test_acks_carry_the_ids_that_clients_count_from_zero(stage):
    wire = await stage.open(await stage.serve(Echo("/")))
    await wire.enter()
    for ack in ("0", "999999999999999"):
        wire.send_text(event_frame("echo", {"text": "hi"}, ack=ack))
        assert await wire.frame(f"43{ack}[") == f'43{ack}[{{"ok":true,"data":{{"text":"hi"}}}}]'


async def test_each_namespace_has_handlers_of_its_own(stage):
    wire = await stage.open(await stage.serve(Echo("/"), Shop("/shop")))
    chat, shop = await wire.enter("/"), await wire.enter("/shop")
    assert (await chat.call("echo", {"text": "hi"}))["ok"]
    assert (await shop.call("lookup"))["ok"]
    assert error_of(await chat.call("lookup"))["code"] == "unknown_event"
    assert error_of(await shop.call("echo", {"text": "hi"}))["code"] == "unknown_event"


# --- Refused and failed -------------------------------------------------------------------------
async def test_a_domain_error_becomes_an_ack_with_its_code_sentence_and_details(stage):
    class Refusing(Namespace):
        async def on_find(self, socket, payload: Nothing):
            raise NotFound

        def on_take(self, socket, payload: Nothing):
            raise Conflict("This name is taken.", holder=7)

        def on_name(self, socket, payload: Nothing):
            raise Invalid({"name": "Too short."})

    entry = await stage.enter(await stage.serve(Refusing("/")))
    assert error_of(await entry.call("find")) == {"code": "not_found", "message": NotFound.message}
    taken = {"code": "conflict", "message": "This name is taken.", "holder": 7}
    assert error_of(await entry.call("take")) == taken
    invalid = {"code": "invalid", "message": "Too short.", "fields": {"name": "Too short."}}
    assert error_of(await entry.call("name")) == invalid


@pytest.mark.parametrize(
    "error", [TypeError, ValueError, KeyError, TimeoutError, AssertionError, StopIteration]
)
@pytest.mark.parametrize("event", ["plain", "on_loop"])
async def test_a_handler_that_raises_runs_once_acks_internal_and_leaves_one_traceback(
    stage, log, error, event
):
    calls = []

    class Failing(Echo):
        def on_plain(self, socket, payload: Nothing):
            calls.append(event)
            raise error("a secret of ours")

        async def on_on_loop(self, socket, payload: Nothing):
            calls.append(event)
            raise error("a secret of ours")

    entry = await stage.enter(await stage.serve(Failing("/")))
    failed = error_of(await entry.call(event))
    assert failed["code"] == "internal"
    assert "secret" not in failed["message"]
    assert calls == [event]
    assert len(log.faults()) == 1
    assert (await entry.call("echo", {"text": "still here"}))["ok"]


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
async def test_a_database_that_does_not_answer_is_unavailable_until_it_does(stage, log, error):
    answers = [error("connection refused to 10.0.0.1\nIs it running?"), error("again"), None]

    class Reading(Namespace):
        def on_read(self, socket, payload: Nothing):
            if problem := answers.pop(0):
                raise problem
            return "read"

    entry = await stage.enter(await stage.serve(Reading("/")))
    for _ in range(2):
        failed = error_of(await entry.call("read"))
        assert failed["code"] == "unavailable"
        assert failed["retry_after"] == RETRY_AFTER
        assert "10.0.0.1" not in failed["message"]
    assert await entry.call("read") == {"ok": True, "data": "read"}
    lines = [record.getMessage() for record in log.records if record.levelname == "WARNING"]
    assert lines == [
        f"handler failed ns=/: database unavailable error={error.__name__} reason={reason!r}"
        for reason in ("connection refused to 10.0.0.1", "again")
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1, 2}, b"bytes"], ids=repr)
async def test_what_is_no_json_is_a_fault_of_ours_and_never_sent(stage, log, value):
    class Wrong(Echo):
        async def on_wrong(self, socket, payload: Nothing):
            return {"value": [value]}

    entry = await stage.enter(await stage.serve(Wrong("/")))
    assert error_of(await entry.call("wrong"))["code"] == "internal"
    assert len(log.faults()) == 1
    assert (await entry.call("echo", {"text": "still here"}))["ok"]


# --- Names --------------------------------------------------------------------------------------
RESERVED = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
NO_HANDLERS = [
    "on_connect", "on_echo", "start", "stop", "refused", "on_start", "admit", "handle", "handlers",
    "trigger_event", "emit", "close_room", "middlewares", "server", "__class__", "__init__", "_run", "", " ",
    "echo ", "ECHO", "écho", "эхо", "\u202eecho", "ec\0ho", "ec\nho", "\ud800", "*", "e" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize(
    "name", [*RESERVED, *NO_HANDLERS, 0, 1, -7, 1.5, 10**40], ids=lambda name: ascii(name)[:20]
)
async def test_no_other_name_runs_anything(stage, name):
    calls: list[Any] = []

    class Watched(Echo):
        async def on_connect(self, socket):
            calls.append(("connect", socket.auth))

        async def on_disconnect(self, socket, reason):
            calls.append(("disconnect", reason))

        async def on_start(self):
            calls.append("start")

        async def on_stop(self):
            calls.append("stop")

    entry = await stage.enter(await stage.serve(Watched("/")))
    del calls[:]
    assert error_of(await entry.call(name, {"text": "hi"}))["code"] == "unknown_event"
    assert error_of(await entry.call(name))["code"] == "unknown_event"
    forged = await entry.call(name, {"HTTP_COOKIE": "sessionid=forged"}, {"user": 1})
    assert error_of(forged)["code"] == "unknown_event"
    assert calls == []
    assert (await entry.call("echo", {"text": "still here"}))["ok"]


async def test_a_forged_connect_or_disconnect_changes_nobody(stage):
    """These names would run the life-cycle handlers with an environ and auth of the client's own making."""
    connected, disconnected = [], []

    class Staff(Echo):
        async def on_connect(self, socket):
            connected.append(socket)

        async def on_disconnect(self, socket, reason):
            disconnected.append(socket)

    app = await stage.serve(Staff("/"))
    neighbour = await stage.enter(app)
    entry = await stage.enter(app)
    socket = socket_of(app, entry)
    await entry.call("connect", {"REMOTE_ADDR": "10.0.0.1"}, {"token": "forged"})
    await entry.call("disconnect", "server disconnect")
    await entry.call("disconnect", neighbour.sid)
    assert len(connected) == 2
    assert disconnected == []
    assert socket_of(app, entry) is socket
    assert (socket.address, dict(socket.auth)) == ("127.0.0.1", {})
    assert (await neighbour.call("echo", {"text": "hi"}))["ok"]


async def test_the_ways_of_python_socketio_around_the_pipeline_are_shut(stage):
    namespace = Echo("/")
    app = await stage.serve(namespace)
    with pytest.raises(TypeError):
        await namespace.trigger_event("connect", "sid", {})
    with pytest.raises(TypeError):
        await app.server.emit("news", {}, to="")
    with pytest.raises(TypeError):
        await namespace.emit("news", {})
    with pytest.raises(TypeError):
        await app.server.send({}, to=None)


# --- Payloads -----------------------------------------------------------------------------------
@pytest.mark.parametrize("payload", [[], [1], "text", 1, 0, 1.5, True, False, None], ids=repr)
async def test_only_an_object_is_a_payload(stage, payload):
    shop = Shop("/")
    entry = await stage.enter(await stage.serve(shop))
    for event in ("order", "lookup"):
        error = error_of(await entry.call(event, payload))
        assert error["code"] == "invalid"
        assert list(error["fields"]) == [""]
    assert (shop.orders, shop.threads) == ([], [])


async def test_exactly_one_payload_is_taken_and_none_counts_as_empty(stage):
    shop = Shop("/")
    entry = await stage.enter(await stage.serve(shop))
    assert (await entry.call("lookup"))["ok"]
    assert (await entry.call("lookup", {}))["ok"]
    assert list(error_of(await entry.call("order"))["fields"]) == ["count"]
    extras: list[Any] = [{}, None, 1]
    for extra in extras:
        assert error_of(await entry.call("order", {"count": 1}, extra))["code"] == "invalid"
    assert shop.orders == []


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "count"),
        ({"count": "1"}, "count"),
        ({"count": True}, "count"),
        ({"count": 1.0}, "count"),
        ({"count": None}, "count"),
        ({"count": [1]}, "count"),
        ({"count": 1, "text": 1}, "text"),
        ({"count": 1, "text": None}, "text"),
        ({"count": 1, "text": ["a"]}, "text"),
        ({"count": 1, "flag": 1}, "flag"),
        ({"count": 1, "flag": "true"}, "flag"),
        ({"count": 1, "ids": 1}, "ids"),
        ({"count": 1, "ids": {"0": 1}}, "ids"),
        ({"count": 1, "ids": ["1"]}, "ids.0"),
        ({"count": 1, "ids": [1, 2, 3, 4]}, "ids"),
        ({"count": 1, "seen": []}, "seen"),
        ({"count": 1, "seen": {"a": "1"}}, "seen.a"),
        ({"count": 1, "words": [{"text": "a"}, {}]}, "words.1.text"),
        ({"count": 1, "user_id": 7}, "user_id"),
        ({"count": 1, "__class__": "x"}, "__class__"),
    ],
    ids=str,
)
async def test_wrong_types_are_refused_with_the_field_at_fault(stage, payload, field):
    shop = Shop("/")
    entry = await stage.enter(await stage.serve(shop))
    error = error_of(await entry.call("order", payload))
    assert error["code"] == "invalid"
    assert list(error["fields"]) == [field]
    assert error["fields"][field].endswith(".")
    assert shop.orders == []


@pytest.mark.parametrize("bad", ["a\0b", "\ud800", "x\udfffy"], ids=ascii)
@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (lambda bad: {"count": 1, "text": bad}, "text"),
        (lambda bad: {"count": 1, "words": [{"text": "a"}, {"text": bad}]}, "words.1.text"),
        (lambda bad: {"count": 1, "seen": {bad: 1}}, "seen."),
    ],
    ids=["text", "deep", "key"],
)
async def test_text_that_cannot_be_kept_is_invalid_and_never_handled(stage, payload, field, bad):
    shop = Shop("/")
    entry = await stage.enter(await stage.serve(shop))
    error = error_of(await entry.call("order", payload(bad)))
    assert error["code"] == "invalid"
    assert [name.startswith(field) for name in error["fields"]] == [True]
    assert shop.orders == []


async def test_a_field_named_by_half_a_surrogate_pair_is_invalid_too(stage):
    shop = Shop("/")
    entry = await stage.enter(await stage.serve(shop))
    assert error_of(await entry.call("order", {"count": 1, "\ud800": 1}))["code"] == "invalid"
    assert shop.orders == []


async def test_every_other_character_is_kept_as_it_is(stage):
    entry = await stage.enter(await stage.serve(Echo("/")))
    text = "é 日本 😀 👩\u200d👩\u200d👧 \u202e \u2066 \x01 \x7f \ufeff \ufffe <script>&amp; \\u0000"
    assert (await entry.call("echo", {"text": text}))["data"] == {"text": text}


async def test_what_was_sent_is_not_said_back_in_an_error(stage):
    entry = await stage.enter(await stage.serve(Shop("/")))
    for payload in (
        {"count": "my secret"},
        {"count": 1, "text": ["my secret"]},
        {"count": 1, "ids": ["my secret"]},
    ):
        assert "my secret" not in str(await entry.call("order", payload))


# --- Size ---------------------------------------------------------------------------------------
def filled(size, letter="x"):
    """An event with ack that has `size` bytes."""
    empty = len(event_frame("echo", {"text": ""}, ack=1)) - 1  # its first digit is the engine's
    count, rest = divmod(size - empty, len(letter.encode()))
    assert rest == 0
    return f'421["echo", {{"text": "{letter * count}"}}]'


@pytest.mark.parametrize("letter", ["x", "é", "😀"])
async def test_an_event_over_its_limit_in_bytes_is_too_large_and_the_socket_stays(stage, letter):
    app = await stage.serve(Echo("/"), event_bytes=1000)
    empty = len(event_frame("echo", {"text": ""}, ack=1)) - 1
    fitting = 1000 - (1000 - empty) % len(letter.encode())
    wire = await stage.open(app)
    entry = await wire.enter()
    wire.send_text(filled(fitting, letter))
    assert (await wire.frame("431")).startswith('431[{"ok":true')
    wire.send_text(filled(fitting + len(letter.encode()), letter).replace("421", "422", 1))
    assert '"code":"too_large"' in await wire.frame("432")
    assert (await entry.call("echo", {"text": "still here"}))["ok"]


async def test_without_a_limit_no_event_is_too_large(stage):
    entry = await stage.enter(await stage.serve(Echo("/"), event_bytes=0))
    assert (await entry.call("echo", {"text": "x" * 90_000}))["ok"]


async def test_a_large_event_of_an_unknown_name_is_unknown(stage):
    entry = await stage.enter(await stage.serve(Echo("/"), event_bytes=100))
    assert error_of(await entry.call("nonsense", {"text": "x" * 1000}))["code"] == "unknown_event"


# --- Order --------------------------------------------------------------------------------------
async def test_one_clients_events_and_acks_keep_their_order_however_long_each_takes(stage):
    began = []

    class Mixed(Namespace):
        async def on_quick(self, socket, payload: Order):
            began.append(payload.count)
            return payload.count

        async def on_turns(self, socket, payload: Order):
            began.append(payload.count)
            for _ in range(20):
                await asyncio.sleep(0)
            return payload.count

        def on_thread(self, socket, payload: Order):
            began.append(payload.count)
            return payload.count

    entry = await stage.enter(await stage.serve(Mixed("/")))
    answers = []

    async def ask(number):
        ack = await entry.call(("thread", "turns", "quick")[number % 3], {"count": number})
        answers.append(ack["data"])

    await asyncio.gather(*(ask(number) for number in range(60)))
    assert began == list(range(60))
    assert answers == list(range(60))


async def test_a_slow_handler_holds_its_own_client_and_nobody_else(stage):
    gate, handled = Gate(), []

    class Slow(Echo):
        async def on_wait(self, socket, payload: Nothing):
            await gate(socket)

        async def on_note(self, socket, payload: Nothing):
            handled.append(socket.sid)

    app = await stage.serve(Slow("/"))
    slow, other = await stage.enter(app), await stage.enter(app)
    slow.emit("wait")
    slow.emit("note")
    await gate.wait_reached()
    await other.call("note")
    app.server.of("/").emit("news", {})
    assert await slow.received("news") == [{}]  # it hears, it only is not heard
    assert handled == [other.sid]
    gate.opened.set()
    await slow.call("note")
    assert handled == [other.sid, slow.sid, slow.sid]


async def test_a_flood_makes_no_task_for_each_event(stage):
    gate = Gate()

    class Slow(Namespace):
        async def on_wait(self, socket, payload: Nothing):
            await gate(socket)

    app = await stage.serve(Slow("/"))
    entry = await stage.enter(app)
    entry.emit("wait")
    await gate.wait_reached()
    before = len(asyncio.all_tasks())
    for _ in range(300):
        entry.emit("wait")
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) <= before
    gate.opened.set()
    await entry.call("wait")


async def test_who_goes_away_while_its_event_is_handled_gets_no_ack_and_leaves_nothing(stage):
    gate, done = Gate(), []

    class Slow(Namespace):
        async def on_wait(self, socket, payload: Nothing):
            await gate(socket)
            done.append(socket)

    app = await stage.serve(Slow("/"))
    wire = await stage.open(app)
    entry = await wire.enter()
    wire.send_text(event_frame("wait", {}, ack=1))
    await gate.wait_reached()
    app.server.of("/").to(entry.sid).disconnect(close=True)
    await wire.wait_closed()
    gate.opened.set()
    await wire.close()
    assert len(done) == 1  # what was begun is finished
    assert not any(frame.startswith("43") for frame in wire.frames)
