"""Other ways to carry a test's connection: frames that are made already, and long-polling."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

from chatproject.sockets.engine import EXTENSION
from chatproject.sockets.frames import texts
from chatproject.sockets.testing import TIMEOUT, Closed, _first

from .support import Wire


class FrameCarrier:
    """Takes frames for a wire, which reads them while its gate is open."""

    def __init__(self, wire: Wire) -> None:
        self.writes: list[bytes] = []  # that came, whether they have been read or not
        self._wire = wire
        self._unread: list[str] = []
        self._unsent = 0
        self._reading: asyncio.Task[None] | None = None

    def write(self, frames: bytes) -> None:
        self.writes.append(frames)
        self._unread += texts(frames)
        self._unsent += len(frames)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read())

    def unsent(self) -> int:
        return self._unsent

    async def close(self, code: int) -> None:
        if self._reading is not None:
            await self._reading
        await self._wire._take({"type": "websocket.close", "code": code})

    def abort(self) -> None:
        self._unread.clear()
        self._wire._to_server.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def _read(self) -> None:
        while self._unread:
            await self._wire.gate.wait()
            unread, self._unread, self._unsent = self._unread, [], 0
            for text in unread:
                self._wire._read(text)


class FramesWire(Wire):
    """Takes ready-made frames, as the product's own WebSocket protocol does."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.carrier = FrameCarrier(self)
        self.scope["extensions"] = {EXTENSION: {"carrier": self.carrier}}


class PollingWire(Wire):
    """Speaks by HTTP requests: a GET that waits, and a POST for each packet."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._sid = ""
        self._gone = asyncio.Event()

    async def __aenter__(self):
        self._task = asyncio.ensure_future(self._live())
        await _first(self._opened, self.closed, self._task)
        if self._opened.done():
            return self
        await asyncio.wait_for(self._task, TIMEOUT)
        raise Closed(self.closed.result(), accepted=False)

    async def _live(self) -> None:
        speaking = asyncio.ensure_future(self._speak())
        while (answer := await self._ask("GET"))[0] == 200:
            for text in answer[1].split("\x1e"):
                await self.gate.wait()
                if text.startswith("0"):
                    self._sid = json.loads(text[1:])["sid"]
                    line = self._application.server.eio.lines[self._sid]
                if text not in "16":
                    self._read(text)
        if self._sid and not self._gone.is_set():
            # A client of long-polling sees no code; this is the one that it would see over WebSocket.
            self.closed.set_result(line.code)
        speaking.cancel()

    async def _speak(self) -> None:
        while (event := await self._to_server.get())["type"] == "websocket.receive":
            body = event.get("text") or "b" + base64.b64encode(event.get("bytes", b"")).decode()
            await self._ask("POST", body)
        self._gone.set()

    async def _ask(self, method: str, body: str = "") -> tuple[int, str]:
        """The status and text of one request's answer; 0 if it was given up."""
        answer: list[Mapping[str, Any]] = []
        query = "EIO=4&transport=polling" + (f"&sid={self._sid}" if self._sid else "")
        scope = {**self.scope, "type": "http", "method": method, "query_string": query.encode()}
        events = [{"type": "http.request", "body": body.encode(), "more_body": False}]

        async def receive() -> dict[str, Any]:
            if events:
                return events.pop()
            await self._gone.wait()
            return {"type": "http.disconnect"}

        async def send(event: Mapping[str, Any]) -> None:
            answer.append(event)

        await self._application(scope, receive, send)  # type: ignore[arg-type]
        return (answer[0]["status"], answer[1]["body"].decode()) if answer else (0, "")


CARRIERS: dict[str, tuple[type[Wire], dict[str, Any]]] = {
    "websocket.send": (Wire, {}),
    "frames": (FramesWire, {}),
    "polling": (PollingWire, {"polling": True}),
}
