"""Figures of the process: what it holds, and how late its loop is."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from chatproject.sockets.server import Server

TICK = 0.02  # seconds between two looks at how late the loop is
PAGE = 4096  # bytes


class Stats:
    """What a server holds; the first question begins to watch its loop."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lag = 0.0
        self._watching = False

    def read(self) -> dict[str, float]:
        """The figures of now; `lag` is the latest that the loop was since the last question, in seconds."""
        if not self._watching:
            self._watching = True
            self._watch()
        server, lag = self._server, self._lag
        self._lag = 0.0
        loop = asyncio.get_running_loop()
        sweeping = server.eio._sweeping
        return {
            "rss": int(Path("/proc/self/statm").read_text().split()[1]) * PAGE,
            "lines": len(server.eio.lines),
            "sockets": sum(len(rooms.get(None, ())) for rooms in server.manager.rooms.values()),
            "rooms": sum(len(rooms) for rooms in server.manager.rooms.values()),
            "entering": len(server._entering),
            "acks": sum(map(len, server.manager.callbacks.values())),
            "tasks": len(asyncio.all_tasks()),
            "fds": len(list(Path("/proc/self/fd").iterdir())),
            "writes": server.writes.waiting,
            "database_threads": sum(thread.name.startswith("database") for thread in threading.enumerate()),
            "sweep_lag": max(0.0, loop.time() - sweeping.when()) if sweeping else 0.0,
            "lag": lag,
        }

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + TICK

        def look() -> None:
            self._lag = max(self._lag, loop.time() - due)
            self._watch()

        loop.call_later(TICK, look)
