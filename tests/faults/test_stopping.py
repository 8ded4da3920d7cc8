"""A server that is asked to stop: it ends in time, whoever hangs on it, and everybody comes back."""

import socket

from tests.faults import oracle
from tests.faults.clients import Clients
from tests.faults.conftest import NewHost
from tests.faults.host import Host
from tests.support.server import Cookies

STOPPED = 6  # seconds
TABS = 10  # of each person
HANDSHAKE = (
    "GET /socket.io/?EIO=4&transport={transport} HTTP/1.1\r\n"
    "Host: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n{more}\r\n"
)
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def ask(host: Host, cookies: Cookies, transport: str, more: str = "") -> socket.socket:
    """A connection over which one request was sent."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    port = host.server.port
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(HANDSHAKE.format(transport=transport, port=port, cookie=cookie, more=more).encode())
    return connection


def test_a_server_that_is_stopped_ends_in_time_and_its_clients_return(
    new_host: NewHost, clients: Clients, long: bool
):
    with new_host(POLLING="true") as host:
        people = host.new_people(10 if long else 2)
        tabs = {f"{name}/{tab}": cookies for name, cookies in people.items() for tab in range(TABS)}
        users = clients.open(host.url, tabs)
        room = clients.new_room(next(iter(tabs)), "Stopping", [users[tab] for tab in list(tabs)[::TABS]])
        clients.ask("watch", rooms=[room])
        cookies = people[next(iter(people))]
        with ask(host, cookies, "websocket", UPGRADE) as stalled, ask(host, cookies, "polling") as polling:
            assert b"101" in stalled.recv(64)  # and nothing is read of it from now on
            sid = polling.recv(4096).partition(b'"sid":"')[2].partition(b'"')[0].decode()
            with ask(host, cookies, f"polling&sid={sid}") as waiter:
                clients.ask("burst", room=room, count=5, word="stopping")
                clients.ask("acked", count=len(tabs))
                assert host.server.stop() <= STOPPED
                assert waiter.recv(64).startswith(b"HTTP/1.1 ")
        assert host.server.exit_status == 0
        host.server.start()
        clients.ask("connected", returns=2)
        clients.ask("settled")
        clients.ask("level", versions=host.store().versions(room))
        journals = clients.journals()
        assert {reason for journal in journals.values() for reason in journal.disconnects} == {
            "transport close"
        }
        oracle.nothing_lost_nothing_twice(host.store(), journals, [room])
        clients.close()
