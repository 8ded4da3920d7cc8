"""The oracle sees what it is there to see: each kind of loss and of repetition is told."""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tests.faults import oracle
from tests.faults.journal import Ack, Journal
from tests.faults.store import Store, Stored

ROOM = 7


def _stored(seq: int) -> Stored:
    return Stored(100 + seq, ROOM, seq, seq, f"client-{seq}", 1, "", f"body {seq}")


def _ack(seq: int) -> Ack:
    return Ack(
        client_id=f"client-{seq}",
        room=ROOM,
        body=f"body {seq}",
        id=100 + seq,
        seq=seq,
        version=seq,
        at=0,
        took=1,
    )


def _line(seq: int) -> dict[str, Any]:
    return {"id": 100 + seq, "seq": seq, "version": seq, "body": f"body {seq}"}


def good() -> tuple[Store, dict[str, Journal]]:
    """Three messages of ann, acked, and shown to both."""
    store = Store([_stored(seq) for seq in (1, 2, 3)], {ROOM: (3, 3)})
    entries = [{"client_id": f"client-{seq}", "room": ROOM, "body": f"body {seq}"} for seq in (1, 2, 3)]
    shown = {str(ROOM): [_line(seq) for seq in (1, 2, 3)]}
    ann = Journal({"id": 1}, [_ack(seq) for seq in (1, 2, 3)], entries, shown=shown)
    return store, {"ann": ann, "bob": Journal({"id": 2}, shown=deepcopy(shown))}


def _lose_row(store: Store, journals: dict[str, Journal]) -> None:
    store.messages.pop()
    store.counters[ROOM] = (2, 3)


def _store_twice(store: Store, journals: dict[str, Journal]) -> None:
    store.messages.append(replace(_stored(4), client_id="client-3"))


def _say_twice(store: Store, journals: dict[str, Journal]) -> None:
    store.messages.append(replace(_stored(4), body="body 3"))


def _leave_gap(store: Store, journals: dict[str, Journal]) -> None:
    store.messages[2] = replace(store.messages[2], seq=4)
    journals["ann"].acked.pop()


def _hide_line(store: Store, journals: dict[str, Journal]) -> None:
    journals["bob"].shown[str(ROOM)].pop(1)


def _show_twice(store: Store, journals: dict[str, Journal]) -> None:
    journals["bob"].shown[str(ROOM)].append(_line(3))


def _swap(store: Store, journals: dict[str, Journal]) -> None:
    journals["ann"].added.reverse()


def _leave_waiting(store: Store, journals: dict[str, Journal]) -> None:
    journals["ann"].waiting = 1


def _forget_entry(store: Store, journals: dict[str, Journal]) -> None:
    journals["ann"].added.append({"client_id": "client-9", "room": ROOM, "body": "body 9"})


def test_all_is_well_where_it_is():
    oracle.nothing_lost_nothing_twice(*good(), [ROOM])


@pytest.mark.parametrize(
    "spoil",
    [
        _lose_row, _store_twice, _say_twice, _leave_gap, _hide_line, _show_twice, _swap, _leave_waiting,
        _forget_entry,
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(spoil: Callable[[Store, dict[str, Journal]], None]):
    store, journals = good()
    spoil(store, journals)
    with pytest.raises(AssertionError):
        oracle.nothing_lost_nothing_twice(store, journals, [ROOM])


def test_whoever_saw_a_room_they_may_not_read_is_named():
    seen = [{"id": 101, "room": ROOM, "times": {}}]
    with pytest.raises(AssertionError, match=re.escape("eve")):
        oracle.nobody_saw({"eve": Journal({"id": 3}, seen=seen)}, ["eve"], [ROOM])


@pytest.mark.parametrize("figure", ["lines", "sockets", "entering", "acks", "writes", "tasks", "fds", "rss"])
def test_a_server_that_still_holds_something_is_found_out(figure: str):
    names = ["lines", "sockets", "entering", "acks", "writes", "tasks", "fds", "rss"]
    before = dict.fromkeys(names, 0.0)
    oracle.nothing_held(before, before)
    with pytest.raises(AssertionError):
        oracle.nothing_held(before, {**before, figure: 1e9})
