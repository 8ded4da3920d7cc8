"""Servers that are killed, starved and cut off, and many clients that have to live with it."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from tests.faults.clients import Clients
from tests.faults.cluster import Cluster, new_cluster
from tests.faults.host import Host
from tests.faults.proxy import ChaosProxy
from tests.support import machine
from tests.support.server import manage, running

SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
    # Whoever is gone is noticed in a second, not in eighteen.
    "PING_INTERVAL": "0.5",
    "PING_TIMEOUT": "0.5",
    # And whoever writes while the SQLite file is locked waits one, not ten.
    "LOCK_TIMEOUT": "1",
}

NewHost = Callable[..., AbstractContextManager[Host]]
Say = Callable[[str], None]


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether there is time for the whole of each fault (`--long`)."""
    return bool(request.config.option.long)


@pytest.fixture(scope="session")
def soak(request: pytest.FixtureRequest) -> float:
    """How many minutes a long day lasts (`--soak`)."""
    return float(request.config.option.soak)


@pytest.fixture
def say(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Say:
    """Says a figure that whoever runs the tests wants to know."""

    def say(figure: str) -> None:
        with capsys.disabled():
            request.config.get_terminal_writer().line(f"\n{figure}")

    return say


@pytest.fixture(scope="session")
def new_host(data_template: Path, tmp_path_factory: pytest.TempPathFactory) -> NewHost:
    """Starts a server with a back door, owned by olivia; on a PostgreSQL or a SQLite file if one is given."""

    @contextlib.contextmanager
    def new_host(
        cluster: Cluster | None = None, database: Path | None = None, **settings: str
    ) -> Iterator[Host]:
        data_dir = tmp_path_factory.mktemp("host")
        settings = {**SETTINGS, **settings}
        if cluster:
            settings["DATABASE_URL"] = cluster.url
            manage(data_dir, "migrate", "--verbosity", "0", **settings)
        elif database:
            settings["DATABASE_URL"] = f"sqlite:///{database}"
            shutil.copy(data_template / "chat.sqlite3", database)
        with running(data_template, data_dir, **settings) as server:
            server.first_run()
            yield Host(server, cluster.url if cluster else database or data_dir / "chat.sqlite3")

    return new_host


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that tests may stop and start."""
    machine.require("initdb")
    with new_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def hosts(new_host: NewHost) -> Iterator[Callable[[Cluster | None], Host]]:
    """The host on SQLite, and that on a PostgreSQL; each is made once, when it is first asked for."""
    made: dict[Cluster | None, Host] = {}
    with ExitStack() as ending:

        def host(cluster: Cluster | None) -> Host:
            if cluster not in made:
                made[cluster] = ending.enter_context(new_host(cluster))
            made[cluster].ensure_running()
            return made[cluster]

        yield host


@pytest.fixture
def on_sqlite(hosts: Callable[[Cluster | None], Host]) -> Host:
    """The shared server on SQLite, alive."""
    return hosts(None)


@pytest.fixture
def host_on_postgresql(hosts: Callable[[Cluster | None], Host], cluster: Cluster) -> Host:
    """The shared server on a PostgreSQL, alive."""
    return hosts(cluster)


@pytest.fixture(params=["sqlite", "postgresql"])
def host(request: pytest.FixtureRequest, hosts: Callable[[Cluster | None], Host]) -> Host:
    """The shared server on SQLite, then that on a PostgreSQL, alive."""
    return hosts(request.getfixturevalue("cluster") if request.param == "postgresql" else None)


@pytest.fixture(scope="session")
def node() -> Iterator[Clients]:
    """The process of all JavaScript clients."""
    machine.require("node")
    with Clients() as clients:
        yield clients


@pytest.fixture
def clients(node: Clients) -> Iterator[Clients]:
    """JavaScript clients; all that a test opens are gone after it."""
    yield node
    node.close()


@pytest.fixture
def proxied() -> Iterator[Callable[[Host], ChaosProxy]]:
    """Makes a network between clients and a server that can be a bad one."""
    with ExitStack() as ending:
        yield lambda host: ending.enter_context(ChaosProxy(host.server.port))
