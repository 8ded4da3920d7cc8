import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socketio import packet

from chatproject.sockets.packets import StrictJSON, TextPacket

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
# Close to what packets are made of, so that the parser is led astray deep inside.
packet_like = st.lists(
    st.sampled_from(
        ["0", "1", "2", "3", "4", "5", "/", "?", ",", "-", "[", "]", "{", "}", '"', "\\u", "\\ud800", ":",
         "e9", "NaN", "-Infinity", "1e400", "null", "true", '"word"', "\0", "٣", "²", " "]
    ),
    max_size=12,
).map("".join)  # fmt: skip

DEPTH = 100  # levels that a packet may have here


def decoded(text):
    return TextPacket(encoded_packet=text, depth=DEPTH)


def nested(levels, opening="[", closing="]"):
    return opening * levels + closing * levels


# --- Anything at all ----------------------------------------------------------------------------
@settings(max_examples=400, deadline=None)
@given(st.text() | packet_like)
def test_whatever_is_sent_is_a_packet_or_a_value_error(text):
    try:
        received = decoded(text)
    except ValueError:
        return
    assert received.namespace.startswith("/")
    assert received.packet_type in {packet.CONNECT, packet.DISCONNECT, packet.EVENT, packet.ACK}


@settings(max_examples=400, deadline=None)
@given(st.text() | packet_like)
def test_strict_json_raises_nothing_but_value_errors(text):
    try:
        value = StrictJSON.loads(text)
    except ValueError:
        return
    assert StrictJSON.loads(StrictJSON.dumps(value)) == value


@settings(deadline=None)
@given(st.text(min_size=1), json_values, st.integers(0, 10**15 - 1), st.sampled_from(["/", "/admin", "/a b"]))
def test_what_is_encoded_decodes_to_the_same(name, payload, ack_id, namespace):
    sent = TextPacket(packet.EVENT, data=[name, payload], namespace=namespace, id=ack_id)
    received = decoded(sent.encode())
    assert (received.data, received.id, received.namespace) == ([name, payload], ack_id, namespace)


@pytest.mark.parametrize("frame", [b"2[]", None, 2, ["2"], bytearray(b"0")])
def test_what_is_no_text_is_refused(frame):
    with pytest.raises(ValueError, match="not a packet"):
        TextPacket().decode(frame)


# --- Well-formed --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "kind", "namespace", "ack_id", "data"),
    [
        ("0", packet.CONNECT, "/", None, None),
        ('0{"token":1}', packet.CONNECT, "/", None, {"token": 1}),
        ("0/admin,", packet.CONNECT, "/admin", None, None),
        ("0/admin", packet.CONNECT, "/admin", None, None),
        ('0/admin,{"a":1}', packet.CONNECT, "/admin", None, {"a": 1}),
        ("0/admin?token=x,", packet.CONNECT, "/admin", None, None),
        ("1", packet.DISCONNECT, "/", None, None),
        ("1/admin,", packet.DISCONNECT, "/admin", None, None),
        ('2["a",{}]', packet.EVENT, "/", None, ["a", {}]),
        ('20["a"]', packet.EVENT, "/", 0, ["a"]),
        ('2999999999999999["a"]', packet.EVENT, "/", 999999999999999, ["a"]),
        ('2/admin,7["a"]', packet.EVENT, "/admin", 7, ["a"]),
        ("2[5]", packet.EVENT, "/", None, [5]),
        ("31[]", packet.ACK, "/", 1, []),
        ('3/admin,12[{"ok":true}]', packet.ACK, "/admin", 12, [{"ok": True}]),
    ],
)
def test_the_packets_of_clients_are_understood(text, kind, namespace, ack_id, data):
    received = decoded(text)
    assert (received.packet_type, received.namespace) == (kind, namespace)
    assert (received.id, received.data) == (ack_id, data)


def test_a_namespace_comes_without_its_query():
    assert decoded("0/a?b=/c,").namespace == "/a"


# --- Malformed ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "", "x", "7[]", "-1", "²[]", "٢[]",  # no type, or digits of other scripts
        '4{"message":"no"}',  # only a server refuses connections
        '51-["a",{"_placeholder":true,"num":0}]', "61-1[]", "50[]",  # binary
        "2", "2[]", "2{}", '2"a"', "2null", "2[null]", "2[{}]", "2[[]]", "2[true]", "2[false]",
        '2["a"', '2["a"]x', '2["a"],', "2['a']", '2-1["a"]', '2 1["a"]', '2٣["a"]',
        "0[]", "0[1]", '0"token"', "05", '01{"a":1}', "0true",
        "1{}", "1[]", "3[]", "31", "31{}", "31null",
        '2["a",{"n":01}]', '2["a","\t"]', '2["a","\\x"]',
    ],
)  # fmt: skip
def test_malformed_packets_are_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
        decoded(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e999999999"])
@pytest.mark.parametrize(
    "shape", ['2["a",{0}]', '2["a",{{"n":{0}}}]', '2["a",[1,[{0}]]]', "2[{0}]", '0{{"n":{0}}}']
)
def test_numbers_that_break_every_reader_are_refused(shape, number):
    assert json.loads(shape.format("1")[1:])  # the shape itself is fine
    with pytest.raises(ValueError, match=r"JSON|range"):
        decoded(shape.format(number))


def test_an_integer_of_thousands_of_digits_is_refused():
    with pytest.raises(ValueError, match="limit"):
        decoded(f'2["a",{"9" * 5000}]')


@pytest.mark.parametrize("kind", ["2", "3"])
def test_ack_ids_have_at_most_fifteen_digits(kind):
    assert decoded(f'{kind}{"9" * 15}["a"]').id == 10**15 - 1
    for digits in (16, 100, 10_000):
        with pytest.raises(ValueError, match="digits"):
            decoded(f'{kind}{"9" * digits}["a"]')


def test_the_counter_of_acks_cannot_be_answered():
    """Answers count from 1: in python-socketio's table of callbacks, 0 is where it counts them."""
    with pytest.raises(ValueError, match="not what"):
        decoded("30[]")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_deep_nesting_is_refused_at_the_same_depth_everywhere(opening, closing):
    each = opening.count("[") + opening.count("{")
    fitting = DEPTH // each
    inner = f"{opening * (fitting - 1)}{'[1]' if each == 1 else '[[1]]'}{closing * (fitting - 1)}"
    assert StrictJSON.loads(inner, depth=DEPTH)
    with pytest.raises(ValueError, match="deep"):
        StrictJSON.loads(inner.replace("[1]", "[[1]]"), depth=DEPTH)


@pytest.mark.parametrize("levels", [DEPTH + 1, 2_000, 50_000, 90_000])
def test_however_deep_it_is(levels):
    with pytest.raises(ValueError, match="deep"):
        decoded(f'2["a",{nested(levels)}]')


def test_many_brackets_side_by_side_are_not_deep():
    assert len(StrictJSON.loads(f"[{','.join(['[]'] * 1000)}]", depth=DEPTH)) == 1000
    assert StrictJSON.loads(json.dumps("[" * 1000), depth=DEPTH) == "[" * 1000


# --- Out ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_no_such_number_leaves_either(number):
    with pytest.raises(ValueError, match="JSON"):
        TextPacket(packet.EVENT, data=["a", {"n": [number]}]).encode()


def test_bytes_are_no_json():
    with pytest.raises(TypeError):
        TextPacket(packet.EVENT, data=["a", b"bytes"]).encode()


def test_half_a_surrogate_pair_leaves_as_an_escape():
    assert TextPacket(packet.EVENT, data=["a", "\ud800"]).encode() == '2["a","\\ud800"]'
