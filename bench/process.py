"""A server process: started on a free port, measured, always ended."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import usage
from .load.faults import Fault
from .machine import on_server_core

START_TIMEOUT = 30  # seconds
STOP_TIMEOUT = 10  # seconds
POLL = 0.02  # seconds
LOG_LINES = 15


@dataclass(frozen=True)
class Process:
    """A running server: one process."""

    port: int
    pid: int
    log: Path

    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        return usage.cpu(self.pid)

    def memory(self) -> int:
        """Resident bytes."""
        return usage.memory(self.pid)

    def last_words(self) -> str:
        """The end of what the server has printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])


def free_port() -> int:
    """A port of 127.0.0.1 where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, *, folder: Path, log: Path, environment: Mapping[str, str]
) -> Iterator[Process]:
    """The server that `command` starts, from when it accepts connections on `port`. Raises Fault."""
    with log.open("wb") as output, on_server_core():
        # A session of its own: Ctrl-C reaches the benchmark alone, which then ends the server in good order.
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process = Process(port, child.pid, log)
    try:
        _wait_until_listening(child, process)
        yield process
    finally:
        _end(child)


def _wait_until_listening(child: subprocess.Popen[bytes], process: Process) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Fault(f"The server ended when it was started:\n{process.last_words()}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", process.port), timeout=1).close()
            return
        time.sleep(POLL)
    raise Fault(f"The server did not listen within {START_TIMEOUT} s:\n{process.last_words()}")


def _end(child: subprocess.Popen[bytes]) -> None:
    try:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_TIMEOUT)
    finally:  # even if somebody presses Ctrl-C once more
        child.kill()
        child.wait()
