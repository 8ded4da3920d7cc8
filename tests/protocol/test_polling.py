"""Engine.IO and Socket.IO over long-polling, request by request."""

import asyncio
import json
from time import monotonic

import pytest
from django.conf import settings

from chatproject.serving import SHUTDOWN_TIMEOUT
from chatproject.sockets.server import Server

from .clients import Polling, Refused, Request, WebSocket, ask
from .host import CONNECT_TIMEOUT, PING_INTERVAL, PING_TIMEOUT, POLLING, PRODUCT, Carrier, hosted

SAY = '42["say",{"text":"too late"}]'


@pytest.fixture
def host(polling_host):
    return polling_host


# --- Opening ------------------------------------------------------------------------------------
async def test_the_first_packet_names_the_limits_and_the_way_up(host):
    async with Polling(host) as client:
        handshake = client.handshake
    assert isinstance(handshake.pop("sid"), str)
    assert handshake == {
        "upgrades": ["websocket"],
        "pingInterval": 300,
        "pingTimeout": 200,
        "maxPayload": settings.FRAME_BYTES,
    }


@pytest.mark.parametrize(
    "query",
    [
        "transport=polling",
        "EIO=&transport=polling",
        "EIO=3&transport=polling",
        "EIO=abc&transport=polling",
        "EIO=4",
        "EIO=4&transport=",
        "EIO=4&transport=abc",
        "EIO=4&transport=websocket",
        "EIO=4&transport=polling&transport=websocket",
        "EIO=4&transport=polling&sid=",
        "EIO=4&transport=polling&sid=abc",
        "EIO=4&transport=polling&sid=abc&sid=abc",
        "EIO=4&transport=polling&j=0",
    ],
)
async def test_a_handshake_that_is_not_understood_is_refused(host, query):
    async with Polling(host) as client:
        await client.start()
        answer = await ask(host, "GET", query)
        assert answer.status == 400
        assert set(json.loads(answer.text)) == {"code", "message"}
        assert len(host.server.eio.lines) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_a_session_begins_with_a_get(host, method):
    async with Polling(host) as client:
        await client.start()
        assert (await ask(host, method, "EIO=4&transport=polling", "40")).status == 400
        assert len(host.server.eio.lines) == 1


async def test_where_it_is_switched_off_a_client_is_told_so():
    with hosted(PRODUCT) as host:
        for method in ("GET", "POST"):
            answer = await ask(host, method, "EIO=4&transport=polling", "40")
            assert answer.status == 400
            assert 'transports: ["websocket"]' in json.loads(answer.text)["message"]
        with pytest.raises(Refused):
            async with WebSocket(host, query="EIO=4&transport=websocket&sid=abc"):
                pass
        async with WebSocket(host) as client:
            await client.start()
    assert Server([]).polling is settings.POLLING is False


# --- What is said and told ----------------------------------------------------------------------
async def test_a_packet_is_taken_with_ok_and_what_it_causes_waits_for_the_next_get(host):
    async with Polling(host) as client:
        answer = await client.post("40")
        assert (answer.status, answer.text) == (200, "ok")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["cache-control"] == "no-store"
        answer = await client.get()
        assert [packet[:2] for packet in answer.packets] == ["40", "42"]


async def test_several_packets_of_one_post_are_taken_in_their_order(host):
    async with Polling(host) as client:
        await client.start()
        count = 40
        await client.send(*[f'42{number}["say",{{"text":"{number}"}}]' for number in range(count)])
        for number in range(count):
            assert await client.receive() == f'42["said",{{"text":"{number}"}}]'
            assert (await client.receive()).startswith(f"43{number}[")


async def test_a_get_waits_for_something_to_tell(host):
    async with Polling(host) as client:
        await client.start()
        waiting = await client.wait()
        await client.send('421["say",{"text":"hi"}]')
        answer = await waiting.answer()
        assert answer.packets == ['42["said",{"text":"hi"}]', '431[{"ok":true,"data":{"text":"hi"}}]']


