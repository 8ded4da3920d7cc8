"""An end in good order, however the benchmark is asked to stop: what it has started, it ends."""

import asyncio
import signal
from collections.abc import Awaitable
from types import FrameType
from typing import TypeVar, cast

SIGNALS = (signal.SIGINT, signal.SIGTERM)

T = TypeVar("T")


class Interrupted(Exception):
    """Somebody wants the benchmark to stop."""


def watch() -> None:
    """From now on the signals raise Interrupted."""
    for number in SIGNALS:
        signal.signal(number, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    raise Interrupted


async def interruptible(work: Awaitable[T]) -> T:
    """What `work` gives. Raises Interrupted out of it, which a handler of signals cannot do inside a loop."""
    loop, task = asyncio.get_running_loop(), cast("asyncio.Task[object]", asyncio.current_task())
    for number in SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        raise Interrupted from None
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        watch()
