"""A wall clock that jumps: messages keep their order, nobody is sent away, sessions end in time."""

from collections.abc import Iterator

import pytest

from tests.faults import oracle
from tests.faults.clients import Clients
from tests.faults.host import Host

HOUR = 3600  # seconds
MANY = 20
MOST_DROPPED = 0.05  # of all sockets


@pytest.fixture
def jumping(host: Host, clients: Clients) -> Iterator[Host]:
    """A server, and clients, whose clocks are right again after the test."""
    yield host
    host.ask("clock", offset=0)
    clients.ask("clock", offset=0)


@pytest.mark.parametrize("offset", [HOUR, -HOUR], ids=["forwards", "backwards"])
@pytest.mark.parametrize("whose", ["server", "clients"])
def test_a_clock_that_jumps_changes_no_order(jumping: Host, clients: Clients, whose: str, offset: int):
    people = jumping.new_people(2)
    tabs = {f"{name}/{number}": cookies for name, cookies in people.items() for number in range(MANY // 2)}
    users = clients.open(jumping.url, tabs)
    author, reader = next(iter(tabs)), list(tabs)[-1]
    room = clients.new_room(author, "Clock", [users[reader]])
    clients.ask("watch", rooms=[room])
    clients.ask("burst", room=room, count=5, word="before")
    clients.ask("acked", count=MANY)
    if whose == "server":
        jumping.ask("clock", offset=offset)
    else:
        clients.ask("clock", offset=offset)
    clients.ask("burst", room=room, count=5, word="after")
    clients.ask("settled")
    clients.ask("level", versions=jumping.store().versions(room))
    journals = clients.journals()
    oracle.nothing_lost_nothing_twice(jumping.store(), journals, [room])
    assert len(jumping.store().of(room)) == 2 * 5 * MANY
    if whose == "server":
        assert sum(len(journal.disconnects) for journal in journals.values()) <= MOST_DROPPED * MANY


def test_a_session_ends_by_the_clock_of_the_server(jumping: Host, clients: Clients):
    (name, cookies), *_ = jumping.new_people(1).items()
    jumping.ask("clock", offset=-HOUR)
    assert clients.open(jumping.url, {"early": cookies})["early"]["name"] == name
    jumping.ask("clock", offset=400 * 24 * HOUR)
    assert clients.open(jumping.url, {"late": cookies})["late"]["guest"]
