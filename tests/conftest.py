"""Fixtures for all tests: the cast, two rooms, pages with their static files, and a real server process."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.server import Server, copy_data, manage


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgresql",
        action="store_true",
        help="run the tests that use the database on PostgreSQL (at TEST_DATABASE_URL)",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.option.postgresql and (reason := machine.missing("postgresql")):
        pytest.exit(f"The tests on PostgreSQL are skipped: {reason}", returncode=int(machine.CI))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, keeps what uses this process's database: the rest ran on SQLite and would not differ."""
    if config.option.postgresql:
        config.hook.pytest_deselected(items=[item for item in items if not _uses_database(item)])
        items[:] = [item for item in items if _uses_database(item)]


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", []))
    return "served" not in fixtures and bool(
        item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db", "django_db_setup"}
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            if reason := machine.missing(name):
                (pytest.fail if machine.CI else pytest.skip)(f"needs {name}: {reason}")


# --- Pages and servers --------------------------------------------------------------------------
@contextlib.contextmanager
def _running(data_template: Path, data_dir: Path, **settings: str) -> Iterator[Server]:
    server = Server(copy_data(data_template, data_dir), **settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def data_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a migrated SQLite file and the static files, to be copied."""
    data_dir = tmp_path_factory.mktemp("template")
    manage(data_dir, "migrate", "--verbosity", "0")
    manage(data_dir, "collectstatic", "--noinput", "--verbosity", "0")
    return data_dir


@pytest.fixture(scope="session")
def server(data_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on data of its own that nobody has visited yet: shared by the tests that leave it as it is."""
    with _running(data_template, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def served(data_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on data of its own; olivia owns it, and it is an open community."""
    with _running(data_template, tmp_path_factory.mktemp("served")) as server:
        server.first_run()
        yield server
