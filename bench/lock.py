"""Keeps two benchmarks from measuring each other."""

import contextlib
import fcntl
from collections.abc import Iterator

from .places import CACHE


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One benchmark at a time in this folder. Ends the program if another runs."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("Another benchmark is running here.") from None
        yield
