"""A network that loses, holds back and cuts off: whoever was away sees what the others see, once each."""

from collections.abc import Callable
from time import sleep

import pytest

from tests.faults import oracle
from tests.faults.clients import Clients
from tests.faults.conftest import NewHost
from tests.faults.host import Host
from tests.faults.proxy import ChaosProxy

NewProxy = Callable[[Host], ChaosProxy]

NOTICED = 20  # seconds in which a server has to notice that a client is gone
LEVEL = 5  # seconds from the end of the fault until everybody sees the same


class Pair:
    """Two people in a room: `near` has a good network, `far` goes through the proxy."""

    def __init__(self, host: Host, proxy: ChaosProxy, clients: Clients) -> None:
        self.host = host
        self.proxy = proxy
        self.clients = clients
        self.near, self.far = people = host.new_people(2)
        users = clients.open(host.url, {self.near: people[self.near]})
        users |= clients.open(proxy.url, {self.far: people[self.far]})
        self.room = clients.new_room(self.near, "Pair", [users[self.far]])
        clients.ask("watch", rooms=[self.room])

    def talk(self, word: str) -> None:
        """Both say something; what near says is kept."""
        for name in (self.near, self.far):
            self.clients.ask(
                "post", name=name, room=self.room, bodies=[f"{word} {name} {at}" for at in range(4)]
            )
        self.clients.ask("settled", names=[self.near])

    def compare(self) -> None:
        """Nothing of what was said is lost, and nothing is there twice, for both."""
        self.clients.ask("connected", timeout=LEVEL)
        self.clients.ask("settled", timeout=LEVEL)
        self.clients.ask("level", versions=self.host.store().versions(self.room), timeout=LEVEL)
        journals = self.clients.journals()
        assert not journals[self.near].disconnects
        oracle.nothing_lost_nothing_twice(self.host.store(), journals, [self.room])


@pytest.fixture
def pair(on_sqlite: Host, proxied: NewProxy, clients: Clients) -> Pair:
    return Pair(on_sqlite, proxied(on_sqlite), clients)


def test_a_short_hole_is_no_end(pair: Pair):
    pair.proxy.set_mode("hole")
    pair.talk("in the hole")
    pair.proxy.set_mode("pass")
    pair.compare()
    assert not pair.clients.journals()[pair.far].disconnects


def test_a_hole_that_both_notice_is_filled_afterwards(pair: Pair):
    pair.talk("before")
    pair.proxy.set_mode("hole")
    pair.talk("in the hole")
    pair.clients.ask("dropped", names=[pair.far])
    pair.host.wait_for_stats(lambda stats: stats["lines"] == 1)
    pair.talk("unheard")
    pair.proxy.set_mode("pass")
    pair.compare()
    assert pair.clients.journals()[pair.far].disconnects == ["ping timeout"]


def test_a_reset_in_the_middle_of_talking_is_felt_as_a_pause(pair: Pair):
    pair.talk("before")
    pair.clients.ask("burst", room=pair.room, count=30, word="burst")
    pair.clients.ask("acked", count=20)
    pair.proxy.set_mode("reset")
    pair.clients.ask("dropped", names=[pair.far])
    pair.talk("unheard")
    pair.proxy.set_mode("pass")
    pair.compare()


def test_a_connection_of_which_only_the_server_still_believes_is_dropped(pair: Pair):
    pair.talk("before")
    pair.proxy.halve()
    pair.clients.ask("connected", names=[pair.far], returns=2)
    pair.talk("after")
    pair.host.wait_for_stats(lambda stats: stats["lines"] == stats["sockets"] == 2, NOTICED)
    pair.compare()


@pytest.mark.long
@pytest.mark.parametrize("seconds", [8, 30])
def test_with_the_products_own_pings_a_hole_is_filled_afterwards(
    new_host: NewHost, proxied: NewProxy, clients: Clients, seconds: float
):
    with new_host(PING_INTERVAL="10", PING_TIMEOUT="8") as host:
        pair = Pair(host, proxied(host), clients)
        pair.talk("before")
        pair.proxy.set_mode("hole")
        pair.talk("in the hole")
        if seconds > NOTICED:
            host.wait_for_stats(lambda stats: stats["lines"] == 1, NOTICED)
        sleep(seconds - NOTICED if seconds > NOTICED else seconds)
        pair.talk("unheard")
        pair.proxy.set_mode("pass")
        pair.clients.ask("connected", timeout=2 * LEVEL)
        pair.compare()
        clients.close()


def test_whoever_was_away_for_500_messages_and_their_changes_sees_them_as_they_are(
    on_sqlite: Host, proxied: NewProxy, clients: Clients
):
    proxy = proxied(on_sqlite)
    author, other, away = people = on_sqlite.new_people(3)
    users = clients.open(on_sqlite.url, {name: people[name] for name in (author, other)})
    users |= clients.open(proxy.url, {away: people[away]})
    members = [users[other], users[away]]
    rooms = [clients.new_room(author, f"Away {number}", members) for number in range(3)]
    clients.ask("watch", rooms=rooms)
    for room in rooms:
        clients.ask("post", name=author, room=room, bodies=["seen 0", "seen 1", "seen 2"])
    clients.ask("settled")
    proxy.set_mode("reset")
    clients.ask("dropped", names=[away])
    for room in rooms:
        for name in (author, other):
            clients.ask("post", name=name, room=room, bodies=[f"missed {name} {at}" for at in range(84)])
    clients.ask("settled")
    changed = _change(clients, author, on_sqlite, rooms)
    store = on_sqlite.store()
    proxy.set_mode("pass")
    clients.ask("connected", names=[away], returns=2, timeout=LEVEL)
    clients.ask("level", versions=store.versions(*rooms), timeout=LEVEL)
    journals = clients.journals()
    oracle.nothing_lost_nothing_twice(store, journals, rooms)
    assert sum(map(len, journals[away].shown.values())) == 3 * (3 + 168)
    held = {line["id"]: line["body"] for lines in journals[away].shown.values() for line in lines}
    assert {message: held[message] for message in changed} == changed


def _change(clients: Clients, author: str, host: Host, rooms: list[int]) -> dict[int, str]:
    """Some of the author's messages are edited and deleted: what each says then."""
    changed: dict[int, str] = {}
    for room in rooms:
        own = [
            message for message in host.store().of(room) if author in message.body or "seen" in message.body
        ]
        for message in own[::6]:
            clients.command(author, "edit_message", message=message.id, body=f"{message.body}, edited")
            clients.command(author, "react", message=message.id, emoji="👍", on=True)
            changed[message.id] = f"{message.body}, edited"
        for message in own[1::9]:
            clients.command(author, "delete_message", message=message.id)
            changed[message.id] = ""
    return changed
