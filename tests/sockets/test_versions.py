"""What the server takes from python-socketio and python-engineio without being promised it.

A new version that moves any of this fails here, and says what.
"""

import asyncio
import importlib.metadata
import inspect
import logging

import engineio
import pytest
import socketio
import uvicorn
from packaging.version import Version
from socketio import packet
from socketio.async_manager import AsyncManager
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import apply_mask  # type: ignore[attr-defined]
from websockets.protocol import State
from websockets.server import ServerProtocol

from chatproject.bounded_http import BoundedHttp
from chatproject.sockets.engine import Engine
from chatproject.sockets.manager import FanOutManager
from chatproject.sockets.namespace import Namespace
from chatproject.sockets.packets import StrictJSON, TextPacket
from chatproject.sockets.polling import PollingEngine
from chatproject.sockets.server import Server
from chatproject.sockets.uvicorn_websocket import FrameWebSocket

from .support import Echo, Stage, socket_of
from .test_uvicorn_websocket import Wire

FLOORS = {
    # Before these, a client without session could run another namespace's events, and joining rooms
    # on connection was broken.
    "python-socketio": "5.18.1",
    "python-engineio": "4.15.1",
    # Before this one, its WebSockets knew no back-pressure.
    "uvicorn": "0.52.1",
    "django": "5.2.19",
    "h11": "0.16",
}


@pytest.mark.parametrize("package", FLOORS)
def test_no_version_with_a_known_hole_is_installed(package):
    assert Version(importlib.metadata.version(package)) >= Version(FLOORS[package])


def parameters(function):
    return [name for name in inspect.signature(function).parameters if name != "self"]


OVERRIDDEN = {
    "_handle_eio_connect": ["eio_sid", "environ"],
    "_handle_eio_message": ["eio_sid", "data"],
    "_handle_eio_disconnect": ["eio_sid", "reason"],
}


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_what_is_overridden_is_still_there_and_called_the_same(name):
    theirs, ours = getattr(socketio.AsyncServer, name), getattr(Server, name)
    assert ours is not theirs
    assert parameters(theirs) == OVERRIDDEN[name]
    assert len(parameters(ours)) == len(parameters(theirs))
    assert inspect.iscoroutinefunction(theirs)
    assert inspect.iscoroutinefunction(ours)


@pytest.mark.parametrize("name", ["emit", "disconnect", "shutdown", "handle_request", "register_namespace"])
def test_what_is_public_is_still_there(name):
    assert callable(getattr(socketio.AsyncServer, name))


def test_namespaces_are_triggered_by_the_name_that_is_shut():
    assert parameters(socketio.AsyncNamespace.trigger_event) == ["event", "args"]
    assert Namespace.trigger_event is not socketio.AsyncNamespace.trigger_event


CALLED = [
    (AsyncManager.trigger_callback, ["sid", "id", "data"], True),
    (AsyncManager._generate_ack_id, ["sid", "callback"], False),
    (AsyncManager.initialize, [], False),
    (engineio.AsyncServer.generate_id, [], False),
]


@pytest.mark.parametrize(
    ("function", "names", "is_async"), CALLED, ids=lambda value: getattr(value, "__name__", "")
)
def test_what_is_called_takes_what_it_is_given(function, names, is_async):
    assert parameters(function) == names
    assert inspect.iscoroutinefunction(function) is is_async


def test_packets_are_made_and_read_in_the_way_that_is_overridden():
    made = parameters(packet.Packet.__init__)
    assert made == ["packet_type", "data", "namespace", "id", "binary", "encoded_packet"]
    assert parameters(packet.Packet.decode) == ["encoded_packet"]
    assert parameters(packet.Packet.encode) == []
    assert packet.Packet.uses_binary_events is True
    assert hasattr(packet.Packet, "json")
    kinds = [packet.CONNECT, packet.DISCONNECT, packet.EVENT, packet.ACK, packet.CONNECT_ERROR]
    assert kinds == [0, 1, 2, 3, 4]


