"""Waiting for what another process does, with an end."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from tests.support.server import POLL

TIMEOUT = 10  # seconds


def wait_for(question: Callable[[], Any], timeout: float = TIMEOUT) -> Any:
    """The first answer that is true, or what is answered at the end of `timeout` seconds."""
    deadline = monotonic() + timeout
    while not (answer := question()) and monotonic() < deadline:
        sleep(POLL)
    return answer
