"""Engine.IO and Socket.IO over WebSocket, packet by packet, whatever carries it."""

import asyncio
import json
from time import monotonic
from typing import Any

import pytest
from django.conf import settings

from tests.sockets.support import Log, logged

from .clients import Refused, WebSocket
from .host import CONNECT_TIMEOUT, HYPERCORN, OWN, PING_INTERVAL, PING_TIMEOUT, PRODUCT, Host, only

AT_ONCE = 0.1  # seconds; a time-out of any kind takes longer
TRIES = 3  # on a busy machine the quickest of these counts

TOO_BIG = 1009
LOST = 1006  # no close frame: it is lost where the server closes with much of what came still unread

SAY = '42["say",{"text":"too late"}]'


# --- Opening ------------------------------------------------------------------------------------
async def test_the_first_packet_names_the_limits_and_nothing_to_upgrade_to(host):
    async with WebSocket(host) as client:
        handshake = await client.open()
    assert isinstance(handshake.pop("sid"), str)
    assert handshake == {
        "upgrades": [],
        "pingInterval": 300,
        "pingTimeout": 200,
        "maxPayload": settings.FRAME_BYTES,
    }


async def test_no_two_connections_have_the_same_id(host):
    async with WebSocket(host) as one, WebSocket(host) as other:
        assert (await one.open())["sid"] != (await other.open())["sid"]


@only(PRODUCT)
@pytest.mark.parametrize(
    "query",
    [
        "transport=websocket",
        "EIO=&transport=websocket",
        "EIO=3&transport=websocket",
        "EIO=5&transport=websocket",
        "EIO=abc&transport=websocket",
        "EIO=4&EIO=3&transport=websocket",
        "EIO=4",
        "EIO=4&transport=",
        "EIO=4&transport=abc",
        "EIO=4&transport=polling",
        "EIO=4&transport=websocket&sid=abc",
    ],
)
async def test_a_handshake_that_is_not_understood_is_refused(host, query):
    async with WebSocket(host) as client:
        await client.start()
    with pytest.raises(Refused) as refused:
        async with WebSocket(host, query=query):
            pass
    assert refused.value.status == 403


@pytest.mark.parametrize("query", ["EIO=3&transport=websocket", "EIO=4&transport=abc"])
async def test_a_handshake_of_another_kind_is_refused_by_all(host, query):
    with pytest.raises(Refused) as refused:
        async with WebSocket(host, query=query):
            pass
    assert refused.value.status == 403


# --- What closes a connection -------------------------------------------------------------------
# What is sent, the code that it is closed with, and why, as the log says it.
Fault = tuple[list[str | bytes], int, str]

BEFORE_ENTERING: dict[str, Fault] = {
    "a first packet that is none": (["4abc"], 1008, "bad_packet"),
    "an event": ([SAY], 1008, "not_connected"),
    "an ack": (["431[]"], 1008, "not_connected"),
    "an event of a namespace": (['42/custom,["say",{"text":"too late"}]'], 1008, "not_connected"),
    "a payload that is no object": (["40[1]"], 1008, "bad_packet"),
    "a payload that is no JSON": (["40{"], 1008, "bad_packet"),
    "a connection to a namespace with an ack id": (["401{}"], 1008, "bad_packet"),
    "an empty message": (["4"], 1008, "bad_packet"),
}

