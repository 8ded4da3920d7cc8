"""A server that is killed: in the middle of a burst, and where it hurts most."""

import random
from uuid import uuid4

import pytest

from tests.faults import oracle
from tests.faults.clients import Clients
from tests.faults.host import Host
from tests.support.waiting import wait_for

BACK = 6  # seconds until everybody is connected again
LEVEL = 10  # seconds until everybody sees the same


def test_a_server_killed_in_a_burst_loses_nothing_and_repeats_nothing(
    host: Host, clients: Clients, long: bool
):
    rounds, count, messages = (10, 20, 50) if long else (1, 10, 12)
    people = host.new_people(count)
    users = clients.open(host.url, people)
    owner, *members = people
    room = clients.new_room(owner, "Burst", [users[name] for name in members])
    clients.ask("watch", rooms=[room])
    for number in range(rounds):
        clients.ask("burst", room=room, count=messages, word=f"round {number}")
        some = random.randrange(1, count * messages * 3 // 4)
        clients.ask("acked", count=number * count * messages + some)
        host.server.restart()
        clients.ask("connected", returns=number + 2, timeout=BACK)
        clients.ask("settled", timeout=LEVEL + BACK)
        clients.ask("level", versions=host.store().versions(room), timeout=LEVEL)
    journals = clients.journals()
    assert all(len(journal.disconnects) == rounds for journal in journals.values())
    assert sum(len(journal.acked) for journal in journals.values()) == rounds * count * messages
    oracle.nothing_lost_nothing_twice(host.store(), journals, [room])


@pytest.mark.parametrize(
    ("point", "stored", "acked"),
    [
        ("before_commit", False, False),
        ("after_commit_before_ack", True, False),
        ("after_ack_before_emit", True, True),
    ],
)
def test_a_message_on_whose_way_the_server_is_killed_is_kept_once(
    host: Host, clients: Clients, point: str, stored: bool, acked: bool
):
    author, reader = people = host.new_people(2)
    users = clients.open(host.url, people)
    room = clients.new_room(author, "Killed", [users[reader]])
    clients.ask("watch", rooms=[room])
    client_id, body = str(uuid4()), "on its way"
    host.ask("arm", point=point, action="kill")
    clients.ask("post", name=author, room=room, bodies=[body], client_ids=[client_id])
    assert wait_for(lambda: host.server.exit_status is not None), "the server lives"
    clients.ask("dropped")
    assert [message.body for message in host.store().of(room)] == [body] * stored
    said = clients.journals()
    assert [ack["body"] for ack in said[author].acked] == [body] * acked
    assert not [seen for seen in said[reader].seen if seen["room"] == room]

    clients.ask("post", name=author, room=room, bodies=["behind it"])
    host.server.start()
    clients.ask("settled")
    clients.ask("level", versions=host.store().versions(room))
    store, journals = host.store(), clients.journals()
    oracle.nothing_lost_nothing_twice(store, journals, [room])
    assert [message.body for message in store.of(room)] == [body, "behind it"]
    again = clients.command(author, "post_message", room=room, client_id=client_id, body=body)["message"]
    assert (again["id"], again["seq"]) == (store.of(room)[0].id, 1)
    assert host.store() == store


def test_a_commit_whose_answer_is_lost_is_not_done_again(host: Host, clients: Clients):
    author, reader = people = host.new_people(2)
    users = clients.open(host.url, people)
    room = clients.new_room(author, "Unsure", [users[reader]])
    clients.ask("watch", rooms=[room])
    host.ask("arm", point="after_commit_before_ack", action="raise")
    clients.ask("post", name=author, room=room, bodies=["unsure", "sure"])
    clients.ask("settled")
    assert host.ask("hits")["after_commit_before_ack"]
    # Nobody else was told of the first; the second lets them notice.
    clients.ask("level", versions=host.store().versions(room))
    oracle.nothing_lost_nothing_twice(host.store(), clients.journals(), [room])
    assert [message.body for message in host.store().of(room)] == ["unsure", "sure"]


@pytest.mark.parametrize("action", ["kill", "raise", "sleep"])
def test_a_server_that_fails_while_somebody_comes_in_lets_them_in_later(
    on_sqlite: Host, clients: Clients, action: str
):
    present, coming = people = on_sqlite.new_people(2)
    clients.open(on_sqlite.url, {present: people[present]})
    room = clients.new_room(present, "Entrance", kind="public")
    clients.ask("watch", rooms=[room])
    on_sqlite.ask("arm", point="in_connect", action=action)
    opening = clients.begin_open(on_sqlite.url, {coming: people[coming]})
    clients.ask("post", name=present, room=room, bodies=["meanwhile"])
    if action == "kill":
        assert wait_for(lambda: on_sqlite.server.exit_status is not None), "the server lives"
        on_sqlite.server.start()
    opening.result()
    clients.ask("settled")
    clients.ask("watch", names=[coming], rooms=[room])
    assert len(clients.journals()[present].disconnects) == (action == "kill")
    oracle.nothing_lost_nothing_twice(on_sqlite.store(), clients.journals(), [room])
    assert on_sqlite.stats()["entering"] == 0
