"""A database that is away, locked or full: what cannot be kept is refused, until it can."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep, time

import pytest

from tests.faults import oracle
from tests.faults.clients import Clients
from tests.faults.cluster import Cluster
from tests.faults.conftest import NewHost
from tests.faults.host import Host
from tests.support.server import Visitor
from tests.support.waiting import wait_for

RETRIED = {"unavailable", "no_answer", "offline"}  # refusals after which a client tries again
BACK = 2  # seconds from the end of the fault to the first message that is kept
ANSWER = 0.1  # seconds that a page may take meanwhile
BUSY = 10  # times as long may one take where all take long
USUAL, LEAST_PAGES = 10, 50
DISK_BYTES = 8_000_000


@contextlib.contextmanager
def talking(host: Host, clients: Clients, *, count: int = 3, messages: int = 40) -> Iterator[int]:
    """A room where all have much to say while something happens; in the end it is kept, once."""
    people = host.new_people(count)
    users = clients.open(host.url, people)
    owner, *members = people
    room = clients.new_room(owner, "Talking", [users[name] for name in members])
    clients.ask("watch", rooms=[room])
    clients.ask("burst", room=room, count=messages, word="talk")
    clients.ask("acked", count=messages // 2)
    yield room
    clients.ask("settled")
    clients.ask("level", versions=host.store().versions(room))
    journals = clients.journals()
    assert set().union(*(journal.codes for journal in journals.values())) <= RETRIED
    oracle.nothing_lost_nothing_twice(host.store(), journals, [room])


def say_more(clients: Clients, room: int) -> None:
    """Everybody goes on talking, however much they had to say before."""
    clients.ask("burst", room=room, count=2, word="and more")


def refused(clients: Clients, code: str) -> bool:
    """Whether somebody's message was refused with `code` by now."""
    return any(code in journal.codes for journal in clients.journals().values())


def first_ack(clients: Clients, since: float) -> float:
    """How many seconds after `since` the first message was acked."""
    times = [ack["at"] / 1000 for journal in clients.journals().values() for ack in journal.acked]
    return min((moment for moment in times if moment >= since), default=float("inf")) - since


@contextlib.contextmanager
def quick_pages(host: Host, path: str = "/healthz") -> Iterator[None]:
    """A page is asked for again and again meanwhile: 99 of 100 come within `ANSWER`."""
    taken: list[float] = []
    over = Event()
    visitor = Visitor(host.url)

    def take() -> float:
        began = monotonic()
        visitor.get(path)
        return monotonic() - began

    def ask() -> None:
        while not over.is_set() or len(taken) < LEAST_PAGES:
            taken.append(take())

    usual = max(take() for _ in range(USUAL))
    asking = Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()
    slow = [seconds for seconds in taken if seconds > max(ANSWER, BUSY * usual)]
    assert len(slow) <= max(1, len(taken) // 100), slow


@pytest.mark.parametrize(
    "seconds", [0, pytest.param(5, marks=pytest.mark.long), pytest.param(20, marks=pytest.mark.long)]
)
def test_a_postgresql_that_crashes_is_felt_as_a_pause(
    host_on_postgresql: Host, cluster: Cluster, clients: Clients, seconds: float
):
    with talking(host_on_postgresql, clients) as room:
        with quick_pages(host_on_postgresql):
            cluster.stop()
            say_more(clients, room)
            if seconds:
                sleep(seconds)
                assert wait_for(lambda: refused(clients, "unavailable"))
            cluster.start()
        up = time()
        clients.ask("settled")
        assert not seconds or first_ack(clients, up) <= BACK
    assert not any(journal.disconnects for journal in clients.journals().values())


@contextlib.contextmanager
def locked(database: Path | str) -> Iterator[None]:
    """Another process holds the SQLite file for itself."""
    script = (
        "import sqlite3, sys; held = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None);"
        " held.execute('BEGIN EXCLUSIVE'); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin and holder.stdout
        assert holder.stdout.readline()
        try:
            yield
        finally:
            holder.stdin.close()


def test_a_sqlite_file_that_is_locked_for_a_moment_keeps_writes_waiting(on_sqlite: Host, clients: Clients):
    with talking(on_sqlite, clients) as room, quick_pages(on_sqlite):
        with locked(on_sqlite.database):
            say_more(clients, room)
            assert wait_for(lambda: on_sqlite.stats()["writes"] == 3), on_sqlite.stats()
        clients.ask("settled")
        assert not refused(clients, "unavailable")


@pytest.mark.parametrize("seconds", [0, pytest.param(30, marks=pytest.mark.long)])
def test_a_sqlite_file_that_stays_locked_refuses_writes_until_it_is_free(
    on_sqlite: Host, clients: Clients, seconds: float
):
    with talking(on_sqlite, clients) as room:
        with quick_pages(on_sqlite), locked(on_sqlite.database):
            say_more(clients, room)
            assert wait_for(lambda: refused(clients, "unavailable"))
            reader = next(iter(clients.journals()))
            assert clients.command(reader, "sync", rooms={})["rooms"]  # what only reads is answered
            sleep(seconds)
        free = time()
        clients.ask("settled")
        assert not seconds or first_ack(clients, free) <= BACK
    assert not any(journal.disconnects for journal in clients.journals().values())


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of a few megabytes; skips where this machine lets nobody mount one."""
    folder = Path(tempfile.mkdtemp(prefix="chat-disk-"))
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)]
    done = subprocess.run(mounting, capture_output=True, text=True, check=False)
    if done.returncode:
        folder.rmdir()
        pytest.skip(f"needs a file system of its own: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def fill(disk: Path) -> Path:
    """A file that leaves nothing of a disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return filler


def test_a_disk_that_is_full_refuses_writes_until_there_is_space(
    new_host: NewHost, clients: Clients, small_disk: Path, long: bool
):
    with new_host(database=small_disk / "chat.sqlite3") as host:
        with talking(host, clients) as room:
            filler = fill(small_disk)
            say_more(clients, room)
            assert wait_for(lambda: refused(clients, "unavailable"))
            reader = next(iter(clients.journals()))
            assert clients.command(reader, "sync", rooms={})["rooms"]
            assert Visitor(host.url).get("/readyz")[0] == 200
            filler.unlink()
            freed = time()
            clients.ask("settled")
            assert not long or first_ack(clients, freed) <= BACK
        assert not any(journal.disconnects for journal in clients.journals().values())
        assert host.server.exit_status is None
        assert "Traceback" not in host.server.log()
