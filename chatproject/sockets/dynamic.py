"""Namespaces that come to be when a client asks for them, and are gone when the last one has left."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatproject.errors import RETRY_AFTER, Internal, Unavailable, as_domain_error
from chatproject.sockets.database import in_database
from chatproject.sockets.targets import Target

if TYPE_CHECKING:
    from chatproject.sockets.namespace import Namespace
    from chatproject.sockets.server import Server
    from chatproject.sockets.socket import Socket

log = logging.getLogger(__name__)

TIMEOUT = 5  # seconds that a parent has to decide about a name, and a child to start, and to stop

# The client chooses the name, and it stands in logs and packets: neither spaces nor control characters,
# and no comma or question mark, which end a name on the wire. At most 100 characters.
_NAME = re.compile(r"/[A-Za-z0-9_.~:@/-]{0,99}")

Accepts = Callable[[str, Mapping[str, Any]], bool] | Callable[[str, Mapping[str, Any]], Awaitable[bool]]


class ParentNamespace:
    """A family of namespaces: a client may ask for any name that `accepts` takes.

    `accepts` is a regular expression, which the whole name must match, or a function of the name and what
    the client gave as `auth`. A plain function may use the ORM: it runs in a database thread. An `async`
    one runs on the loop, and must be quick. It is asked for each socket, and refuses by False, or by a
    `DomainError` that says why.

    A child is a namespace like any other, made by `kind(name)` and started with its first socket. The
    parent's own name has a `*` in it, so that it is nobody's: `of("/tenants/*")` and
    `publish(…, namespace="/tenants/*")` reach the sockets of all its children.
    """

    def __init__(self, name: str, kind: Callable[[str], Namespace], accepts: str | Accepts) -> None:
        if not name.startswith("/") or "*" not in name:
            raise ValueError(f"a parent's name begins with / and has a * in it: {name!r}")
        self.name = name
        self.kind = kind
        self._accepts = _matching(accepts) if isinstance(accepts, str) else accepts

    async def accepts(self, name: str, auth: Mapping[str, Any]) -> bool:
        """Whether a client may ask for `name`. Raises a `DomainError` if it may not be told, or not now."""
        try:
            async with asyncio.timeout(TIMEOUT):
                answer = await self._ask(name, auth)
            if not isinstance(answer, bool):
                raise TypeError(f"neither True nor False: {type(answer).__name__}")
        except TimeoutError:
            log.warning("parent out of time ns=%s", self.name, exc_info=True)
            raise Unavailable(retry_after=RETRY_AFTER) from None
        except Exception as error:
            raise as_domain_error(error, log, f"parent failed ns={self.name}") from None
        return answer

    def make(self, name: str) -> Namespace:
        """A new child of that name. Raises a `DomainError` if it cannot be made."""
        try:
            return self.kind(name)
        except Exception as error:
            raise as_domain_error(error, log, f"no child made ns={self.name}") from None

    async def _ask(self, name: str, auth: Mapping[str, Any]) -> object:
        if inspect.iscoroutinefunction(self._accepts):
            return await self._accepts(name, auth)
        return await in_database(self._accepts, name, auth)


class Children:
    """The children of a server's parents.

    One lives from the first client that its parent accepts until nobody is in it or on the way in. Trying
    names leaves nothing behind.
    """

    def __init__(self, server: Server, parents: Iterable[ParentNamespace]) -> None:
        given = list(parents)
        self.parents = {parent.name: parent for parent in given}
        if len(self.parents) < len(given):
            raise ValueError("two parents of one name: which is meant by it?")
        self._server = server
        self._children: dict[str, _Child] = {}
        # By name too, and also of those that nobody can enter any more, until they have stopped.
        self._lives: dict[str, asyncio.Task[None]] = {}

    def names(self, parent: str) -> list[str]:
        """The names of a parent's children."""
        return [name for name, child in self._children.items() if child.parent.name == parent]

    @asynccontextmanager
    async def asked_for(self, name: str, auth: Mapping[str, Any]) -> AsyncIterator[Namespace | None]:
        """The namespace that a client asks for, at least while this context lasts; None if there is none.

        A fixed one comes before all parents. These are asked in their order, and the first that accepts has
        the name; while the child lives, only its own is asked. Raises a `DomainError` if a parent fails,
        for the next one may be less strict.
        """
        handler: Namespace | None = self._server.namespace_handlers.get(name)
        if handler is not None and name not in self._children:
            yield handler
            return
        child = await self._find(name, auth)
        if child is None:
            yield None
            return
        child.keepers += 1
        try:
            if not await asyncio.shield(child.started):
                raise Internal
            yield child.namespace
        finally:
            self._release(child)

    def keep(self, name: str) -> None:
        """Keeps a child, if it is one, until `release`: a socket is in it."""
        if child := self._children.get(name):
            child.keepers += 1

    def release(self, name: str) -> None:
        """A socket has left a namespace."""
        if child := self._children.get(name):
            self._release(child)

    async def stop(self) -> None:
        """Ends all children; sockets that are still in one leave it later."""
        for child in self._children.values():
            child.deserted.set()
        if self._lives:
            await asyncio.wait(list(self._lives.values()))

    async def _find(self, name: str, auth: Mapping[str, Any]) -> _Child | None:
        if not self.parents or not _NAME.fullmatch(name):
            return None
        living = self._children.get(name)
        for parent in [living.parent] if living else self.parents.values():
            if await parent.accepts(name, auth):
                child = self._children.get(name) or self._bring_up(parent, name)
                # While this client's parent thought about it, another may have had the name.
                return child if child.parent is parent else None
        return None

    def _bring_up(self, parent: ParentNamespace, name: str) -> _Child:
        child = self._children[name] = _Child(parent, parent.make(name))
        self._server.register_namespace(child.namespace)
        life = asyncio.ensure_future(self._live(child, self._lives.get(name)))
        self._lives[name] = life
        life.add_done_callback(lambda life: self._forget(name, life))
        return child

    async def _live(self, child: _Child, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])  # what it opened may be closed only now
        started = await self._run(child.namespace.on_start)
        if not started:
            self._remove(child)
        child.started.set_result(started)
        if started:
            await child.deserted.wait()
            await self._run(child.namespace.on_stop)

    @staticmethod
    async def _run(step: Callable[[], Awaitable[None]]) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT):
                await step()
        except Exception:
            log.exception("%s failed", step.__qualname__)
            return False
        return True

    def _release(self, child: _Child) -> None:
        child.keepers -= 1
        if not child.keepers:
            self._remove(child)
            child.deserted.set()

    def _remove(self, child: _Child) -> None:
        name = child.namespace.namespace
        if self._children.get(name) is child:
            del self._children[name], self._server.namespace_handlers[name]

    def _forget(self, name: str, life: asyncio.Task[None]) -> None:
        if self._lives.get(name) is life:
            del self._lives[name]


class _Child:
    """One namespace of a parent, and how many need it."""

    def __init__(self, parent: ParentNamespace, namespace: Namespace) -> None:
        self.parent = parent
        self.namespace = namespace
        self.keepers = 0
        self.started: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.deserted = asyncio.Event()


@dataclass(frozen=True)
class ChildrensTarget(Target):
    """A choice of the sockets of all a parent's children; `namespace` is the parent's name."""

    def fetch_sockets(self) -> list[Socket]:
        return [socket for target in self._each() for socket in target.fetch_sockets()]

    def emit(self, event: str, data: Any) -> None:
        for target in self._each():  # a frame holds its namespace's name
            target.emit(event, data)

    @property
    def namespaces(self) -> list[str]:
        return self.server.children.names(self.namespace)

    def _each(self) -> list[Target]:
        choice = (self.rooms, self.excluded, self.without, self.is_volatile)
        return [Target(self.server, name, *choice) for name in self.namespaces]


def _matching(pattern: str) -> Accepts:
    whole = re.compile(pattern)

    async def accepts(name: str, auth: Mapping[str, Any]) -> bool:
        return whole.fullmatch(name) is not None

    return accepts