async def test_the_engine_reports_to_what_is_overridden(stage: Stage):
    server = (await stage.serve(Echo("/"))).server
    assert server.eio.handlers == {
        "connect": server._handle_eio_connect,
        "message": server._handle_eio_message,
        "disconnect": server._handle_eio_disconnect,
    }


async def test_the_server_is_set_up_as_it_has_to_be(stage: Stage):
    server = (await stage.serve(Echo("/"), frame_bytes=5000, ping_interval=7, ping_timeout=3)).server
    assert server.async_handlers is False  # else one client's events overtake each other
    assert server.always_connect is False
    assert server.packet_class is TextPacket
    assert server.packet_class.json is StrictJSON
    assert type(server.manager) is FanOutManager
    engine = server.eio
    assert type(engine) is Engine
    assert engine.frame_bytes == engine.max_http_buffer_size == 5000
    assert (engine.ping_interval, engine.ping_timeout) == (7, 3)
    for library in (server.logger, engine.logger):
        assert not library.isEnabledFor(logging.WARNING)  # they log payloads and session ids


@pytest.mark.parametrize("kind", [Engine, PollingEngine])
def test_requests_are_not_answered_by_python_engineio_whose_options_for_that_say_nothing_here(kind):
    theirs = {"_handle_connect", "_cors_headers", "_upgrades"}
    assert all(hasattr(engineio.AsyncServer, name) for name in theirs)
    assert kind.handle_request is not engineio.AsyncServer.handle_request
    assert "_open" in _names_used_in(kind)
    assert not theirs & _names_used_in(kind)


def _names_used_in(kind):
    """The names that a class's own functions, and those of its parents among ours, use."""
    ours = [one for one in kind.__mro__ if one.__module__.startswith("chatproject.")]
    functions = [value for one in ours for value in vars(one).values() if inspect.isfunction(value)]
    return {name for function in functions for name in function.__code__.co_names}


async def test_what_python_socketio_is_asked_about_rooms_it_reads_from_our_tables(stage: Stage):
    app = await stage.serve(Echo("/"))
    server = app.server
    entry, other = await stage.enter(app), await stage.enter(app)
    await server.enter_room(entry.sid, "hall")
    assert server.rooms(entry.sid) == [entry.sid, "hall"]
    assert server.rooms(other.sid) == [other.sid]
    assert server.transport(entry.sid) == "websocket"
    await server.leave_room(entry.sid, "hall")
    assert server.rooms(entry.sid) == [entry.sid]
    await server.enter_room(entry.sid, "hall")
    await server.close_room("hall")
    assert server.rooms(entry.sid) == [entry.sid]
    assert list(server.namespace_handlers) == ["/"]


async def test_python_socketio_keeps_who_waits_for_an_answer_where_it_is_forgotten(stage: Stage):
    app = await stage.serve(Echo("/"))
    manager, entry = app.server.manager, await stage.enter(app)
    socket = socket_of(app, entry)
    assert [manager.ask(socket, print), manager.ask(socket, repr)] == [1, 2]
    assert manager.callbacks[entry.sid][1] is print
    manager.forget(socket, 1)
    assert list(manager.callbacks[entry.sid]) == [0, 2]  # 0 is where it counts
    manager.forget_all(socket)
    assert entry.sid not in manager.callbacks


def test_the_manager_replaces_what_reads_or_writes_the_tables():
    for name in (
        "emit get_participants get_rooms is_connected eio_sid_from_sid sid_from_eio_sid basic_enter_room "
        "basic_leave_room basic_close_room"
    ).split():
        theirs, ours = getattr(AsyncManager, name), getattr(FanOutManager, name)
        assert ours is not theirs
        assert parameters(ours)[: len(parameters(theirs))][:3] == parameters(theirs)[:3]


UVICORN = {
    "connection_made": ["transport"],
    "connection_lost": ["exc"],
    "data_received": ["data"],
    "handle_connect": ["event"],
    "handle_ping": [],
    "handle_parser_exception": [],
    "on_task_complete": ["task"],
    "pause_writing": [],
    "receive": [],
    "resume_writing": [],
    "run_asgi": [],
    "send": ["message"],
    "send_500_response": [],
    "send_receive_event_to_app": [],
    "start_keepalive": [],
}
AWAITED = {"receive", "run_asgi", "send"}


