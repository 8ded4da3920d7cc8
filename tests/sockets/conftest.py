import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from chatproject.sockets import publishing

from .support import Log, Stage, left_over


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """What is logged; a traceback or error that the test does not ask for fails it."""
    handler, root = Log(), logging.getLogger()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    assert handler.faults() == []


@pytest.fixture
async def stage(log: Log) -> AsyncIterator[Stage]:
    """Servers and clients; when all clients are gone, nothing of them may be left."""
    async with AsyncExitStack() as stack:
        stage = Stage(stack)
        yield stage
    for server in stage.servers:
        assert left_over(server) == {}
    publishing.bind(None)
