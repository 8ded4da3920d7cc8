"""Sessions that another process ends while a server has their sockets."""

import json
import time
from contextlib import ExitStack

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from accounts.channels import session_digest
from tests.support.server import Cookies, Server, manage

INTERVAL = 0.5  # seconds
PATIENCE = 2  # seconds that the end of a session may take on top of the interval

# As by SQL, in a process that has no sockets: no signal is sent, no operation called.
CHANGE = """
from django.db import connection
from accounts.models import Session, User
with connection.cursor() as cursor:
    cursor.execute("DELETE FROM accounts_session WHERE digest = %s", ["{deleted}"])
Session.objects.filter(digest="{expired}").update(expire_date="2001-01-01T00:00:00Z")
User.objects.filter(username="dora").update(is_active=False)
User.objects.filter(username="paul").update(password="argon2$another")
User.objects.filter(username="stan").update(is_staff=False)
"""


def enter(stack: ExitStack, server: Server, cookies: Cookies, namespace: str = "") -> ClientConnection:
    """A socket that has entered a namespace."""
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    url = f"{server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
    socket = stack.enter_context(connect(url, additional_headers={"Cookie": header}, close_timeout=1))
    socket.recv(5)
    socket.send(f"40{namespace}")
    assert str(socket.recv(5)).startswith(f"40{namespace}")
    return socket


def end_of(socket: ClientConnection) -> str | None:
    """The reason why a socket is closed; None if it stays."""
    reason = None
    try:
        while True:
            text = str(socket.recv(INTERVAL + PATIENCE))
            if "session_ended" in text:
                reason = json.loads(text[text.index("[") :])[1]["reason"]
    except ConnectionClosed:
        return reason
    except TimeoutError:
        return None


def test_what_another_process_changed_ends_the_sockets_it_concerns_and_no_others(new_server):
    with new_server(SESSION_CHECK_INTERVAL=str(INTERVAL)) as server, ExitStack() as stack:
        owner = server.first_run()
        cookies = {name: server.sign_up(name) for name in ("rita", "dora", "paul", "stan")}
        guests = [server.guest("Gus"), server.guest("Greta")]
        manage(
            server.data_dir, "shell", "--verbosity", "0", "--command",
            "from accounts.models import User; User.objects.filter(username='stan').update(is_staff=True)",
            **server.settings,
        )  # fmt: skip
        gone = [
            enter(stack, server, cookies["rita"]),
            enter(stack, server, guests[0]),
            enter(stack, server, cookies["dora"]),
            enter(stack, server, cookies["paul"]),
            enter(stack, server, cookies["stan"], "/admin,"),
        ]
        stays = [enter(stack, server, who) for who in (owner, guests[1], cookies["stan"])]
        change = CHANGE.format(
            deleted=session_digest(cookies["rita"]["sessionid"]),
            expired=session_digest(guests[0]["sessionid"]),
        )
        manage(server.data_dir, "shell", "--verbosity", "0", "--command", change, **server.settings)
        began = time.monotonic()
        reasons = [end_of(socket) for socket in gone]
        assert reasons == ["revoked", "expired", "deactivated", "password_changed", "not_staff"]
        assert time.monotonic() - began < INTERVAL + PATIENCE
        for socket in stays:
            socket.send('420["sync",{"rooms":{}}]')
            while not (text := str(socket.recv(5))).startswith("430"):
                assert "session_ended" not in text
            assert '"ok":true' in text
