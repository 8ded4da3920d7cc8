"""Who a socket is: the person of the Django session whose cookie came with the handshake."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from chatproject.errors import Forbidden, Unauthenticated
from chatproject.sockets.channels import session_digest, session_room, user_room
from chatproject.sockets.database import in_database
from chatproject.sockets.socket import Socket


async def django_session(socket: Socket) -> None:
    """Middleware: sets `socket.user` by Django's own rules, and `socket.data["session"]`.

    A session that is expired, forged, of somebody no longer active, or older than a password is
    nobody's: the user is then `AnonymousUser`. Read anew at each connection to a namespace.
    """
    key = socket.cookies.get(settings.SESSION_COOKIE_NAME, "")
    session, user = await in_database(_look_up, key)
    socket.data["session"] = session
    socket.user = user
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


def _look_up(key: str) -> tuple[Any, Any]:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    session = store(key if key.isalnum() else None)
    session.keys()  # reads it: an unknown or expired key becomes None
    request = HttpRequest()
    request.session = session
    return session, (get_user(request) if session.session_key else AnonymousUser())
