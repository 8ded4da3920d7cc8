"""A Socket.IO client for tests, which speaks to the ASGI application in the same loop, without a network.

async with Connection(application, cookies={"sessionid": key}) as connection:
    chat = await connection.enter("/")
    ack = await chat.call("post_message", {"room": 1, "client_id": str(uuid4()), "body": "Hi"})
    event = await chat.receive("message_posted")
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Self

from chatproject.sockets.asgi import PATH, Application

TIMEOUT = 5  # seconds, for anything that is waited for


class Refused(Exception):
    """The namespace answered with CONNECT_ERROR: `message` and `data`, as a JavaScript client sees them."""

    def __init__(self, message: str, data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class Closed(Exception):
    """The server closed the connection with `code`, before accepting it if `accepted` is false."""

    def __init__(self, code: int, *, accepted: bool) -> None:
        super().__init__(f"closed with {code}")
        self.code = code
        self.accepted = accepted


class Connection:
    """One WebSocket to the application; several namespaces share it."""

    def __init__(
        self,
        application: Application,
        *,
        cookies: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        address: str = "127.0.0.1",
        scheme: str = "ws",
        path: str = PATH,
    ) -> None:
        sent = {"host": "localhost", "connection": "Upgrade", "upgrade": "websocket", **(headers or {})}
        if cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self._scope = {
            "type": "websocket",
            "scheme": scheme,
            "path": path,
            "query_string": b"EIO=4&transport=websocket",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": (address, 50000),
            "server": ("localhost", 80),
            "subprotocols": [],
            "extensions": {},
        }
        self._application = application
        self._to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._entries: dict[str, Entry] = {}
        self._accepted = False
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        """Opens the connection. Raises `Closed` if it is refused."""
        self._to_server.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.ensure_future(
            self._application(self._scope, self._to_server.get, self._take)  # type: ignore[arg-type]
        )
        await _first(self._opened, self.closed, self._task)
        if self._opened.done():
            return self
        await asyncio.wait_for(self._task, TIMEOUT)  # raises what the application raised, if it did
        raise Closed(self.closed.result(), accepted=self._accepted)

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Goes away without a word, as a browser that is closed does."""
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self._task, TIMEOUT)

    def send_text(self, text: str) -> None:
        """Sends a raw frame."""
        self._to_server.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        """Sends a raw binary frame."""
        self._to_server.put_nowait({"type": "websocket.receive", "bytes": data})

    async def wait_closed(self) -> int:
        """The code with which the server closes the connection."""
        return await asyncio.wait_for(asyncio.shield(self.closed), TIMEOUT)

    async def enter(self, namespace: str = "/", auth: Mapping[str, Any] | None = None) -> Entry:
        """Connects to a namespace. Raises `Refused` with what the server says, if it does."""
        entry = self._entries[namespace] = Entry(self, namespace)
        self.send_text(f"40{entry.prefix}{json.dumps(auth) if auth else ''}")
        await _first(entry.connected, self.closed)
        if not entry.connected.done():
            raise Closed(self.closed.result(), accepted=True) if self.closed.done() else TimeoutError
        entry.sid = entry.connected.result()
        return entry

    async def _take(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "websocket.accept":
            self._accepted = True
        elif event["type"] == "websocket.close":
            self.closed.set_result(event.get("code", 1000))
            self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})
        elif event["type"] == "websocket.send":
            self._read(event["text"])

    def _read(self, text: str) -> None:
        kind, content = text[0], text[1:]
        if kind == "0":
            self._opened.set_result(None)
        elif kind == "2":
            self.send_text("3")
        elif kind == "4":
            namespace, rest = ("/", content[1:])
            if rest.startswith("/"):
                namespace, _, rest = rest.partition(",")
            self._entries[namespace].take(content[0], rest)


class Entry:
    """One namespace of a connection: `call` and `emit` commands, `receive` events."""

    def __init__(self, connection: Connection, namespace: str) -> None:
        self.connection = connection
        self.namespace = namespace
        self.prefix = "" if namespace == "/" else f"{namespace},"
        self.sid = ""
        self.connected: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.disconnected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.events: deque[tuple[str, Any]] = deque()  # received and not asked for yet
        self._arrived = asyncio.Event()
        self._acks: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0

    def emit(self, event: Any, *arguments: Any) -> None:
        """Sends an event without asking for an ack."""
        self.connection.send_text(f"42{self.prefix}{json.dumps([event, *arguments])}")

    async def call(self, event: Any, *arguments: Any) -> Any:
        """Sends an event and returns its ack."""
        self._last_id += 1
        ack = self._acks[self._last_id] = asyncio.get_running_loop().create_future()
        self.connection.send_text(f"42{self.prefix}{self._last_id}{json.dumps([event, *arguments])}")
        return await asyncio.wait_for(ack, TIMEOUT)

    async def receive(self, event: str) -> Any:
        """The payload of the next `event`; others that come before it are passed over."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                while self.events:
                    name, data = self.events.popleft()
                    if name == event:
                        return data
                self._arrived.clear()
                await self._arrived.wait()

    async def received(self, event: str) -> list[Any]:
        """The payloads of all `event`s so far, after whatever was already on its way has arrived."""
        server = self.connection._application.server
        marker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        server.submit(lambda: server.deliver(self._own_sockets(), self.namespace, "marker", {}))
        server.submit(lambda: marker.set_result(None))
        await marker
        if self._own_sockets():
            passed: list[tuple[str, Any]] = []
            async with asyncio.timeout(TIMEOUT):
                while not any(name == "marker" for name, _ in self.events):
                    self._arrived.clear()
                    await self._arrived.wait()
            passed = [item for item in self.events if item[0] != "marker"]
            self.events = deque(passed)
        return [data for name, data in self.events if name == event]

    async def leave(self) -> None:
        """Leaves the namespace; the connection stays."""
        self.connection.send_text(f"41{self.prefix}")

    def take(self, kind: str, rest: str) -> None:
        """Takes one packet of this namespace."""
        if kind == "0":
            self.connected.set_result(json.loads(rest)["sid"])
        elif kind == "4":
            error = json.loads(rest)
            self.connected.set_exception(Refused(error["message"], error.get("data")))
        elif kind == "1":
            self.disconnected.set_result(None)
        elif kind == "3":
            digits = len(rest) - len(rest.lstrip("0123456789"))
            self._acks.pop(int(rest[:digits])).set_result(json.loads(rest[digits:])[0])
        elif kind == "2":
            self._take_event(rest)

    def _take_event(self, rest: str) -> None:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        name, *arguments = json.loads(rest[digits:])
        self.events.append((name, arguments[0] if arguments else None))
        self._arrived.set()
        if digits:
            self.connection.send_text(f"43{self.prefix}{rest[:digits]}{json.dumps([{'ok': True}])}")

    def _own_sockets(self) -> list[Any]:
        members = self.connection._application.server.manager.members(self.namespace, None)
        return [members[self.sid]] if self.sid in members else []


async def _first(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, timeout=TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