async def test_characters_of_all_lengths_come_back_as_they_were(host):
    async with Polling(host) as client:
        await client.start()
        await client.say("é€😀\u2028", ack=1)


async def test_what_is_long_comes_in_several_answers_and_in_order(host):
    count = 300
    async with Polling(host) as client:
        await client.start()
        await client.send(f'421["flood",{{"text":"{count}"}}]')
        answers = [await client.get(), await client.get()]
        assert all(50_000 < len(answer.text) <= 65_536 + 300 for answer in answers)
        told = [packet for answer in answers for packet in answer.packets if packet != "2"]
        told += [await client.receive() for _ in range(count + 1 - len(told))]
        assert [packet[19:25] for packet in told[:-1]] == [f"{number:06}" for number in range(count)]
        assert told[-1] == '431[{"ok":true,"data":null}]'


@pytest.mark.parametrize("namespace", ["/", "/custom"])
@pytest.mark.parametrize("auth", ["", '{"token":"123"}'])
async def test_a_namespace_is_entered_as_over_websocket(host, log, namespace, auth):
    prefix = "" if namespace == "/" else f"{namespace},"
    async with Polling(host) as client:
        await client.send(f"40{prefix}{auth}")
        assert list(json.loads((await client.receive()).removeprefix(f"40{prefix}"))) == ["sid"]
        assert await client.receive() == f'42{prefix}["auth",{auth or "{}"}]'
        await client.send("40/random")
        assert await client.receive() == '44/random,{"message":"Invalid namespace"}'
        (socket,) = host.server.of(namespace).fetch_sockets()
        assert socket.line.transport == "polling"
        assert [line for line in log.lines("connected") if "transport=polling" in line]


async def test_polling_and_websocket_clients_hear_each_other(host):
    async with Polling(host) as polling, WebSocket(host) as other:
        await polling.start()
        await other.start()
        host.server.submit(lambda: host.server.of("/").emit("news", {}))
        assert await polling.receive() == '42["news",{}]'
        assert await other.receive() == '42["news",{}]'


# --- Pings and time-outs ------------------------------------------------------------------------
async def test_who_answers_pings_stays_who_does_not_is_gone(host, log):
    async def answering(client):
        await client.start()
        for _ in range(3):
            assert (await client.get()).packets == ["2"]
            await client.send("3")
        await client.say("still here", ack=2)

    async def silent(client):
        began = monotonic()
        assert (await client.get()).packets == ["2"]
        assert (await client.get()).status == 400
        assert PING_INTERVAL / 2 + PING_TIMEOUT <= monotonic() - began < 2 * (PING_INTERVAL + PING_TIMEOUT)
        assert (await client.get()).status == 400
        assert (await client.post("3")).status == 400

    async def unjoined(client):
        began = monotonic()
        while (answer := await client.get()).packets == ["2"]:
            await client.send("3")
        assert answer.packets == ["1"]
        assert CONNECT_TIMEOUT / 2 < monotonic() - began < CONNECT_TIMEOUT + 2 * PING_INTERVAL

    async with Polling(host) as one, Polling(host) as two, Polling(host) as three:
        await asyncio.gather(answering(one), silent(two), unjoined(three))
    await host.wait_for_nothing_left()
    whys = [line.partition("why=")[2] for line in log.lines("dropped")]
    assert sorted(whys) == ["no_namespace", "ping_timeout"]


