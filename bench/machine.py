"""The machine that the benchmark runs on, and which of its cores does what."""

import contextlib
import datetime
import os
import platform
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")


def cores() -> list[int]:
    """The cores that this process may use; empty where processes cannot be pinned to cores."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


ALL_CORES = cores()


@contextlib.contextmanager
def on_server_core() -> Iterator[None]:
    """Processes started inside run on a core that the load does not use."""
    _pin(ALL_CORES[:1])
    try:
        yield
    finally:
        pin_load()


def pin_load() -> None:
    """Keeps this process away from the server's core."""
    _pin(ALL_CORES[1:2])


def _pin(wanted: list[int]) -> None:
    if len(ALL_CORES) > 1:
        os.sched_setaffinity(0, wanted)


def allow_many_sockets() -> None:
    """Raises the limit of open files as far as this user may, for the servers as well."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS says "unlimited" and means less
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def description() -> list[tuple[str, str]]:
    """What there is to know when results are compared."""
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("system", f"{platform.system()} {platform.release()}"),
        ("Python", platform.python_version()),
        ("Node", node_version() or "none"),
        ("date", datetime.datetime.now(datetime.UTC).date().isoformat()),
    ]


def node_version() -> str:
    """Node's version, empty if it is not installed."""
    node = shutil.which("node")
    if node is None:
        return ""
    return subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip(
        " v\n"
    )


def _processor() -> str:
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
