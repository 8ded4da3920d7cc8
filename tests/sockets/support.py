"""A stage for tests of the Socket.IO layer: servers, clients, and what is left of them in the end."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from chatproject.sockets.asgi import Application
from chatproject.sockets.namespace import Namespace, Payload
from chatproject.sockets.server import Server
from chatproject.sockets.socket import Socket
from chatproject.sockets.testing import TIMEOUT, Connection, Entry

JOURNAL = "chatproject.sockets.journal"


class Nothing(Payload):
    """An event without a payload."""


class Word(Payload):
    text: str


class Echo(Namespace):
    """Answers what it is told."""

    async def on_echo(self, socket: Socket, payload: Word) -> dict[str, Any]:
        return {"text": payload.text}


class Gate:
    """A middleware, or any other place, that waits until the test opens it."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()
        self.socket: Socket | None = None

    async def __call__(self, socket: Socket | None = None) -> None:
        self.socket = socket
        self.reached.set()
        await self.opened.wait()

    async def wait_reached(self) -> Socket:
        await asyncio.wait_for(self.reached.wait(), TIMEOUT)
        assert self.socket
        return self.socket


class Wire(Connection):
    """A connection that keeps the frames it got, and may stop reading while its `gate` is shut."""

    def __init__(
        self,
        application: Application,
        *,
        more_headers: Sequence[tuple[str, str]] = (),
        query: str = "EIO=4&transport=websocket",
        **options: Any,
    ) -> None:
        super().__init__(application, **options)
        self.scope: dict[str, Any] = self._scope
        sent = [(name.encode(), value.encode()) for name, value in more_headers]
        self.scope["headers"] = [*self.scope["headers"], *sent]
        self.scope["query_string"] = query.encode()
        self.frames: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._framed = asyncio.Event()

    async def frame(self, start: str) -> str:
        """The first frame that begins with `start`, once it is there."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                for text in self.frames:
                    if text.startswith(start):
                        return text
                self._framed.clear()
                await self._framed.wait()

    async def close(self) -> None:
        self.gate.set()
        await super().close()

    async def _take(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "websocket.send":
            await self.gate.wait()
        await super()._take(event)

    def _read(self, text: str) -> None:
        self.frames.append(text)
        self._framed.set()
        if not self._is_answer_to_a_raw_frame(text):
            super()._read(text)

    def _is_answer_to_a_raw_frame(self, text: str) -> bool:
        namespace = text[2:].partition(",")[0] if text[2:3] == "/" else "/"
        if not text.startswith("4") or (entry := self._entries.get(namespace)) is None:
            return text.startswith("4")
        ack = re.match(r"43(?:/[^,]*,)?(\d+)", text)
        return ack is not None and int(ack[1]) not in entry._acks


class Stage:
    """Makes servers and clients, and takes them away again: clients first."""

    def __init__(self, stack: AsyncExitStack, wire: type[Wire] = Wire, **options: Any) -> None:
        self.servers: list[Server] = []
        self._stack = stack
        self._wire = wire
        self._options = options  # of all servers

    async def serve(self, *namespaces: Namespace, **options: Any) -> Application:
        """A started application with these namespaces; the last one started is who `publish` reaches."""
        application = Application(Server(namespaces, **self._options, **options), page)
        await application.start()
        self._stack.push_async_callback(application.stop)
        self.servers.append(application.server)
        return application

    async def open(self, application: Application, **options: Any) -> Wire:
        """A connection without a namespace."""
        return await self._stack.enter_async_context(self._wire(application, **options))

    async def enter(
        self, application: Application, namespace: str = "/", *, auth: Any = None, **options: Any
    ) -> Entry:
        """A new connection that has entered a namespace."""
        wire = await self.open(application, **options)
        return await wire.enter(namespace, auth)


class Log(logging.Handler):
    """All that is logged while a test runs. What looks like a fault of ours has to be asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def faults(self) -> list[str]:
        """The tracebacks and errors so far, taken out."""
        found = [record for record in self.records if record.exc_info or record.levelno >= logging.ERROR]
        self.records = [record for record in self.records if record not in found]
        return [self.format(record) for record in found]

    def lines(self, first_word: str = "") -> list[str]:
        """What the journal says, of one kind if given."""
        lines = [record.getMessage() for record in self.records if record.name == JOURNAL]
        return [line for line in lines if line.startswith(first_word)]

    def text(self) -> str:
        """Everything, tracebacks included."""
        return "\n".join(map(self.format, self.records))


@contextmanager
def logged() -> Iterator[Log]:
    """All that is logged meanwhile, by anybody."""
    log, root = Log(), logging.getLogger()
    root.addHandler(log)
    try:
        yield log
    finally:
        root.removeHandler(log)


async def page(scope: Any, receive: Any, send: Any) -> None:
    """Stands for Django."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a page"})


def left_over(server: Server) -> dict[str, int]:
    """What a server still holds of clients: nothing, when all are gone."""
    held = {
        "environs": len(server.environ),
        "lines": len(server.eio.lines),
        "entering": len(server._entering),
        "rooms": len(server.manager.rooms),
        "children": len(server.children._children),
        "coming": len(server.manager.pending_connect),
        "going": len(server.manager.pending_disconnect),
        "callbacks": len(server.manager.callbacks),
    }
    return {name: count for name, count in held.items() if count}


def event_frame(*content: Any, ack: int | str = "") -> str:
    """An event of `/` as it stands on the wire."""
    return f"42{ack}{json.dumps(list(content))}"


async def fail(socket: Socket) -> None:
    """A middleware with a fault."""
    raise RuntimeError("on purpose")


def socket_of(application: Application, entry: Entry) -> Socket:
    """The server's side of a client."""
    return application.server.manager.members(entry.namespace, None)[entry.sid]
