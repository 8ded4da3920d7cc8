"""The log: what people do, a line each, and never what they say or who could be them."""

import json
import logging
import re

import pytest

from chatproject.errors import Conflict, Forbidden
from chatproject.sockets import journal
from chatproject.sockets.journal import Tally
from chatproject.sockets.namespace import Namespace
from chatproject.sockets.testing import Refused

from .support import Echo, Nothing, Word, event_frame, fail


class Person:
    pk = 7


async def as_person(socket):
    socket.user = Person()
    socket.own_rooms.append("user:7")


async def refuse(socket):
    raise Forbidden


class Chat(Echo):
    middlewares = [as_person]

    async def on_take(self, socket, payload: Nothing):
        raise Conflict

    async def on_fail(self, socket, payload: Word):
        raise RuntimeError

    def on_read(self, socket, payload: Nothing):
        return None


class Closed(Namespace):
    middlewares = [as_person, refuse]


WHO = r"ns=/ conn=\d+ user=7 address=10\.0\.0\.7"


async def test_each_step_of_a_client_is_one_line(stage, log):
    app = await stage.serve(Chat("/"), Closed("/closed"))
    wire = await stage.open(app, address="10.0.0.7", headers={"user-agent": "Firefox"})
    entry = await wire.enter()
    with pytest.raises(Refused):
        await wire.enter("/closed")
    with pytest.raises(Refused):
        await wire.enter("/nowhere")
    await entry.call("echo", {"text": "hi"})
    await entry.call("read")
    await entry.call("take")
    await entry.call("echo", {"text": 1})
    await entry.call("nonsense")
    await entry.call("fail", {"text": "hi"})
    await wire.close()
    expected = [
        rf"connected {WHO} transport=websocket agent='Firefox'",
        rf"refused {WHO.replace('ns=/', 'ns=/closed')} code=forbidden",
        r"turned_away address=10\.0\.0\.7 why=invalid_namespace",
        rf"event {WHO} event=echo ack=ok ms=\d+\.\d",
        rf"event {WHO} event=read ack=ok ms=\d+\.\d",
        rf"event {WHO} event=take ack=conflict ms=\d+\.\d",
        rf"event {WHO} event=echo ack=invalid ms=\d+\.\d",
        rf"event {WHO} event=\? ack=unknown_event ms=\d+\.\d",
        rf"event {WHO} event=fail ack=internal ms=\d+\.\d",
        rf"disconnected {WHO} reason=transport_close",
    ]
    for line, pattern in zip(log.lines(), expected, strict=True):
        assert re.fullmatch(pattern, line)
    assert len(log.faults()) == 1


async def test_nobody_is_a_dash_and_connections_have_numbers_of_their_own(stage, log):
    app = await stage.serve(Echo("/"), Echo("/admin"))
    wire = await stage.open(app)
    for namespace in ("/", "/admin"):
        await wire.enter(namespace)
    await stage.enter(app)
    numbers = re.findall(r"conn=(\d+) user=-", "\n".join(log.lines("connected")))
    assert len(set(numbers)) == 3


async def test_nothing_secret_is_ever_logged_at_any_level(stage, log):
    """Neither by us nor by the libraries, which log payloads and session ids when they are let."""
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        app = await stage.serve(Chat("/"), Closed("/closed"))
        wire = await stage.open(
            app, cookies={"sessionid": "secret-cookie"}, headers={"authorization": "secret-header"}
        )
        entry = await wire.enter(auth={"token": "secret-token"})
        with pytest.raises(Refused):
            await wire.enter("/closed", auth={"token": "secret-token"})
        await entry.call("echo", {"text": "secret-text"})
        await entry.call("fail", {"text": "secret-text"})
        await entry.call("echo", {"text": ["secret-text"], "secret-field": 1})
        await entry.call("secret-event", {"text": "secret-text"})
        app.server.of("/").emit("news", {"text": "secret-news"})
        assert await app.server.of("/").emit_with_ack("ask", {"text": "secret-news"}, timeout=5)
        wire.send_text("secret-garbage")
        await wire.wait_closed()
        engine_sid = json.loads(wire.frames[0][1:])["sid"]
        await wire.close()
        other = await stage.open(app)
        await other.enter()
        other.send_text('42["secret-event",{"text":"secret-text",NaN}]')
        await other.wait_closed()
    finally:
        logging.getLogger().setLevel(logging.INFO)
    assert len(log.faults()) == 1  # of the handler that failed; it is looked at below, too
    for secret in ("secret", entry.sid, engine_sid):
        assert secret not in log.text()


