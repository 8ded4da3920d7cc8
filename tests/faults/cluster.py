"""A PostgreSQL of the tests' own, in a folder for the time of the tests: it can be stopped and started."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.support.machine import postgresql_programs

USER = "postgres"  # PostgreSQL does not run as root
TIMEOUT = 30  # seconds
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "50",
    "fsync": "off",  # a killed PostgreSQL loses nothing by it, only a machine without power would
}


class Cluster:
    """One PostgreSQL on a free port of loopback, with a database `chat`; see `new_cluster`."""

    def __init__(self, folder: Path) -> None:
        programs = postgresql_programs()
        assert programs
        self._programs = programs
        self.folder = folder
        self.port = _free_port()

    def create(self) -> None:
        """Makes it, starts it, and makes its database."""
        self._run("initdb", "--auth", "trust", "--username", "chat", "--no-sync", "--pgdata", self._data)
        self.start()
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE chat")

    @property
    def url(self) -> str:
        return self._address("chat")

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        """Starts it; returns once it answers."""
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
        options += f" -p {self.port} -k {self.folder}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "--wait", "--pgdata", self._data, "--log", log, "--options", options)

    def stop(self, *, check: bool = True) -> None:
        """Stops it as a crash would: the next start recovers."""
        self._run("pg_ctl", "stop", "--wait", "--mode", "immediate", "--pgdata", self._data, check=check)

    def _address(self, database: str) -> str:
        return f"postgres://chat@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", USER, "--", *command]
        # Not through pipes: PostgreSQL itself would inherit them, and they would never end.
        with (self.folder / "output").open("ab") as output:
            done = subprocess.run(
                command, stdout=output, stderr=output, cwd=self.folder, timeout=TIMEOUT, check=False
            )
        assert not check or done.returncode == 0, (self.folder / "output").read_text()


@contextlib.contextmanager
def new_cluster() -> Iterator[Cluster]:
    """A PostgreSQL with an empty database; gone at the end, with all that it held."""
    folder = Path(tempfile.mkdtemp(prefix="chat-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    cluster = Cluster(folder)
    try:
        cluster.create()
        yield cluster
    finally:
        cluster.stop(check=False)
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