# --- What ends a session ------------------------------------------------------------------------
BAD = {
    "a packet of no type": ("abc", "bad_packet"),
    "nothing": ("", "bad_packet"),
    "the server's own OPEN": ("0{}", "bad_packet"),
    "the server's own PING": ("2", "bad_packet"),
    "a probe": ("2probe", "bad_packet"),
    "an upgrade": ("5", "bad_packet"),
    "an empty packet among others": ("3\x1e\x1e3", "bad_packet"),
    "the parameter of JSONP": ("d=40", "bad_packet"),
    # This server is text only: what others echo, it does not take.
    "a binary message in base64": ("bAQIDBA==", "bad_packet"),
    "text and a binary message": ("40\x1ebAQIDBA==", "bad_packet"),
    "no UTF-8": (b"42[\xff]", "bad_packet"),
    "a Socket.IO packet of an unknown type": ("4abc", "bad_packet"),
    "an event that is an object": ("42{}", "bad_packet"),
    "a binary event": ('452-["say",{"_placeholder":true,"num":0}]', "bad_packet"),
    "an event of a namespace that is not entered": ('42/custom,["say",{"text":"x"}]', "not_connected"),
    "a body that is too large": ("4" + "x" * 100_000, "frame_too_large"),
}


@pytest.mark.parametrize(("body", "why"), BAD.values(), ids=BAD)
async def test_it_is_ended_by(host, log, body, why):
    async with Polling(host) as other:
        await other.start()
        client = await (await Polling(host).__aenter__()).start()
        answer = await ask(host, "POST", client.query, body)
        assert answer.status == 400
        await ended(client)
        await other.say("still here", ack=2)
    assert log.lines("dropped") == [f"dropped address=127.0.0.1 why={why}"]


async def ended(client):
    """Nothing is taken any more; a last GET may still fetch what had been said, and the end."""
    answer = await client.get()
    assert answer.status == 400 or answer.packets[-1] == "1"
    assert (await client.get()).status == 400
    assert (await client.post(SAY)).status == 400


async def test_what_stands_before_a_bad_packet_is_handled_and_nothing_after_it(host):
    async with Polling(host) as other:
        await other.start()
        client = await (await Polling(host).__aenter__()).start()
        waiting = await client.wait()
        assert (await client.post('42["say",{"text":"before"}]', "abc", SAY)).status == 400
        told = (await waiting.answer()).packets
        assert told == ['42["said",{"text":"before"}]', "1"]


async def test_a_second_get_while_one_waits_ends_both(host, log):
    client = await (await Polling(host).__aenter__()).start()
    first = await client.wait()
    await until_polled(host)
    assert (await client.get()).status == 400
    assert (await first.answer()).packets == ["1"]
    await ended(client)
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=second_poll"]


async def test_a_get_that_is_given_up_ends_the_session(host):
    client = await (await Polling(host).__aenter__()).start()
    waiting = await client.wait()
    await until_polled(host)
    waiting.abort()
    await host.wait_for_nothing_left()
    assert (await client.get()).status == 400


async def test_a_good_bye_is_answered_and_ends_the_get_that_waits(host, log):
    client = await (await Polling(host).__aenter__()).start()
    waiting = await client.wait()
    await until_polled(host)
    assert (await client.post("1", SAY)).status == 200
    assert (await waiting.answer()).packets == ["6"]
    assert (await client.get()).status == 400
    assert (await client.post("3")).status == 400
    assert log.lines("dropped") == []


async def test_a_second_post_while_one_is_on_its_way_ends_the_session(host, log):
    client = await (await Polling(host).__aenter__()).start()
    half = await Request(host, "POST", client.query, SAY[:5], **{"Content-Length": "100"}).start()
    await host.until(lambda: any(line.carrier.is_heard for line in list(host.server.eio.lines.values())))
    assert (await client.post(SAY)).status == 400
    await ended(client)
    half.abort()
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=bad_request"]


@pytest.mark.parametrize("is_given_up", [True, False])
async def test_a_post_that_never_ends_keeps_no_session_alive(host, is_given_up):
    client = await (await Polling(host).__aenter__()).start()
    half = await Request(host, "POST", client.query, SAY[:5], **{"Content-Length": "100"}).start()
    await host.until(lambda: any(line.carrier.is_heard for line in list(host.server.eio.lines.values())))
    if is_given_up:
        half.abort()
    await host.wait_for_nothing_left()
    half.abort()


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_session_is_ended_by_a_request_of_another_kind(host, method):
    client = await (await Polling(host).__aenter__()).start()
    assert (await ask(host, method, client.query, "3")).status == 400
    await ended(client)


