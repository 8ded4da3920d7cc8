"""What has to be true after every fault, as assertions over what clients saw and what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from tests.faults.journal import Journal
from tests.faults.store import Store, Stored

MEMORY_ALLOWANCE = 15 * 1024 * 1024  # bytes that a server may have grown by
COUNT_ALLOWANCE = 5  # tasks or file descriptors more than before

Journals = Mapping[str, Journal]


def nothing_lost_nothing_twice(
    store: Store, journals: Journals, rooms: Collection[int], *, failed: int = 0
) -> None:
    """All that holds of messages, in these rooms; `failed` messages were given up, and said to be."""
    acked_is_stored(store, journals)
    stored_once(store, journals)
    counted_without_gaps(store, rooms)
    shown_as_stored(store, journals, rooms)
    in_the_order_said(store, journals)
    nothing_left_in_outboxes(store, journals, failed=failed)


def acked_is_stored(store: Store, journals: Journals) -> None:
    """What a client was told to be kept is kept, where and as it was told."""
    stored = {message.id: message for message in store.messages}
    for name, journal in journals.items():
        for ack in journal.acked:
            kept = stored.get(ack["id"])
            assert kept, f"{name} was acked what is not stored: {ack}"
            said = (ack["room"], ack["seq"], ack["client_id"])
            assert (kept.room, kept.seq, kept.client_id) == said, (name, ack, kept)


def stored_once(store: Store, journals: Journals) -> None:
    """No message of a sender is there twice: neither by its client id, nor by what it says."""
    _each_once((message.author or message.guest, message.client_id) for message in store.messages)
    said = {
        (journal.user["id"], entry["room"], entry["body"])
        for journal in journals.values()
        for entry in journal.added
    }
    named = [(message.author, message.room, message.body) for message in store.messages]
    _each_once(name for name in named if name in said)


def counted_without_gaps(store: Store, rooms: Collection[int]) -> None:
    """The messages of each room are numbered from 1 without a gap; no change has another's number."""
    for room in rooms:
        messages, (last_seq, version) = store.of(room), store.counters[room]
        assert [message.seq for message in messages] == list(range(1, last_seq + 1)), room
        versions = [message.version for message in messages]
        assert len({*versions}) == len(versions), room
        assert max(versions, default=0) <= version, room


def shown_as_stored(store: Store, journals: Journals, rooms: Collection[int]) -> None:
    """Everybody who holds a room holds what is stored, in the same order, up to its end."""
    for name, journal in journals.items():
        for room in rooms:
            if str(room) not in journal.shown:
                continue
            shown = [
                (line["id"], line["seq"], line["version"], line["body"]) for line in journal.shown[str(room)]
            ]
            stored = [(kept.id, kept.seq, kept.version, kept.body) for kept in store.of(room)]
            first = shown[0][1] if shown else 1
            assert shown == stored[first - 1 :], f"{name} sees room {room} otherwise than it is"


def told_once(journals: Journals) -> None:
    """Nobody was told of the same change twice over one connection after another, nor at all."""
    for name, journal in journals.items():
        twice = [seen for seen in journal.seen if any(times > 1 for times in seen["times"].values())]
        assert not twice, (name, twice)


def in_the_order_said(store: Store, journals: Journals) -> None:
    """What one person said in one room stands there in the order in which it was said."""
    place = {(message.author, message.client_id): message for message in store.messages}
    for name, journal in journals.items():
        said = [place.get((journal.user["id"], entry["client_id"])) for entry in journal.added]
        by_room: dict[int, list[Stored]] = {}
        for message in filter(None, said):
            by_room.setdefault(message.room, []).append(message)
        for messages in by_room.values():
            seqs = [message.seq for message in messages]
            assert seqs == sorted(seqs), (name, seqs)


def nothing_left_in_outboxes(store: Store, journals: Journals, *, failed: int = 0) -> None:
    """Whatever was to be sent is stored, or was visibly given up."""
    stored = {(message.author, message.client_id) for message in store.messages}
    assert sum(len(journal.failed) for journal in journals.values()) == failed
    for name, journal in journals.items():
        assert not journal.waiting, name
        given_up = {entry["client_id"] for entry in journal.failed}
        for entry in journal.added:
            is_stored = (journal.user["id"], entry["client_id"]) in stored
            assert is_stored or entry["client_id"] in given_up, (name, entry)


def nobody_saw(journals: Journals, names: Iterable[str], rooms: Collection[int]) -> None:
    """These people never held a line of these rooms, nor were told of one."""
    for name in names:
        assert not {seen["room"] for seen in journals[name].seen} & {*rooms}, name


def nothing_held(before: Mapping[str, float], after: Mapping[str, float]) -> None:
    """A server whose clients are gone holds nothing of them: figures of `/internal/stats`."""
    held = {name: after[name] for name in ("lines", "sockets", "entering", "acks", "writes")}
    assert not any(held.values()), held
    for figure in ("tasks", "fds"):
        assert after[figure] <= before[figure] + COUNT_ALLOWANCE, (figure, before, after)
    assert after["rss"] <= before["rss"] + MEMORY_ALLOWANCE, (before, after)


def _each_once(values: Iterable[object]) -> None:
    twice = {value: count for value, count in Counter(values).items() if count > 1}
    assert not twice, twice
