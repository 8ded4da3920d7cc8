"""Whether those who are here may stay: what was changed behind the server's back ends their sockets, too.

One task looks at all sessions, some at a time. A session whose data are stored as they were when it was
accepted is not decoded again; that takes a store with `stored` and `renew_many`. With any other
`SESSION_ENGINE` each session is read as at its entrance, and none is renewed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone
from django.utils.crypto import constant_time_compare

from chatproject.errors import as_domain_error
from chatproject.sockets.database import in_database
from chatproject.sockets.identity import Credential, backend_at, look_up, people_by_id, session_store

if TYPE_CHECKING:
    from chatproject.sockets.server import Server
    from chatproject.sockets.socket import Socket

log = logging.getLogger(__name__)

AT_ONCE = 200  # sessions in one look-up, which holds up the loop for a few milliseconds
RENEWAL_INTERVAL = timedelta(hours=1)  # at least, between two renewals of one session

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Standing(NamedTuple):
    """What has become of a credential: what it is now, or why it is none any more."""

    credential: Credential
    ended: str | None = None
    details: Mapping[str, Any] = NOTHING  # what is told besides the reason
    is_renewable: bool = False


class SessionCheck:
    """Ends the sockets whose sessions have ended, and renews the sessions of those that are active."""

    def __init__(self, server: Server, interval: float) -> None:
        self.interval = interval  # seconds
        self._server = server
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.interval)
            try:
                await self.look_again()
            except Exception as error:
                # This logs it. Who cannot be looked up stays: it is the database that has failed.
                as_domain_error(error, log, "sessions not checked")

    async def look_again(self) -> None:
        """Looks at every socket's session, once. Raises what the database raises."""
        holders = self._holders()
        credentials = iter(holders)
        renewable = []
        while chunk := list(islice(credentials, AT_ONCE)):
            found = dict(zip(chunk, await in_database(standings, chunk), strict=True))
            renewable.append(self._apply(found, holders))
        # Last: a database that takes no writes must keep nobody here whose session has ended.
        for lasting in renewable:
            await self._renew(lasting)

    def _apply(
        self, found: Mapping[Credential, Standing], holders: Mapping[Credential, Sequence[Socket]]
    ) -> dict[str, int]:
        """Ends what has ended; the sessions to be renewed, by key, each with the seconds that it lasts."""
        lasting = {}
        for credential, standing in found.items():
            sockets = [socket for socket in holders[credential] if socket.is_connected]
            if standing.ended:
                self._end(sockets, standing.ended, standing.details)
                continue
            for socket in sockets:
                socket.credential = standing.credential
            if standing.is_renewable and any(socket.spoke for socket in sockets):
                lasting[credential.key] = credential.lasts
        return lasting

    def _holders(self) -> dict[Credential, list[Socket]]:
        holders: dict[Credential, list[Socket]] = defaultdict(list)
        for line in self._server.eio.lines.values():
            for socket in line.sockets.values():
                if socket.credential is not None:
                    holders[socket.credential].append(socket)
        return holders

    def _end(self, sockets: Sequence[Socket], reason: str, details: Mapping[str, Any]) -> None:
        for socket in sockets:
            self._server.journal.session_ended(socket, reason)
            self._server.deliver([socket], socket.namespace, "session_ended", {"reason": reason, **details})
        # When all are told: several may share a line.
        for socket in sockets:
            self._server.drop(socket.line)

    async def _renew(self, lasting: Mapping[str, int]) -> None:
        if not lasting:
            return
        await self._server.writes.run(partial(session_store().renew_many, lasting))
        for line in self._server.eio.lines.values():
            for socket in line.sockets.values():
                if socket.credential is not None and socket.credential.key in lasting:
                    socket.spoke = False


def standings(credentials: Sequence[Credential]) -> list[Standing]:
    """How each credential stands now; few queries for all. Runs in a database thread."""
    people = people_by_id({credential.user_id for credential in credentials})
    found = {
        credential: standing
        for credential in credentials
        if (standing := _by_person(credential, people.get(credential.user_id)))
    }
    found.update(_by_rows([credential for credential in credentials if credential not in found]))
    found.update(_by_reading([credential for credential in credentials if credential not in found]))
    return [found[credential] for credential in credentials]


def _by_person(credential: Credential, person: Any) -> Standing | None:
    """That of somebody who may not stay, whatever the session says."""
    if credential.user_id is None:
        return None
    if person is None or not person.is_active:
        return Standing(credential, "deactivated")
    backend = backend_at(credential.backend)
    if hasattr(backend, "user_can_authenticate") and not backend.user_can_authenticate(person):
        return _refused(credential, backend, person)
    if not _has_password_of(credential, person):
        return Standing(credential, "password_changed")
    return Standing(credential, "not_staff") if credential.for_staff and not person.is_staff else None


def _refused(credential: Credential, backend: Any, person: Any) -> Standing:
    """That of somebody whom the backend lets in no more; it may say what `session_ended` is to tell them."""
    if not hasattr(backend, "session_ended"):
        return Standing(credential, "deactivated")
    told = dict(backend.session_ended(person))
    return Standing(credential, told.pop("reason"), told)


def _has_password_of(credential: Credential, person: Any) -> bool:
    """Whether the session was begun with the password of now; its key changes whenever that does."""
    current = person.get_session_auth_hash()
    if constant_time_compare(credential.auth_hash, current):
        return True
    known = person.get_session_auth_fallback_hash()
    return any(constant_time_compare(credential.auth_hash, fallback) for fallback in known)


def _by_rows(credentials: Sequence[Credential]) -> Mapping[Credential, Standing]:
    """What can be told without decoding any session's data."""
    store = session_store()
    if not hasattr(store, "stored"):
        return {}
    rows, now = store.stored({credential.key for credential in credentials}), timezone.now()
    told = ((credential, _by_row(credential, rows.get(credential.key), now)) for credential in credentials)
    return {credential: standing for credential, standing in told if standing}


def _by_row(credential: Credential, row: Any, now: datetime) -> Standing | None:
    if row is None:
        return Standing(credential, "revoked")
    if row.expires <= now:
        return Standing(credential, "expired")
    if row.data != credential.data:
        return None
    renewed = row.expires - timedelta(seconds=credential.lasts)
    return Standing(credential, is_renewable=bool(credential.lasts) and now - renewed >= RENEWAL_INTERVAL)


def _by_reading(credentials: Sequence[Credential]) -> Mapping[Credential, Standing]:
    """What Django's own rules say, with the sessions read as at an entrance."""
    found = look_up([credential.key for credential in credentials]) if credentials else []
    return {
        credential: _by_session(credential, Credential.of(session, user))
        for credential, (session, user) in zip(credentials, found, strict=True)
    }


def _by_session(credential: Credential, now: Credential | None) -> Standing:
    if now is None or now.user_id != credential.user_id:
        return Standing(credential, "revoked")
    return Standing(now._replace(for_staff=credential.for_staff))
