"""A small application with two namespaces, under a real ASGI server on a free port, in a thread."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import hypercorn.asyncio
import pytest
import uvloop

from chatproject import serving
from chatproject.sockets.asgi import Application
from chatproject.sockets.namespace import Namespace, Payload
from chatproject.sockets.server import Server
from chatproject.sockets.socket import Socket
from tests.sockets.support import Nothing, left_over, page

PING_INTERVAL = 0.3  # seconds
PING_TIMEOUT = 0.2  # seconds
CONNECT_TIMEOUT = 1.0  # seconds
START_TIMEOUT = 10  # seconds
PATIENCE = 5  # seconds until something has to be so
LOOK = 0.005  # seconds between two looks


class Said(Payload):
    text: str


class Echo(Namespace):
    """Tells each socket what it sent in `auth`, and answers what it is told by an event and by an ack."""

    async def on_connect(self, socket: Socket) -> None:
        self._own(socket, "auth", dict(socket.auth))

    async def on_say(self, socket: Socket, payload: Said) -> dict[str, Any]:
        self._own(socket, "said", {"text": payload.text})
        return {"text": payload.text}

    async def on_flood(self, socket: Socket, payload: Said) -> None:
        for number in range(int(payload.text)):
            self._own(socket, "said", {"text": f"{number:06}" + "x" * 994})

    async def on_leave(self, socket: Socket, payload: Nothing) -> None:
        self.server.of(self.namespace).to(socket.sid).disconnect(close=True)

    def _own(self, socket: Socket, event: str, data: dict[str, Any]) -> None:
        self.server.of(self.namespace).to(socket.sid).emit(event, data)


@dataclass(frozen=True)
class Carrier:
    """What stands between a client and the Socket.IO layer."""

    name: str
    protocol: str = ""  # uvicorn's WebSocket protocol; "": the product's own choice
    hypercorn: bool = False
    polling: bool = False  # whether long-polling is served besides

    def __str__(self) -> str:
        return self.name


PRODUCT = Carrier("uvicorn")
OWN = Carrier("uvicorn with its own protocol", protocol="websockets-sansio")
OTHER = Carrier("uvicorn with another protocol", protocol="wsproto")
HYPERCORN = Carrier("hypercorn", hypercorn=True)
POLLING = Carrier("polling switched on", polling=True)
CARRIERS = [PRODUCT, OWN, OTHER, HYPERCORN, POLLING]


def only(*carriers: Carrier) -> pytest.MarkDecorator:
    """For a test that need not be run over all of them."""
    return pytest.mark.parametrize("served", carriers, indirect=True, ids=str)


class Host:
    """One server that runs until the `with` block of `hosted` ends."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.port = 0

    @property
    def server(self) -> Server:
        return self.application.server

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Waits until something is so in the server's thread, which tells nobody; not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not is_so():  # noqa: ASYNC110
                    await asyncio.sleep(LOOK)

    async def wait_for_nothing_left(self) -> None:
        """Fails if anything of clients that are gone is still held."""
        await self.until(lambda: left_over(self.server) == {})
        assert left_over(self.server) == {}


@contextlib.contextmanager
def hosted(carrier: Carrier, *, send_buffer: int = 0, **options: Any) -> Iterator[Host]:
    """Serves `/` and `/custom` over `carrier`; `send_buffer` bytes are what the system takes for a client."""
    limits = {
        "ping_interval": PING_INTERVAL,
        "ping_timeout": PING_TIMEOUT,
        "connect_timeout": CONNECT_TIMEOUT,
    }
    options = {"polling": carrier.polling, **limits, **options}
    host = Host(Application(Server([Echo("/"), Echo("/custom")], **options), page))
    run = _under_hypercorn if carrier.hypercorn else _under_uvicorn
    (listener,) = serving.listen("127.0.0.1", 0)
    if send_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)  # inherited by what it accepts
    host.port = listener.getsockname()[1]
    with run(host, carrier, listener):
        yield host


@contextlib.contextmanager
def _under_uvicorn(host: Host, carrier: Carrier, listener: socket.socket) -> Iterator[None]:
    config = serving.server_config(host.application)
    if carrier.protocol:
        config.ws = carrier.protocol
        config.ws_max_size = serving.LARGEST_FRAME  # so that the engine's own limit is what counts
    ready = threading.Event()
    server = serving.Server(config, ready.set)

    def stop() -> None:
        server.should_exit = True

    with _in_thread(server.serve(sockets=[listener]), config.get_loop_factory(), stop):
        assert ready.wait(START_TIMEOUT), "the server did not start"
        yield


@contextlib.contextmanager
def _under_hypercorn(host: Host, carrier: Carrier, listener: socket.socket) -> Iterator[None]:
    config = hypercorn.Config()
    config.bind = [f"fd://{listener.detach()}"]
    loop, ended = uvloop.new_event_loop(), asyncio.Event()

    def stop() -> None:
        loop.call_soon_threadsafe(ended.set)

    serving_it = hypercorn.asyncio.serve(host.application, config, shutdown_trigger=ended.wait)  # type: ignore[arg-type]
    with _in_thread(serving_it, lambda: loop, stop):
        yield  # the listener takes connections already, even if nobody answers them yet


@contextlib.contextmanager
def _in_thread(
    life: Coroutine[Any, Any, None],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None,
    stop: Callable[[], None],
) -> Iterator[None]:
    failures: list[BaseException] = []

    def live() -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                runner.run(life)
        except BaseException as error:  # whatever it is, the test shows it
            failures.append(error)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(START_TIMEOUT)
    assert not thread.is_alive(), "the server did not stop"
    assert failures == []
