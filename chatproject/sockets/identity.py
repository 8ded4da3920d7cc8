"""Who a socket is: the person of the Django session whose cookie came with the handshake."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user,
    get_user_model,
    load_backend,
)
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from chatproject.errors import Forbidden, Unauthenticated
from chatproject.sockets.channels import session_digest, session_room, user_room
from chatproject.sockets.socket import Socket


class Credential(NamedTuple):
    """What a socket was let in with: enough to see later, cheaply, that nothing has changed."""

    key: str
    data: str  # of the session, as it is stored; "" where the store does not give that
    user_id: Any  # None for a guest
    auth_hash: str
    backend: str  # which of `AUTHENTICATION_BACKENDS` knew the person
    lasts: int  # seconds from each renewal of the session; 0 where its end is fixed
    for_staff: bool = False  # whether it is of use to staff only

    @classmethod
    def of(cls, session: Any, user: Any) -> "Credential | None":
        """That of a session which Django has accepted for `user`; None where there is no session."""
        if not session.session_key:
            return None
        is_fixed = isinstance(session.get("_session_expiry"), datetime | str)
        return cls(
            key=session.session_key,
            data=getattr(session, "encoded", ""),
            user_id=user.pk,
            auth_hash=session.get(HASH_SESSION_KEY, ""),
            backend=session.get(BACKEND_SESSION_KEY, ""),
            lasts=0 if is_fixed else session.get_expiry_age(),
        )


async def django_session(socket: Socket) -> None:
    """Middleware: sets `socket.user` by Django's own rules, and `socket.data["session"]`.

    A session that is expired, forged, of somebody no longer active, or older than a password is
    nobody's: the user is then `AnonymousUser`. Read anew at each connection to a namespace.
    """
    key = socket.cookies.get(settings.SESSION_COOKIE_NAME, "")
    session, user = await socket.server.gathered(look_up, key)
    socket.data["session"] = session
    socket.user = user
    socket.credential = Credential.of(session, user)
    if session.session_key:
        socket.own_rooms.append(session_room(session_digest(session.session_key)))
    if user.pk is not None:
        socket.own_rooms.append(user_room(user.pk))


async def require_user(socket: Socket) -> None:
    """Middleware: nobody enters without having signed in."""
    if not socket.user.is_authenticated:
        raise Unauthenticated


async def require_staff(socket: Socket) -> None:
    """Middleware: only staff enter; others are told whether signing in could help."""
    await require_user(socket)
    if not socket.user.is_staff:
        raise Forbidden("Only staff may enter here.")
    if socket.credential is not None:
        socket.credential = socket.credential._replace(for_staff=True)


def look_up(keys: Sequence[str]) -> list[tuple[Any, Any]]:
    """The session and the user of each cookie; the user is `AnonymousUser` where there is nobody."""
    sessions = _sessions(keys)
    people = people_by_id({_user_id(session) for session in sessions})
    return [(session, _user_of(session, people)) for session in sessions]


def people_by_id(ids: Collection[Any]) -> Mapping[Any, Any]:
    """Those of the users who exist, by key; None among the keys is nobody."""
    found: Mapping[Any, Any] = get_user_model()._default_manager.in_bulk({*ids} - {None})
    return found


def backend_at(path: Any) -> Any:
    """The authentication backend at a path; None if the settings do not name it, or not any more."""
    return load_backend(path) if path in settings.AUTHENTICATION_BACKENDS else None


def session_store() -> Any:
    """The class of `SESSION_ENGINE`."""
    return import_module(settings.SESSION_ENGINE).SessionStore


def _sessions(keys: Sequence[str]) -> list[Any]:
    store = session_store()
    wanted = [key if key.isalnum() else None for key in keys]
    if hasattr(store, "load_many"):
        loaded = store.load_many({key for key in wanted if key})
        return [loaded.get(key) or store() for key in wanted]
    sessions = [store(key) for key in wanted]
    for session in sessions:
        session.keys()  # reads it: an unknown or expired key becomes None
    return sessions


def _user_id(session: Any) -> Any:
    """The key of the user whom the session claims to be; None without one."""
    if not session.session_key or SESSION_KEY not in session:
        return None
    try:
        return get_user_model()._meta.pk.to_python(session[SESSION_KEY])
    except ValueError:
        return None


def _user_of(session: Any, people: Mapping[Any, Any]) -> Any:
    """The session's user. What Django would surely accept is accepted here; else it decides itself."""
    user = people.get(_user_id(session))
    if user is not None and _is_current(session, user):
        return user
    if not session.session_key:
        return AnonymousUser()
    request = HttpRequest()
    request.session = session
    return get_user(request)


def _is_current(session: Any, user: Any) -> bool:
    backend = backend_at(session.get(BACKEND_SESSION_KEY))
    return (
        isinstance(backend, ModelBackend)
        # One that finds its users in another way is left to Django.
        and type(backend).get_user is ModelBackend.get_user
        and backend.user_can_authenticate(user)
        and constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    )
