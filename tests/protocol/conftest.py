from collections.abc import AsyncIterator, Iterator

import pytest

from tests.sockets.support import Log, logged

from .host import CARRIERS, POLLING, Host, hosted


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """What is logged; a traceback or error that the test does not ask for fails it."""
    with logged() as log:
        yield log
    assert log.faults() == []


@pytest.fixture(scope="package", params=CARRIERS, ids=str)
def served(request: pytest.FixtureRequest) -> Iterator[Host]:
    """A server over each carrier in turn."""
    with hosted(request.param) as host:
        yield host


@pytest.fixture
async def host(served: Host) -> AsyncIterator[Host]:
    """The server for one test, which may leave nothing behind in it."""
    yield served
    await served.wait_for_nothing_left()


@pytest.fixture(scope="package")
def polling_served() -> Iterator[Host]:
    """A server that speaks long-polling besides."""
    with hosted(POLLING) as host:
        yield host


@pytest.fixture
async def polling_host(polling_served: Host) -> AsyncIterator[Host]:
    """The same for one test, which may leave nothing behind in it."""
    yield polling_served
    await polling_served.wait_for_nothing_left()
