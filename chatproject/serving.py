"""Runs the ASGI application under uvicorn: the listening sockets, the options, and an end in bounded time."""

import contextlib
import gc
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

import uvicorn
from django.conf import settings

from chatproject.bounded_http import BoundedHttp
from chatproject.sockets.uvicorn_websocket import FrameWebSocket

HIGHEST_PORT = 65_535
BACKLOG = 2048  # connections that wait to be accepted
DEAD_PEER_TIMEOUT = 15_000  # milliseconds that sent bytes may stay unacknowledged
SHUTDOWN_TIMEOUT = 5  # seconds that open connections have to finish
COLLECTOR_THRESHOLDS = (20_000, 20, 20)  # new objects, and rounds of each younger generation
LARGEST_FRAME = 16 * 1024 * 1024  # bytes; uvicorn's own maximum, where the settings name none


def server_config(application: Any) -> uvicorn.Config:
    """Uvicorn's options for `application`; nothing is left to uvicorn's own environment variables."""
    return uvicorn.Config(
        application,
        interface="asgi3",
        lifespan="on",
        loop="uvloop",
        http=BoundedHttp,
        ws=FrameWebSocket,
        ws_max_size=settings.FRAME_BYTES or LARGEST_FRAME,
        ws_max_queue=settings.PENDING_EVENTS,  # as many frames are read in one turn, too
        # A chat's frames are small: deflate would double a socket's memory and let in compression bombs.
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # Engine.IO pings its clients itself
        workers=1,
        backlog=BACKLOG,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
        # A request line holds the query string, and with it Engine.IO's session id.
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.TRUSTED_PROXIES),
        forwarded_allow_ips=list(settings.TRUSTED_PROXIES),
    )


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets listening on every address of `host`, on one port; 0 is any free one. Raises OSError."""
    if not 0 <= port <= HIGHEST_PORT:
        raise OSError(f"a port is a number up to {HIGHEST_PORT}")
    sockets: list[socket.socket] = []
    with contextlib.ExitStack() as opened:
        for family, address in _addresses(host, port):
            listener = opened.enter_context(_listener(family, address, port))
            port = listener.getsockname()[1]
            sockets.append(listener)
        opened.pop_all()
    return sockets


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _listener(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # On POSIX systems create_server sets SO_REUSEADDR: a restart need not wait for old connections.
    listener = socket.create_server((address, port), family=family, backlog=BACKLOG)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Accepted connections inherit it: a peer that vanished is noticed even while bytes wait for it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_TIMEOUT)
    return listener


def base_url(host: str, listener: socket.socket) -> str:
    """The address to open in a browser."""
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


class Server(uvicorn.Server):
    """A uvicorn server that calls `on_start` once it accepts connections."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _spare_the_collector()
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Uvicorn waits for requests that wait for us; the application is told to end too late for that.
        if hasattr(self.config.app, "hang_up"):
            self.config.app.hang_up()
        await super().shutdown(sockets)


def _spare_the_collector() -> None:
    """What has been loaded so far stays, and is not looked through for garbage again and again.

    What comes after is looked through less often than by default: messages make much that is short-lived
    and in no cycle. It halves the longest delays, and gives a tenth more messages per second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


def serve(application: Any, sockets: Sequence[socket.socket], on_start: Callable[[], None]) -> None:
    """Serves `application` until SIGTERM or SIGINT, then closes what is open: WebSockets with 1012."""
    server = Server(server_config(application), on_start)
    # Uvicorn raises the signal again once all is closed; by then it has been obeyed.
    with _obeyed(signal.SIGTERM), contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=list(sockets))


@contextlib.contextmanager
def _obeyed(number: signal.Signals) -> Iterator[None]:
    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    before = signal.signal(number, leave)
    try:
        yield
    finally:
        signal.signal(number, before)