@pytest.mark.parametrize("name", UVICORN)
def test_uvicorns_protocol_has_what_ours_builds_on(name):
    theirs, ours = getattr(WebSocketsSansIOProtocol, name), getattr(FrameWebSocket, name)
    assert parameters(theirs) == UVICORN[name]
    assert len(parameters(ours)) == len(UVICORN[name])
    for function in (theirs, ours):
        assert inspect.iscoroutinefunction(function) is (name in AWAITED)


def test_uvicorns_protocol_keeps_nothing_that_ours_has_not_got():
    """Ours is made without what makes its parent, so it has to set by itself whatever the parent reads."""
    config = uvicorn.Config(print, log_config=None, interface="asgi3")
    config.load()
    loop = asyncio.new_event_loop()
    theirs, ours = (
        kind(config=config, server_state=ServerState(), app_state={}, _loop=loop)
        for kind in (WebSocketsSansIOProtocol, FrameWebSocket)
    )
    for protocol in (theirs, ours):
        protocol.connection_made(Wire())
    loop.close()
    assert {"conn", "queue", "scheme", "writable"} <= vars(theirs).keys()
    assert vars(theirs).keys() - set(dir(ours)) == set()
    for name in ("close_timeout", "curr_msg_data_type", "default_headers", "ping_sent_at", "root_path"):
        assert getattr(ours, name) == getattr(theirs, name)


REQUESTS = {
    "connection_made": ["transport"],
    "connection_lost": ["exc"],
    "data_received": ["data"],
    "handle_websocket_upgrade": [],
    "on_body": ["body"],
    "on_header": ["name", "value"],
    "on_headers_complete": [],
    "on_message_begin": [],
    "on_message_complete": [],
    "send_400_response": ["msg"],
}


@pytest.mark.parametrize("name", REQUESTS)
def test_uvicorns_protocol_for_requests_is_told_what_ours_bounds(name):
    for kind in (HttpToolsProtocol, BoundedHttp):
        assert parameters(vars(kind)[name]) == REQUESTS[name]
    config = uvicorn.Config(print, log_config=None, interface="asgi3")
    loop = asyncio.new_event_loop()
    protocol = HttpToolsProtocol(config, ServerState(), {}, loop)
    loop.close()
    assert {"client", "cycle", "flow", "headers", "scope", "transport"} <= vars(protocol).keys()


@pytest.mark.parametrize("state", [State.CONNECTING, State.OPEN])
def test_the_full_parser_can_begin_before_or_after_the_handshake(state):
    parser = ServerProtocol(state=state, max_size=1000, logger=logging.getLogger("mute"))
    assert parser.state is state
    assert parser.parser_exc is None
    for name in ("receive_data", "events_received", "data_to_send", "accept", "send_close", "send_response"):
        assert callable(getattr(parser, name))


def test_masks_are_taken_off_by_what_websockets_has_for_it():
    assert apply_mask(b"abc", b"\0\0\0\1") == b"abc"
    assert apply_mask(bytes(5), b"\1\2\3\4") == b"\1\2\3\4\1"


def test_the_reasons_of_an_end_have_their_names():
    reason = socketio.AsyncServer.reason
    assert reason.CLIENT_DISCONNECT == "client disconnect"
    assert reason.SERVER_DISCONNECT == "server disconnect"
    assert reason.PING_TIMEOUT == "ping timeout"
    assert reason.TRANSPORT_CLOSE == "transport close"


async def test_the_console_of_python_socketio_is_not_used(stage: Stage):
    """It takes /admin for itself, and shows every user's cookies to whoever enters."""
    server = (await stage.serve(Echo("/"), Echo("/admin"))).server
    assert isinstance(server.namespace_handlers["/admin"], Echo)
    assert set(server.handlers) == set()