async def test_who_is_sent_away_still_hears_what_was_said_before(host):
    client = await (await Polling(host).__aenter__()).start()

    def send_away():
        host.server.of("/").emit("news", {})
        host.server.of("/").disconnect(close=True)

    host.server.submit(send_away)
    assert await client.receive() == '42["news",{}]'
    assert await client.receive() == "1"
    assert (await client.get()).status == 400


async def test_a_get_that_waits_does_not_hold_up_the_end_of_the_server():
    began = monotonic()
    with hosted(POLLING, ping_interval=20) as host:
        client = await (await Polling(host).__aenter__()).start()
        waiting = await client.wait()
        await until_polled(host)
    assert monotonic() - began < SHUTDOWN_TIMEOUT
    assert (await waiting.answer()).packets == ["1"]


async def until_polled(host):
    """Waits until a GET waits."""
    await host.until(lambda: any(line.carrier.is_polled for line in list(host.server.eio.lines.values())))


async def test_who_never_asks_is_given_up_when_too_much_waits(log):
    with hosted(POLLING, unsent_bytes=65_536, ping_interval=20) as host:
        client = await (await Polling(host).__aenter__()).start()
        async with WebSocket(host) as other:
            await other.start()
            for _ in range(10):
                await client.post('42["flood",{"text":"20"}]')
            await host.until(lambda: len(host.server.eio.lines) == 1)
            await other.say("still here", ack=2)
        assert (await client.get()).status == 400
        await host.wait_for_nothing_left()
    assert log.lines("dropped") == ["dropped address=127.0.0.1 why=slow"]


async def test_it_is_spoken_under_another_server_too():
    with hosted(Carrier("hypercorn", hypercorn=True, polling=True)) as host:
        async with Polling(host) as client:
            await client.start()
            async with WebSocket(host, query=f"EIO=4&transport=websocket&sid={client.sid}") as socket:
                await socket.send("2probe", "5")
                assert await socket.receive() == "3probe"
                await socket.say("here", ack=3)
        gone = await (await Polling(host).__aenter__()).start()
        (await gone.wait()).abort()
        await host.wait_for_nothing_left()


# --- Who may ask --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
    ids=str,
)
async def test_a_foreign_page_is_refused_at_every_step(host, log, headers):
    async with Polling(host) as client:
        await client.start()
        assert (await ask(host, "GET", "EIO=4&transport=polling", "", **headers)).status == 403
        assert (await ask(host, "GET", client.query, "", **headers)).status == 403
        assert (await ask(host, "POST", client.query, SAY, **headers)).status == 403
        await client.say("still here", ack=2)
        assert len(log.lines("turned_away")) == 3
        assert client.sid not in log.text()