AFTER_ENTERING: dict[str, Fault] = {
    "a packet of no type": (["abc"], 1008, "bad_packet"),
    "an empty frame": ([""], 1008, "bad_packet"),
    "the server's own OPEN": (["0{}"], 1008, "bad_packet"),
    "the server's own PING": (["2"], 1008, "bad_packet"),
    "a probe": (["2probe"], 1008, "bad_packet"),
    "an upgrade": (["5"], 1008, "bad_packet"),
    "a no-operation": (["6"], 1008, "bad_packet"),
    "a packet of an unknown type": (["7"], 1008, "bad_packet"),
    "several packets in one frame, as polling has them": ([f"6\x1e{SAY}"], 1008, "bad_packet"),
    "a Socket.IO packet of an unknown type": (["4abc"], 1008, "bad_packet"),
    "the server's own CONNECT_ERROR": (['44{"message":""}'], 1008, "bad_packet"),
    "an event that is an object": (["42{}"], 1008, "bad_packet"),
    "an event without a name": (["42[]"], 1008, "bad_packet"),
    "an event that is no JSON": (['42["say"'], 1008, "bad_packet"),
    "an event with NaN": (['42["say",NaN]'], 1008, "bad_packet"),
    "an ack id that is no number": (['42abc["say",{"text":"too late"}]'], 1008, "bad_packet"),
    "an ack id of a hundred digits": ([f"42{'1' * 100}{SAY[2:]}"], 1008, "bad_packet"),
    "an ack without a number": (["43[]"], 1008, "bad_packet"),
    "an event of a namespace that is not entered": (
        ['42/custom,["say",{"text":"x"}]'],
        1008,
        "not_connected",
    ),
    # This server is text only: what others echo, it does not take.
    "a binary frame": ([b"\x01\x02\x03"], 1008, "binary"),
    "a binary message in base64": (["bAQIDBA=="], 1008, "bad_packet"),
    "a binary event with its attachments": (
        ['452-["say",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', b"\x01", b"\x02"],
        1008,
        "bad_packet",
    ),
    "a binary event with an ack": (
        ['452-789["say",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', b"\x01", b"\x02"],
        1008,
        "bad_packet",
    ),
    "more attachments than any limit": (['451000000-["say"]'], 1008, "bad_packet"),
    "a binary ack": (['461-1[{"_placeholder":true,"num":0}]', b"\x01"], 1008, "bad_packet"),
    "a frame that is too large": (["4" + "x" * 100_000], 1009, "frame_too_large"),
    # What is no fault has no line in the log.
    "a good-bye": (["1"], 1000, ""),
}


def cases(faults: dict[str, Fault]):
    return pytest.mark.parametrize(("frames", "code", "why"), faults.values(), ids=faults)


@only(PRODUCT)
@cases(BEFORE_ENTERING)
async def test_before_entering_a_namespace_it_is_closed_by(host, log, frames, code, why):
    async with WebSocket(host) as other:
        await other.start()
        await expect_closed(host, frames, code, enters=False)
        await other.say("still here", ack=2)
    await dropped(host, log, why)


@only(PRODUCT)
@cases(AFTER_ENTERING)
async def test_after_entering_a_namespace_it_is_closed_by(host, log, frames, code, why):
    async with WebSocket(host) as other:
        await other.start()
        await expect_closed(host, frames, code, enters=True)
        await other.say("still here", ack=2)
    await dropped(host, log, why)


USUAL = [
    "a packet of no type",
    "a Socket.IO packet of an unknown type",
    "an event that is an object",
    "an ack id that is no number",
    "an ack id of a hundred digits",
    "an event of a namespace that is not entered",
    "a binary frame",
    "more attachments than any limit",
    "a frame that is too large",
    "a good-bye",
]


@cases({name: AFTER_ENTERING[name] for name in USUAL})
async def test_over_every_carrier_it_is_closed_by(host, log, frames, code, why):
    await expect_closed(host, frames, code, enters=True)
    await dropped(host, log, why)


@cases({name: BEFORE_ENTERING[name] for name in ["a first packet that is none", "an event"]})
async def test_over_every_carrier_it_is_closed_before_it_enters_by(host, log, frames, code, why):
    await expect_closed(host, frames, code, enters=False)
    await dropped(host, log, why)


async def expect_closed(host: Host, frames: list[str | bytes], code: int, *, enters: bool) -> None:
    """Closed it is, each time, also for a client that goes on answering pings; and at once."""
    took = [await closing_time(host, frames, code, enters=enters, answers=False)]
    took += [await closing_time(host, frames, code, enters=enters, answers=True)]
    while min(took[1:]) > AT_ONCE and len(took) <= TRIES:
        took.append(await closing_time(host, frames, code, enters=enters, answers=True))
    assert min(took[1:]) <= AT_ONCE, took


