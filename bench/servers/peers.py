"""The peers, each written in its own file under `bench/peers/`."""

import contextlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.layout import Layout
from bench.load.dialects import Dialect, PlainJSON, Seat, SocketIO
from bench.places import BENCH, LOG, ROOT
from bench.process import Process, free_port, running

NODE_PACKAGES = BENCH / "peers" / "node" / "node_modules"


@dataclass(frozen=True)
class Peer:
    """A server that takes its port and its database's file from the environment, and anybody who connects."""

    key: str
    label: str
    note: str
    dialect: Dialect
    command: tuple[str, ...]
    missing: Callable[[], str]

    def seats(self, layout: Layout) -> list[Seat]:
        return [Seat(number, 1 + number // layout.size) for number in range(layout.people)]

    @contextlib.contextmanager
    def running(self, layout: Layout, folder: Path) -> Iterator[Process]:
        port = free_port()
        environment = {
            **os.environ,
            "PORT": str(port),
            "DATABASE": str(folder / "peer.sqlite3"),
            "NODE_ENV": "production",
        }
        with running(self.command, port, folder=ROOT, log=folder / LOG, environment=environment) as process:
            yield process


def _without(*modules: str) -> Callable[[], str]:
    def missing() -> str:
        absent = [name for name in modules if importlib.util.find_spec(name) is None]
        return f"{', '.join(absent)} not installed" if absent else ""

    return missing


def _without_node() -> str:
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (NODE_PACKAGES / "better-sqlite3" / "build").is_dir():
        return "its npm packages are not installed"
    return ""


NODE = Peer(
    key="node",
    label="Socket.IO on Node",
    note="Socket.IO 4.8, better-sqlite3",
    dialect=SocketIO(),
    command=("node", "bench/peers/node/server.js"),
    missing=_without_node,
)
UWEBSOCKETS = Peer(
    key="uwebsockets",
    label="uWebSockets, no database",
    note="uWebSockets (C++) through socketify, no database",
    dialect=PlainJSON(hears_itself=True),  # socketify's publish leaves nobody out
    command=(sys.executable, "-m", "bench.peers.uwebsockets"),
    missing=_without("socketify"),
)
PYTHON_SOCKETIO = Peer(
    key="python-socketio",
    label="python-socketio",
    note="python-socketio as it comes, uvicorn, sqlite3",
    dialect=SocketIO(),
    command=(sys.executable, "-m", "bench.peers.python_socketio"),
    missing=_without("socketio", "uvicorn"),
)
CHANNELS = Peer(
    key="channels",
    label="Channels",
    note="Django Channels, in-memory layer, uvicorn, ORM on SQLite",
    dialect=PlainJSON(),
    command=(sys.executable, "-m", "bench.peers.django_channels"),
    missing=_without("channels", "uvicorn"),
)