async def test_the_own_page_may_ask_and_a_trusted_one_may_read(host, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://chat.example.com"]
    for origin in (f"http://127.0.0.1:{host.port}", "https://chat.example.com"):
        answer = await ask(host, "GET", "EIO=4&transport=polling", Origin=origin)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-allow-credentials"] == "true"
        sid = json.loads(answer.text[1:])["sid"]
        await ask(host, "POST", f"EIO=4&transport=polling&sid={sid}", "1")


@pytest.mark.parametrize("cookie", ["", "sessionid=other", "sessionid=own; sessionid=other"])
async def test_an_id_alone_is_of_no_use_to_somebody_else(host, cookie):
    own = {"Cookie": "theme=dark; sessionid=own"}
    answer = await ask(host, "GET", "EIO=4&transport=polling", **own)
    query = f"EIO=4&transport=polling&sid={json.loads(answer.text[1:])['sid']}"
    stolen = {"Cookie": cookie} if cookie else {}
    assert (await ask(host, "GET", query, **stolen)).status == 400
    assert (await ask(host, "POST", query, "40", **stolen)).status == 400
    with pytest.raises(Refused):
        async with WebSocket(host, query=query.replace("polling", "websocket"), **stolen):
            pass
    assert (await ask(host, "POST", query, "40", Cookie="sessionid=own")).text == "ok"
    assert (await ask(host, "GET", query, **own)).packets[0].startswith('40{"sid":"')
    assert (await ask(host, "POST", query, "1", **own)).text == "ok"


async def test_no_session_id_stands_in_the_log(host, log):
    async with Polling(host) as client:
        await client.start()
        await ask(host, "GET", "EIO=4&transport=polling&sid=stolen-or-made-up")
        await client.say("hi", ack=1)
        sid = client.sid
    await client.post("3")
    assert "stolen-or-made-up" not in log.text()
    assert sid not in log.text()


# --- On to WebSocket ----------------------------------------------------------------------------
async def test_a_session_moves_to_a_websocket_and_loses_nothing(host):
    async with Polling(host) as client:
        await client.start()
        waiting = await client.wait()
        await until_polled(host)
        async with WebSocket(host, query=f"EIO=4&transport=websocket&sid={client.sid}") as socket:
            await socket.send("2probe")
            assert await socket.receive() == "3probe"
            assert (await waiting.answer()).packets == ["6"]
            host.server.submit(lambda: host.server.of("/").emit("news", {}))
            await socket.send("5")
            assert await socket.receive() == '42["news",{}]'
            await socket.say("here", ack=3)
            (there,) = host.server.of("/").fetch_sockets()
            assert there.line.transport == "websocket"
            assert (await client.get()).status == 400
            assert (await client.post("3")).status == 400
            await socket.wait_pings(2)
            await socket.say("still here", ack=4)


async def test_only_one_websocket_takes_a_session_over(host):
    async def expect_refusal():
        with pytest.raises(Refused):
            async with WebSocket(host, query=query):
                pass

    async with Polling(host) as client:
        await client.start()
        query = f"EIO=4&transport=websocket&sid={client.sid}"
        async with WebSocket(host, query=query) as socket:
            await expect_refusal()
            await socket.send("2probe")
            assert await socket.receive() == "3probe"
            await expect_refusal()
            await socket.send("5")
            await socket.say("here", ack=3)
            await expect_refusal()
            await socket.say("still here", ack=4)


@pytest.mark.parametrize("words", [["2"], ["40"], ["1"], [b"2probe"], ["2probe", "3"], ["2probe", "42[]"]])
async def test_who_says_something_else_goes_on_polling(host, words):
    async with Polling(host) as client:
        await client.start()
        async with WebSocket(host, query=f"EIO=4&transport=websocket&sid={client.sid}") as socket:
            await socket.send(*words)
            assert await socket.wait_closed() == 1008
        await client.say("still here", ack=2)
        async with WebSocket(host, query=f"EIO=4&transport=websocket&sid={client.sid}") as socket:
            await socket.send("2probe", "5")
            assert await socket.receive() == "3probe"
            await socket.say("here", ack=3)


async def test_who_is_sent_away_while_it_moves_is_gone_from_both(host):
    client = await (await Polling(host).__aenter__()).start()
    async with WebSocket(host, query=f"EIO=4&transport=websocket&sid={client.sid}") as socket:
        await socket.send("2probe")
        assert await socket.receive() == "3probe"
        await client.post('42["leave",{}]')
        await socket.send("5")
        assert await socket.wait_closed() == 1008
    await ended(client)


async def test_who_leaves_while_it_moves_goes_on_polling(host):
    async with Polling(host) as client:
        await client.start()
        async with WebSocket(host, query=f"EIO=4&transport=websocket&sid={client.sid}") as socket:
            await socket.send("2probe")
            assert await socket.receive() == "3probe"
        await client.say("still here", ack=2)