async def closing_time(
    host: Host, frames: list[str | bytes], code: int, *, enters: bool, answers: bool
) -> float:
    """Seconds until a client is closed that was fine until it sent `frames`; nothing later is heard."""
    async with WebSocket(host, answers=answers) as client:
        await (client.start() if enters else client.open())
        heard, began = len(client.frames), monotonic()
        await client.send(*frames, SAY)
        assert await client.wait_closed() in {code, LOST if code == TOO_BIG else code}
        assert [frame for frame in client.frames[heard:] if frame != "2"] == []
        return monotonic() - began


async def dropped(host: Host, log: Log, why: str) -> None:
    """The log says once for each connection why it was closed; for a good-bye nothing."""
    await host.until(lambda: len(host.server.eio.lines) <= 1)
    assert set(log.lines("dropped")) == ({f"dropped address=127.0.0.1 why={why}"} if why else set())


# --- Pings and time-outs: what several clients see at the same time, once for each carrier --------
@pytest.fixture(scope="package")
def seen(served):
    """What clients of several habits saw while nothing was said, by habit, and the `lines` of the log."""

    async def watch() -> list[Any]:
        found = await asyncio.gather(*[habit(served) for habit in HABITS])
        await served.wait_for_nothing_left()
        return found

    with logged() as log:
        found = dict(zip([habit.__name__ for habit in HABITS], asyncio.run(watch()), strict=True))
    return found | {"lines": log.lines("dropped")}


async def answering(host):
    """Three rounds of ping and pong: the frames, then whether it was still there."""
    async with WebSocket(host) as client:
        await client.start()
        heard = len(client.frames)
        await client.wait_pings(3)
        quiet = client.frames[heard:]
        await client.say("still here", ack=2)
        return quiet


async def silent(host):
    """No answer to any ping: seconds until it was closed, pings that came."""
    began = monotonic()
    async with WebSocket(host, answers=False) as client:
        await client.start()
        await client.wait_closed()
        return monotonic() - began, client.frames.count("2")


async def unjoined(host):
    """All pings answered, no namespace entered: seconds until it was closed, pings that came, the code."""
    began = monotonic()
    async with WebSocket(host) as client:
        await client.open()
        code = await client.wait_closed()
        return monotonic() - began, client.frames.count("2"), code


async def leaving(host):
    """The namespace left again: what came after, until there had been two more pings."""
    async with WebSocket(host) as client:
        await client.start()
        heard = len(client.frames)
        await client.send("41")
        await client.wait_pings(client.frames.count("2") + 2)
        return client.frames[heard:]


HABITS = [answering, silent, unjoined, leaving]


engines = only(PRODUCT, OWN, HYPERCORN)  # the others add nothing to what pings and ends


@engines
async def test_who_answers_pings_stays(seen):
    assert seen["answering"] == ["2", "2", "2"]


@engines
async def test_who_does_not_answer_is_closed_after_interval_and_timeout(seen):
    took, pings = seen["silent"]
    assert PING_INTERVAL + PING_TIMEOUT <= took < 2 * (PING_INTERVAL + PING_TIMEOUT)
    assert pings == 1
    assert "dropped address=127.0.0.1 why=ping_timeout" in seen["lines"]


@engines
async def test_who_enters_no_namespace_is_closed_after_the_connect_timeout(seen):
    took, pings, code = seen["unjoined"]
    assert CONNECT_TIMEOUT <= took < CONNECT_TIMEOUT + PING_INTERVAL + PING_TIMEOUT
    assert pings >= 2
    assert code == 1008
    assert "dropped address=127.0.0.1 why=no_namespace" in seen["lines"]


@engines
async def test_who_has_left_its_namespace_gets_pings_only(seen):
    assert seen["leaving"] == ["2", "2"]


