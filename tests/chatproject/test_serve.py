"""`manage.py serve`: the options, the listening socket, what is closed how, and the end."""

import json
import signal
import socket

import pytest
from django.core.management import CommandError, call_command
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from chatproject import serving
from chatproject.bounded_http import BoundedHttp
from chatproject.sockets.uvicorn_websocket import FrameWebSocket
from tests.chatproject.plain_app import application

BUSY = 4  # seconds that a busy machine may add; on an idle one it is a fraction of one
CLOSE_TIMEOUT = 5  # seconds that a client waits to be closed
FRAME = 200_000  # bytes: twice what is let in


# --- Options ------------------------------------------------------------------------------------
def test_uvicorn_is_given_the_options_that_a_chat_needs(settings):
    settings.FRAME_BYTES = 1234
    settings.TRUSTED_PROXIES = []
    config = serving.server_config(application)
    assert (config.loop, config.http, config.ws, config.lifespan) == (
        "uvloop",
        BoundedHttp,
        FrameWebSocket,
        "on",
    )
    assert (config.ws_max_size, config.ws_per_message_deflate) == (1234, False)
    assert config.ws_ping_interval is None  # Engine.IO has pings of its own
    assert (config.timeout_graceful_shutdown, config.backlog, config.workers) == (5, 2048, 1)
    assert (config.access_log, config.log_config, config.server_header) == (False, None, False)
    assert config.proxy_headers is False


def test_no_frame_limit_means_uvicorns_own(settings):
    settings.FRAME_BYTES = 0
    assert serving.server_config(application).ws_max_size == 16 * 1024 * 1024


def test_forwarding_headers_count_only_from_the_trusted_proxies(settings, monkeypatch):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    config = serving.server_config(application)
    assert (config.proxy_headers, config.forwarded_allow_ips) == (True, ["10.0.0.0/8"])
    settings.TRUSTED_PROXIES = []
    assert serving.server_config(application).forwarded_allow_ips == []


# --- Listening ----------------------------------------------------------------------------------
@pytest.fixture
def listener():
    (listener,) = serving.listen("127.0.0.1", 0)
    with listener:
        yield listener


def test_a_connection_inherits_the_limit_for_unacknowledged_bytes(listener):
    assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    with socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000


def test_a_name_with_several_addresses_is_served_on_one_port_of_all():
    sockets = serving.listen("localhost", 0)
    assert len({listener.getsockname()[1] for listener in sockets}) == 1
    for listener in sockets:
        listener.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 on this machine")
def test_an_ipv6_address_is_served_and_shown_in_brackets():
    (listener,) = serving.listen("::1", 0)
    with listener:
        assert serving.base_url("::1", listener) == f"http://[::1]:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        ("127.0.0.1", None, "something else listens there"),
        ("192.0.2.1", 0, "does not have that address"),
        ("no-such-host.invalid", 0, "Cannot serve on no-such-host.invalid"),
        ("127.0.0.1", 70_000, "Cannot serve on 127.0.0.1 port 70000"),
    ],
)
def test_where_it_cannot_listen_one_line_says_why(listener, host, port, sentence):
    port = listener.getsockname()[1] if port is None else port
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("serve", host=host, port=port)
    assert "\n" not in str(refused.value)


# --- The running process ------------------------------------------------------------------------
@pytest.fixture(scope="module")
def plain(new_server):
    """A server of plain_app."""
    with new_server(DJANGO_SETTINGS_MODULE="tests.chatproject.plain_settings") as server:
        yield server


def websocket(server, path="/echo") -> ClientConnection:
    return connect(f"ws://127.0.0.1:{server.port}{path}", compression=None)


def received(client: ClientConnection) -> str:
    """The next text frame, within CLOSE_TIMEOUT."""
    return str(client.recv(CLOSE_TIMEOUT))


def close_code(client: ClientConnection) -> int:
    """The code of the close frame that the server sends, within CLOSE_TIMEOUT."""
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(CLOSE_TIMEOUT)
    assert closed.value.rcvd, "the connection ended without a close frame"
    return closed.value.rcvd.code


def stalled(server) -> socket.socket:
    """A client that asked for a flood and never reads."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", server.port))
    client.sendall(
        b"GET /flood HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert client.recv(12) == b"HTTP/1.1 101"
    return client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_sockets_so_that_clients_return(plain, number):
    if plain.exit_status is not None:
        plain.start()
    with websocket(plain) as client:
        client.send("here")
        assert received(client) == "here"
        assert plain.stop(number) < BUSY
        assert close_code(client) == 1012
    assert plain.exit_status == 0


def test_a_client_that_reads_nothing_does_not_hold_the_end(plain):
    if plain.exit_status is not None:
        plain.start()
    with stalled(plain):
        assert plain.stop() < serving.SHUTDOWN_TIMEOUT + BUSY
    assert plain.exit_status == 0


def test_a_frame_over_the_limit_closes_its_socket_and_no_other(plain):
    if plain.exit_status is not None:
        plain.start()
    with websocket(plain) as other, websocket(plain) as client:
        client.send("x" * FRAME)
        assert close_code(client) == 1009
        other.send("still here")
        assert received(other) == "still here"


def test_the_product_closes_a_socket_that_sends_too_large_a_frame_and_no_other(server):
    path = "/socket.io/?EIO=4&transport=websocket"
    with websocket(server, path) as other, websocket(server, path) as client:
        assert received(client).startswith("0{")
        assert received(other).startswith("0{")
        client.send("4" + "x" * FRAME)
        assert close_code(client) == 1009
        other.send("40")
        assert received(other).startswith("40")
    assert "Traceback" not in server.log()


def test_the_log_holds_no_query_string_cookie_or_session_id(server):
    headers = {"Cookie": "sessionid=secretcookie", "Origin": server.url}
    url = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket&token=secretquery"
    with connect(url, additional_headers=headers, compression=None) as client:
        engine_id = json.loads(received(client)[1:])["sid"]
        client.send("40")
        assert received(client).startswith("40")
    assert "secretquery" not in server.log()
    assert "secretcookie" not in server.log()
    assert engine_id not in server.log()


def test_the_code_of_the_first_run_is_printed_until_somebody_owns_the_chat(new_server):
    with new_server() as server:
        server.wait_for_log(r"^Nobody owns this chat yet\. .* this machine: \S{6,}$")
        server.first_run()
        server.restart()
        printed = server.log()
    assert printed.count("Serving on") == 2
    assert printed.count("Nobody owns this chat yet") == 1
