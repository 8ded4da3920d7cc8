"""Runs Django's ORM for socket events: in threads of its own, with fresh connections, never in the loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import ParamSpec, TypeVar

from django.conf import settings

from chatproject.connections import release_connections

P = ParamSpec("P")
R = TypeVar("R")


async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The result of `function`, which may use the ORM, from one of `DATABASE_THREADS` threads.

    Cancelling the caller does not stop the thread: what it writes may be committed all the same.
    """
    context = copy_context()
    call = partial(_with_fresh_connections, partial(function, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads(), context.run, call)


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
