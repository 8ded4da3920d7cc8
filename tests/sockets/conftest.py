from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from chatproject.sockets import publishing

from .carriers import CARRIERS
from .support import Log, Stage, left_over, logged


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """What is logged; a traceback or error that the test does not ask for fails it."""
    with logged() as log:
        yield log
    assert log.faults() == []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of a stage marked `every_carrier` are run over each."""
    if "stage" in metafunc.fixturenames and metafunc.definition.get_closest_marker("every_carrier"):
        metafunc.parametrize("carrier", CARRIERS, indirect=True)


@pytest.fixture
def carrier(request: pytest.FixtureRequest) -> str:
    """The name of what carries the connections."""
    return getattr(request, "param", "websocket.send")


@pytest.fixture
async def stage(log: Log, carrier: str) -> AsyncIterator[Stage]:
    """Servers and clients; when all clients are gone, nothing of them may be left."""
    wire, options = CARRIERS[carrier]
    async with AsyncExitStack() as stack:
        stage = Stage(stack, wire, **options)
        yield stage
    for server in stage.servers:
        assert left_over(server) == {}
    publishing.bind(None)
