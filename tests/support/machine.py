"""What the machine that runs the tests has, and what happens where something is missing."""

import functools
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

POSTGRESQL_URL = os.environ.get("TEST_DATABASE_URL", "postgres://test:test@127.0.0.1:5432/test")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
OLDEST_NODE = 20  # the major version that package.json asks for
ANSWER_TIMEOUT = 3  # seconds
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
CI = os.environ.get("CI") == "true"


def chromium() -> str | None:
    """The path of Debian's Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def postgresql_programs() -> Path | None:
    """The folder of initdb and pg_ctl, the newest there are, or None."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    # Debian keeps them where no path leads.
    found_there = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found_there[-1].parent if found_there else None


def _axe() -> str | None:
    return None if AXE.is_file() else "axe-core is not installed (make test does it)"


def _chromium() -> str | None:
    return None if chromium() else "Chromium is not installed"


def _initdb() -> str | None:
    if postgresql_programs() is None:
        return "PostgreSQL's own programs are not installed"
    return "runuser is not installed" if os.geteuid() == 0 and not shutil.which("runuser") else None


def _node() -> str | None:
    node = shutil.which("node")
    if node is None:
        return "Node is not installed"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        return f"Node {version.strip()} is older than {OLDEST_NODE}"
    return None


def _postgresql() -> str | None:
    import psycopg  # noqa: PLC0415  # a suite on SQLite does not load it

    try:
        psycopg.connect(POSTGRESQL_URL, dbname="postgres", connect_timeout=ANSWER_TIMEOUT).close()
    except psycopg.OperationalError as error:
        return f"PostgreSQL does not answer ({str(error).strip().splitlines()[0]})"
    return None


def _redis() -> str | None:
    address = urlsplit(REDIS_URL)
    try:
        host = (address.hostname or "127.0.0.1", address.port or 6379)
        socket.create_connection(host, timeout=ANSWER_TIMEOUT).close()
    except OSError as error:
        return f"Redis does not answer ({error})"
    return None


_CHECKS: dict[str, Callable[[], str | None]] = {
    "axe": _axe,
    "chromium": _chromium,
    "initdb": _initdb,
    "node": _node,
    "postgresql": _postgresql,
    "redis": _redis,
}


@functools.cache
def missing(name: str) -> str | None:
    """Why the machine cannot offer `name`, in one line; None if it can."""
    return _CHECKS[name]()


def require(name: str) -> None:
    """Skips the test, with a line that says why, where the machine lacks `name`; with CI=true it fails."""
    if reason := missing(name):
        (pytest.fail if CI else pytest.skip)(f"needs {name}: {reason}")
