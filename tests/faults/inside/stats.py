"""Figures of the process: what it holds."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from chatproject.sockets.server import Server

PAGE = 4096  # bytes


class Stats:
    """What a server holds."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def read(self) -> dict[str, float]:
        """The figures of now."""
        server = self._server
        return {
            "rss": int(Path("/proc/self/statm").read_text().split()[1]) * PAGE,
            "lines": len(server.eio.lines),
            "sockets": sum(len(rooms.get(None, ())) for rooms in server.manager.rooms.values()),
            "entering": len(server._entering),
            "acks": sum(map(len, server.manager.callbacks.values())),
            "tasks": len(asyncio.all_tasks()),
            "fds": len(list(Path("/proc/self/fd").iterdir())),
            "writes": server.writes.waiting,
            "database_threads": sum(thread.name.startswith("database") for thread in threading.enumerate()),
        }