async def test_a_fault_is_logged_without_what_was_sent(stage, log):
    app = await stage.serve(Chat("/"))
    entry = await stage.enter(app, cookies={"sessionid": "secret-cookie"})
    await entry.call("fail", {"text": "secret-text"})
    (fault,) = log.faults()
    assert "handler failed ns=/" in fault
    assert "secret" not in fault
    assert entry.sid not in fault


@pytest.mark.parametrize(
    "name", ["a\nconnected ns=/ conn=1", "x" * 10_000, "echo\r\n", "\x1b[31m", 7], ids=ascii
)
async def test_a_client_writes_nothing_of_its_own_into_the_log(stage, log, name):
    app = await stage.serve(Echo("/"))
    wire = await stage.open(app, headers={"user-agent": "Fire\x1bfox" + "x" * 500})
    entry = await wire.enter()
    await entry.call(name)
    (event,) = log.lines("event")
    assert "event=? ack=unknown_event" in event
    (connected,) = log.lines("connected")
    assert "\x1b" not in connected
    assert len(connected) < 250


async def test_a_flood_of_bad_packets_is_one_line(stage, log):
    app = await stage.serve(Echo("/"))
    wire = await stage.open(app)
    await wire.enter()
    for _ in range(100):
        wire.send_text("4garbage")
    await wire.wait_closed()
    await wire.close()
    assert len(log.lines("dropped")) == 1
    assert len(log.lines()) == 3  # connected, disconnected, dropped


async def test_what_happens_is_counted(stage, log):
    app = await stage.serve(Chat("/"), Closed("/closed"))
    wire = await stage.open(app)
    entry = await wire.enter()
    with pytest.raises(Refused):
        await wire.enter("/closed")
    for event in ("echo", "echo", "fail", "nonsense", "other nonsense"):
        await entry.call(event, {"text": "hi"})
    wire.send_text("9")
    await wire.wait_closed()
    await wire.close()
    counted = app.server.journal
    assert counted.counts == {"connections": 1, "refusals": 1, "errors": 1, "dropped": 1}
    assert counted.faults == {"bad_packet": 1}
    assert {name: tally.total for name, tally in counted.events.items()} == {"echo": 2, "fail": 1, "?": 2}
    assert counted.all_events.total == 5
    assert len(log.faults()) == 1


async def test_a_middleware_that_fails_is_one_traceback_and_one_line(stage, log):
    class Failing(Namespace):
        middlewares = [fail]

    wire = await stage.open(await stage.serve(Failing("/")))
    with pytest.raises(Refused):
        await wire.enter()
    assert len(log.faults()) == 1
    (line,) = log.lines()
    assert line.endswith("code=internal")


async def test_what_comes_after_a_client_was_sent_away_is_not_logged(stage, log):
    app = await stage.serve(Echo("/"))
    wire = await stage.open(app)
    await wire.enter()
    app.server.of("/").disconnect(close=True)
    for _ in range(10):
        wire.send_text(event_frame("echo", {"text": "late"}))
    await wire.wait_closed()
    await wire.close()
    assert log.lines("event") == []


# --- Figures ------------------------------------------------------------------------------------
def test_a_tally_knows_how_many_there_were_and_how_many_lately(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(journal, "monotonic", lambda: now[0])
    tally = Tally()
    assert (tally.total, tally.per_second()) == (0, 0)
    for _ in range(20):
        tally.add()
    now[0] += 5.7
    for _ in range(10):
        tally.add()
    assert (tally.total, tally.per_second()) == (30, 3.0)
    now[0] += 5
    assert (tally.total, tally.per_second()) == (30, 1.0)
    now[0] += journal.RATE_WINDOW
    assert (tally.total, tally.per_second()) == (30, 0)
    assert len(tally._recent) == 0


def test_a_tally_stays_small_however_much_it_counts(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(journal, "monotonic", lambda: now[0])
    tally = Tally()
    for _ in range(1000):
        now[0] += 0.5
        tally.add()
    assert len(tally._recent) <= journal.RATE_WINDOW