# --- Namespaces ---------------------------------------------------------------------------------
@pytest.mark.parametrize("namespace", ["/", "/custom"])
@pytest.mark.parametrize("auth", ["", '{"token":"123"}'])
async def test_entering_answers_with_an_id_and_then_with_what_was_sent_along(host, namespace, auth):
    prefix = "" if namespace == "/" else f"{namespace},"
    async with WebSocket(host) as client:
        handshake = await client.open()
        answer = await client.enter(namespace, auth)
        assert list(answer) == ["sid"]
        assert answer["sid"] != handshake["sid"]
        assert await client.receive() == f'42{prefix}["auth",{auth or "{}"}]'


async def test_a_namespace_that_is_not_there_is_refused_and_others_can_be_entered(host):
    async with WebSocket(host) as client:
        await client.open()
        await client.send("40/random")
        assert await client.receive() == '44/random,{"message":"Invalid namespace"}'
        await client.enter("/custom")


async def test_a_query_string_is_no_part_of_a_namespaces_name(host):
    async with WebSocket(host) as client:
        await client.open()
        await client.send("40/custom?token=abc,")
        assert (await client.receive()).startswith('40/custom,{"sid":"')
        assert await client.receive() == '42/custom,["auth",{}]'


async def test_a_namespace_is_entered_once(host):
    async with WebSocket(host) as client:
        await client.start()
        await client.send("40")
        answer = await client.receive()
        assert json.loads(answer.removeprefix("44"))["data"] == {"code": "conflict"}
        await client.say("still here", ack=2)
        assert len(host.server.of("/").fetch_sockets()) == 1


async def test_one_namespace_is_left_while_the_other_goes_on(host):
    async with WebSocket(host) as client:
        await client.start()
        await client.enter("/custom")
        assert await client.receive() == '42/custom,["auth",{}]'
        await client.send("41/custom,")
        await client.say("still here", ack=2)
        assert len(host.server.of("/").fetch_sockets()) == 1
        assert host.server.of("/custom").fetch_sockets() == []
        await client.enter("/custom")


async def test_several_namespaces_of_one_connection_keep_apart(host):
    async with WebSocket(host) as client:
        await client.start()
        await client.enter("/custom")
        await client.receive()
        await client.send('42/custom,7["say",{"text":"here"}]')
        assert await client.receive() == '42/custom,["said",{"text":"here"}]'
        assert await client.receive() == '43/custom,7[{"ok":true,"data":{"text":"here"}}]'
        await client.say("there", ack=7)


# --- Events -------------------------------------------------------------------------------------
async def test_an_event_is_answered_without_an_ack_where_none_is_asked_for(host):
    async with WebSocket(host) as client:
        await client.start()
        await client.send('42["say",{"text":"one"}]')
        assert await client.receive() == '42["said",{"text":"one"}]'
        await client.say("two", ack=2)


@pytest.mark.parametrize("ack", [0, 1, 999_999_999_999_999])
async def test_an_ack_has_the_number_that_was_given(host, ack):
    async with WebSocket(host) as client:
        await client.start()
        await client.say("hi", ack=ack)


async def test_events_are_answered_in_the_order_they_came(host):
    count = 200
    async with WebSocket(host) as client:
        await client.start()
        await client.send(*[f'42{number}["say",{{"text":"{number}"}}]' for number in range(count)])
        for number in range(count):
            assert await client.receive() == f'42["said",{{"text":"{number}"}}]'
            assert (await client.receive()).startswith(f"43{number}[")


async def test_a_namespace_not_left_is_not_heard_after_good_bye(host):
    async with WebSocket(host) as client:
        await client.start()
        heard = len(client.frames)
        await client.send("1", SAY)
        assert await client.wait_closed() == 1000
        assert [frame for frame in client.frames[heard:] if frame != "2"] == []


async def test_long_answers_come_whole_and_in_order(host):
    """A thousand bytes each, more than a buffer holds."""
    count = 300
    async with WebSocket(host) as client:
        await client.start()
        await client.send(f'421["flood",{{"text":"{count}"}}]')
        for number in range(count):
            frame = await client.receive()
            assert frame == f'42["said",{{"text":"{number:06}{"x" * 994}"}}]'
        assert await client.receive() == '431[{"ok":true,"data":null}]'
