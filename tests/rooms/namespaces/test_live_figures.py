"""The figures of a process: what it counts, and that it asks nobody for it."""

import resource

import pytest

from rooms.namespaces import live_figures
from tests.rooms.conftest import ok, say

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]


@pytest.fixture
def figures(house):
    return house.server.namespace_handlers["/admin"].figures


async def test_they_take_no_query(house, figures, owner, lobby):
    await say(await house.enter(owner), lobby)
    # On the loop any query would raise, since Django guards against it.
    assert figures.sample()["messages_per_second"] > 0


async def test_connections_that_do_not_keep_up_are_counted_apart_from_other_faults(house, figures):
    for fault in ("slow", "bad_packet", "slow"):
        house.server.journal.dropped("127.0.0.1", fault)
    assert figures.now()["dropped"] == 2


async def test_rooms_that_somebody_hears_are_counted_once(
    house, figures, owner, member, outsider, lobby, den
):
    for who in (owner, member):
        await house.enter(who)
    await ok(await house.enter(outsider), "open_room", room=lobby.pk)
    assert figures.now()["rooms"] == 2


def test_memory_is_told_in_bytes_with_and_without_linux(monkeypatch, tmp_path):
    now = live_figures.memory()
    assert 10_000_000 < now < 10_000_000_000
    monkeypatch.setattr(live_figures, "_STATM", tmp_path / "nothing")
    most = live_figures.memory()
    assert most >= resource.getpagesize()
    assert most > now / 2
