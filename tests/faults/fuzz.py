"""Packets that no client sends: made of what the commands declare, by hypothesis, and of bytes at random.

The same ones each time: what is random begins with `SEED`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from chatproject.sockets.namespace import Namespace
from tests.faults.raw import BINARY, CLOSE, PING, PONG, TEXT, frame

SEED = 15
AT_ONCE = 20  # examples that hypothesis makes together: one by one takes it much longer
FRAME_BYTES = 99_000  # what is longer closes its connection
NOBODY = 10**9  # an id, with many after it, that nobody and nothing has

# What JSON has a form for, and no packet may hold: each closes its connection.
UNBEARABLE = ["NaN", "Infinity", "-Infinity", "1e400", "-1e999", "9" * 5_000, "[" * 200 + "]" * 200]
PLACE = "@@"  # where it is put

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, -0.0, 2**31, 2**53, 2**63 - 1, 2**63, 10**300, 1e308, 5e-324,
    "", " ", "0", "1", "null", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u202e", "\u200b", "e\u0301" * 99,
    "../../etc/passwd", "' OR 1=1 --", "<script>", "{{7*7}}", "%s%n", "lobby", "Lobby", "user:1", "staff",
    "0f8fad5b-d9cb-469f-a165-70867728950e", [], [[]], [None], {}, {"": ""}, {"__proto__": {}}, {"id": 1},
    [1] * 200, "x" * 70_000, "👍", {str(NOBODY): 0}, NOBODY, NOBODY + 1, [NOBODY],
]  # fmt: skip
NAMES: list[Any] = [
    "connect", "disconnect", "connect_error", "disconnecting", "newListener", "removeListener", "message",
    "", "\0", "\ud800", "x" * 10_000, "__init__", "on_sync", "trigger_event", "message_posted", 1, 1.5,
]  # fmt: skip


def _values() -> SearchStrategy[Any]:
    plain = (
        st.sampled_from(ODD)
        | st.text(max_size=20)
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
    )
    return plain | st.recursive(
        plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
    )


def _payload(fields: Iterable[str]) -> SearchStrategy[Any]:
    """What may stand for a payload: its fields, or some of them, or others, or no object at all."""
    value = _values()
    own = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, value))
    return own | own | own | value | st.dictionaries(st.text(max_size=5), value, max_size=3)


def _events(namespace: type[Namespace]) -> SearchStrategy[list[Any]]:
    """Events of declared names, and sometimes of others, with as many arguments as one likes."""
    known = [
        st.tuples(st.just(name), _payload(handler.model.model_fields)).map(list)
        for name, handler in sorted(namespace.handlers.items())
    ]
    unknown = st.tuples(st.sampled_from(NAMES) | st.text(max_size=5), _values()).map(list)
    several = st.tuples(st.one_of(known), _values(), _values()).map(lambda made: [*made[0], *made[1:]])
    none = st.sampled_from([[name] for name in namespace.handlers])
    return st.one_of(*known, *known, unknown, several, none)


def _examples(strategy: SearchStrategy[Any], count: int) -> list[Any]:
    found: list[Any] = []

    @seed(SEED)
    @settings(
        max_examples=count // AT_ONCE + 1,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(strategy, min_size=AT_ONCE, max_size=AT_ONCE))
    def collect(some: list[Any]) -> None:
        found.extend(some)

    collect()
    return found[:count]


def events(namespace: type[Namespace], count: int) -> list[str]:
    """Events as they stand in packets: whatever is in them, each is JSON, and is answered by an ack."""
    made = map(json.dumps, _examples(_events(namespace), count * 11 // 10))
    return [event for event in made if len(event) <= FRAME_BYTES][:count]


def unbearable_events(namespace: type[Namespace]) -> Iterator[str]:
    """For each field of each command what no packet may hold, there and at the payload's place."""
    for name, handler in sorted(namespace.handlers.items()):
        for number, value in enumerate(UNBEARABLE):
            fields = [*handler.model.model_fields, ""]
            field = fields[number % len(fields)]
            whole = json.dumps([name, {field: PLACE} if field else PLACE])
            yield whole.replace(f'"{PLACE}"', value)


GOOD = [
    "40", "40/admin,", "41", "2", "3", "1", "5", "2probe", '42["sync",{}]',
    '421["post_message",{"room":"lobby","body":"x"}]', '43["x"]', '42/admin,7["overview",{}]',
    '451-["x",{"_placeholder":true,"num":0}]', '0{"sid":"x"}',
]  # fmt: skip


def random_bytes(random: Random, count: int) -> Iterator[bytes]:
    """What stands on the wire of a WebSocket: frames of random content, of random form, and bytes."""
    for _ in range(count):
        yield random.choice(_KINDS)(random)


def _spoilt(random: Random) -> bytes:
    """A good packet with some characters changed, doubled or cut off."""
    text = [*random.choice(GOOD)]
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text))
        text[at : at + random.randint(0, 2)] = chr(
            random.choice([0, 1, 34, 44, 45, 47, 48, 57, 91, 123, 0x1F600])
        )
        text = text or ["4"]
    return frame("".join(text))


def _text(random: Random) -> bytes:
    head = random.choice(["", "4", "42", "42/admin,", "40", "451-", "3"])
    return frame(head + "".join(chr(random.randint(1, 0xD7FF)) for _ in range(random.randint(0, 60))))


def _no_text(random: Random) -> bytes:
    return frame(random.choice([b"", b"4", b"42"]) + random.randbytes(random.randint(1, 60)), TEXT)


def _other_frame(random: Random) -> bytes:
    kind = random.choice([0, BINARY, 3, 7, CLOSE, PING, PONG, 11, 15])
    return frame(
        random.randbytes(random.randint(0, 130)), kind, flags=random.choice([0, 0x80, 0x90, 0xC0, 0xF0])
    )


def _bytes(random: Random) -> bytes:
    return random.randbytes(random.randint(1, 300))


_KINDS: Sequence[Any] = [_spoilt, _spoilt, _text, _no_text, _other_frame, _bytes]
