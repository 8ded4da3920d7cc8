"""Runs Django's ORM for socket events: in threads of its own, with fresh connections, never in the loop."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from django.conf import settings

from chatproject.connections import release_connections
from chatproject.sockets.publishing import sender

P = ParamSpec("P")
R = TypeVar("R")


async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The result of `function`, which may use the ORM, from one of `DATABASE_THREADS` threads.

    What one person's events ask for has half of the threads at most, so that it holds up nobody else's.
    Cancelling the caller does not stop the thread: what it writes may be committed all the same.
    """
    context = copy_context()
    call = partial(_with_fresh_connections, partial(function, *args, **kwargs))
    socket = sender.get()
    if socket is None:
        return await asyncio.get_running_loop().run_in_executor(_threads(), context.run, call)
    async with socket.server.shares[socket.counts_for]:
        return await asyncio.get_running_loop().run_in_executor(_threads(), context.run, call)


class Shares:
    """What each may have in the threads at once; who has nothing there is forgotten."""

    def __init__(self) -> None:
        self._shares: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._shares)

    def __getitem__(self, key: Hashable) -> asyncio.Semaphore:
        share = self._shares.get(key)
        if share is None:
            share = self._shares[key] = asyncio.Semaphore(max(1, settings.DATABASE_THREADS // 2))
        return share


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.DATABASE_THREADS, thread_name_prefix="database")


def _with_fresh_connections(function: Callable[[], R]) -> R:
    # No request begins or ends here, so nobody else would drop connections that are used up.
    release_connections()
    try:
        return function()
    except StopIteration as error:
        # No future takes this one: whoever waits would wait for ever.
        raise RuntimeError("StopIteration in a database thread") from error
    finally:
        release_connections()
