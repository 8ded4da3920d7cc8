"""What a client of long-polling is told: it waits until a GET asks for it."""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.typing import ASGIReceiveCallable

from chatproject.sockets.frames import text_frame, texts
from chatproject.sockets.line import Line
from chatproject.sockets.polling.request import Gone

ANSWER_BYTES = 65_536  # of one GET's answer, unless one packet alone is longer

_CLOSE, _NOOP = "1", "6"


class PollCarrier:
    """Keeps what is sent until a GET asks for it."""

    def __init__(self) -> None:
        self.over = asyncio.Event()  # nothing comes any more
        self.is_heard = False  # whether a POST is being read or handled
        self.saying = asyncio.Lock()  # held while what came by one POST is handled
        self.is_claimed = False  # by a WebSocket that may yet take it over
        self.is_moving = False  # to a WebSocket
        self._waiting: list[str] = []
        self._unsent = 0
        self._poll: asyncio.Future[None] | None = None
        self._is_last = False

    @property
    def is_polled(self) -> bool:
        """Whether a GET waits."""
        return self._poll is not None

    def write(self, frames: bytes) -> None:
        for text in texts(frames):
            self._put(text)

    def unsent(self) -> int:
        return self._unsent

    async def close(self, code: int) -> None:
        self._is_last = True
        self._put(_CLOSE)
        await self.over.wait()

    def abort(self) -> None:
        self.take_all()
        self.over.set()
        self._wake()

    def end(self, word: str) -> None:
        """Nothing more; a GET that waits is told what there is, and this last word."""
        if self.is_polled:
            self._put(word)
        self.over.set()

    async def poll(self, receive: ASGIReceiveCallable) -> list[str]:
        """What is there, as soon as something is; nothing if nothing comes any more. Raises `Gone`."""
        self._poll = asyncio.get_running_loop().create_future()
        gone: asyncio.Future[Any] = asyncio.ensure_future(receive())
        try:
            if not self._waiting and not self.is_moving:
                await asyncio.wait([self._poll, gone], return_when=asyncio.FIRST_COMPLETED)
                if not self._poll.done():
                    raise Gone
        finally:
            gone.cancel()
            self._poll = None
        return self._take() or ([_NOOP] if self.is_moving else [])

    def move(self) -> None:
        """What is sent from now on goes by WebSocket: GETs are answered at once, with nothing."""
        self.is_moving = True
        self._wake()

    def take_all(self) -> bytes:
        """All that has not left yet, as frames."""
        waiting, self._waiting, self._unsent = self._waiting, [], 0
        return b"".join(map(text_frame, waiting))

    def _put(self, text: str) -> None:
        self._waiting.append(text)
        self._unsent += len(text.encode())
        self._wake()

    def _wake(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def _take(self) -> list[str]:
        count = size = 0
        for text in self._waiting:
            size += len(text.encode())
            if count and size > ANSWER_BYTES:
                size -= len(text.encode())
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        self._unsent -= size
        if self._is_last and not self._waiting:
            self.over.set()
        return taken


class PollingLine(Line):
    """A line that began with long-polling."""

    __slots__ = ()

    @property
    def transport(self) -> str:  # type: ignore[override]
        return "polling" if isinstance(self.carrier, PollCarrier) else "websocket"
