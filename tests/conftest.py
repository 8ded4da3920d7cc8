"""Fixtures for all tests: the cast, two rooms, pages with their static files, and a real server process."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection

from accounts.guests import Guest
from accounts.models import User
from rooms.models import Membership, Room
from tests.support import machine
from tests.support.people import person, room
from tests.support.postgresql import end_sessions, new_database
from tests.support.server import Server, manage, running

# For what is run now and then: `--hypothesis-profile=long`.
hypothesis.settings.register_profile(
    "long", max_examples=200, stateful_step_count=50, deadline=None, database=None, print_blob=True
)

NewServer = Callable[..., AbstractContextManager[Server]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgresql",
        action="store_true",
        help="run the tests that use the database on PostgreSQL (at TEST_DATABASE_URL)",
    )
    parser.addoption(
        "--long",
        action="store_true",
        help="take each fault's whole time, and run the tests marked long",
    )
    parser.addoption(
        "--soak", type=float, default=2, help="minutes that the long day of tests/faults takes (%(default)s)"
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.option.postgresql and (reason := machine.missing("postgresql")):
        pytest.exit(f"The tests on PostgreSQL are skipped: {reason}", returncode=int(machine.CI))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, keeps what uses the database without a browser: the rest would only be run twice."""
    if config.option.postgresql:
        _keep(config, items, _uses_database)
    if not config.option.long:
        _keep(config, items, lambda item: not item.get_closest_marker("long"))


def _keep(config: pytest.Config, items: list[pytest.Item], wanted: Callable[[pytest.Item], bool]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = [item for item in items if wanted(item)]


def _uses_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "django_db_setup", "server", "served"}
    return not any("chromium" in marker.args for marker in item.iter_markers("needs")) and bool(
        item.get_closest_marker("django_db") or fixtures & set(getattr(item, "fixturenames", []))
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            machine.require(name)


@pytest.fixture(scope="session", autouse=True)
def sessions_ended(request: pytest.FixtureRequest) -> Iterator[None]:
    """On PostgreSQL, nobody uses the tests' database any more when it is dropped: no thread, no pool."""
    if not request.config.option.postgresql:
        yield
        return
    request.getfixturevalue("django_db_setup")  # what is asked for here ends after this
    yield
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of PostgreSQL
    end_sessions(connection.settings_dict["NAME"])


# --- Pages and servers --------------------------------------------------------------------------
@pytest.fixture(scope="session", autouse=True)
def static_files() -> Path:
    """The collected static files: every page needs their hashed names."""
    call_command("collectstatic", interactive=False, verbosity=0)
    return Path(settings.STATIC_ROOT)


@pytest.fixture(scope="session")
def data_template(static_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a migrated SQLite file and the static files, to be copied."""
    data_dir = tmp_path_factory.mktemp("template")
    manage(data_dir, "migrate", "--verbosity", "0")
    shutil.copytree(static_files, data_dir / "static")
    return data_dir


@pytest.fixture(scope="session")
def new_server(
    request: pytest.FixtureRequest, data_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> NewServer:
    """Starts a server on data of its own that nobody has visited yet; ends it with the `with` block."""

    @contextlib.contextmanager
    def new_server(**settings: str) -> Iterator[Server]:
        with contextlib.ExitStack() as ending:
            data_dir = tmp_path_factory.mktemp("server")
            if request.config.option.postgresql:
                settings["DATABASE_URL"] = ending.enter_context(new_database())
                manage(data_dir, "migrate", "--verbosity", "0", **settings)
            yield ending.enter_context(running(data_template, data_dir, **settings))

    return new_server


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Iterator[Server]:
    """A server that nobody owns yet: for tests that leave it so."""
    with new_server() as server:
        yield server


@pytest.fixture(scope="module")
def served(new_server: NewServer) -> Iterator[Server]:
    """A server whose owner is olivia, an open community."""
    with new_server() as server:
        server.first_run()
        yield server


# --- The cast -----------------------------------------------------------------------------------
@pytest.fixture
def owner(db: None) -> User:
    """Owns lobby and den."""
    return person("owner")


@pytest.fixture
def member(db: None) -> User:
    """Belongs to lobby and den."""
    return person("member")


@pytest.fixture
def outsider(db: None) -> User:
    """Has an account, and belongs to no room."""
    return person("outsider")


@pytest.fixture
def guest() -> Guest:
    """Has no account, but a name."""
    return Guest(name="Gus", key="0" * 32)


@pytest.fixture
def staff(db: None) -> User:
    """May do everything in the Django admin and the console, without being the owner; belongs to no room."""
    staff = person("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["accounts", "rooms"]))
    return staff


@pytest.fixture
def lobby(owner: User, member: User) -> Room:
    """A public room where guests read and post."""
    return room(
        "lobby", owner=owner, members=(member,), everyone=True, guests_may_read=True, guests_may_post=True
    )


@pytest.fixture
def moderator(lobby: Room) -> User:
    """Keeps order in lobby, where member and owner are; no staff."""
    moderator = person("moderator")
    Membership.objects.create(room=lobby, user=moderator, role=Membership.Role.MODERATOR)
    return moderator


@pytest.fixture
def administrator(db: None) -> User:
    """Runs the place, and belongs to no room."""
    return person("administrator", is_staff=True, is_superuser=True)


@pytest.fixture
def den(owner: User, member: User) -> Room:
    """A private room."""
    return room("den", owner=owner, members=(member,), kind=Room.Kind.PRIVATE)
