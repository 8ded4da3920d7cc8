"""The same message sent again: by whom, where and how often may differ, there is one of it."""

from uuid import uuid4

from tests.faults import oracle
from tests.faults.clients import Clients
from tests.faults.host import Host

TIMES = 5


def test_a_message_sent_by_five_sockets_at_once_is_one(host: Host, clients: Clients):
    author, reader = people = host.new_people(2)
    tabs = [f"{author}/{number}" for number in range(TIMES)]
    users = clients.open(host.url, {reader: people[reader], **dict.fromkeys(tabs, people[author])})
    room = clients.new_room(reader, "Repeats", [users[tabs[0]]])
    elsewhere = clients.new_room(reader, "Elsewhere", [users[tabs[0]]])
    clients.ask("watch", rooms=[room, elsewhere])
    sent = {"client_id": str(uuid4()), "room": room, "body": "once"}
    answers = [
        clients.begin("command", name=name, event="post_message", payload=sent).result
        for name in tabs * TIMES
    ]
    first, *others = [answer()["data"]["message"] for answer in answers]
    assert all(other == first for other in others)
    # What was stored first stands, whatever a repeat says, and wherever.
    for change in ({"body": "otherwise"}, {"room": elsewhere}):
        assert clients.command(tabs[0], "post_message", **{**sent, **change})["message"] == first
    # Another person's is another.
    own = clients.command(reader, "post_message", **sent)["message"]
    assert (own["seq"], own["author"]["id"]) == (2, users[reader]["id"])
    clients.ask("level", versions=host.store().versions(room))
    store, journals = host.store(), clients.journals()
    assert [message.body for message in store.of(room)] == ["once", "once"]
    assert not store.of(elsewhere)
    oracle.nothing_lost_nothing_twice(store, journals, [room, elsewhere])
    oracle.told_once(journals)


def test_a_message_sent_again_after_a_reconnection_is_one(host: Host, clients: Clients):
    author, reader = people = host.new_people(2)
    users = clients.open(host.url, people)
    room = clients.new_room(author, "Again", [users[reader]])
    clients.ask("watch", rooms=[room])
    sent = {"client_id": str(uuid4()), "room": room, "body": "once"}
    first = clients.command(author, "post_message", **sent)["message"]
    clients.ask("offline", names=[author])
    clients.ask("online", names=[author])
    clients.ask("connected", names=[author], returns=2)
    assert clients.command(author, "post_message", **sent)["message"] == first
    clients.ask("level", versions=host.store().versions(room))
    assert [message.body for message in host.store().of(room)] == ["once"]
    oracle.nothing_lost_nothing_twice(host.store(), clients.journals(), [room])
    oracle.told_once(clients.journals())


def test_a_message_sent_again_by_whoever_may_not_read_it_any_more_is_refused(host: Host, clients: Clients):
    owner, member, outsider = people = host.new_people(3)
    users = clients.open(host.url, people)
    room = clients.new_room(owner, "Private", [users[member]], kind="private")
    clients.ask("watch", names=[owner, member], rooms=[room])
    sent = {"client_id": str(uuid4()), "room": room, "body": "while a member"}
    clients.command(member, "post_message", **sent)
    clients.command(owner, "remove_member", room=room, user=users[member]["id"])
    assert clients.refused(member, "post_message", **sent) == "not_found"
    assert clients.refused(member, "post_message", **{**sent, "room": "lobby"}) == "not_found"
    assert clients.refused(outsider, "post_message", **sent) == "not_found"
    later = clients.command(owner, "post_message", room=room, client_id=str(uuid4()), body="among us")
    journals = clients.journals()
    assert later["message"]["id"] not in [seen["id"] for seen in journals[member].seen]
    oracle.nobody_saw(journals, [outsider], [room])
    assert [message.body for message in host.store().of(room)] == ["while a member", "among us"]
    oracle.nothing_lost_nothing_twice(host.store(), journals, [room])
