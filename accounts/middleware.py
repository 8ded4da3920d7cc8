"""Where requests come from: for the audit, and for a session's own row, cheaply."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import cache
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

from .audit import acting
from .models import Session
from .models.audit import Face
from .models.session import ADDRESS_LENGTH, AGENT_LENGTH
from .sessions import SessionStore, Trail

TRAIL_INTERVAL = timedelta(minutes=5)


@sync_and_async_middleware
def session_trail(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Writes address, browser and time into the row of the request's session, if it has one."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            response = await get_response(request)
            if _is_due(request):
                await sync_to_async(_write_trail)(request)
            return response

        return async_middleware

    def middleware(request: HttpRequest) -> Any:
        response = get_response(request)
        if _is_due(request):
            _write_trail(request)
        return response

    return middleware


@sync_and_async_middleware
def audit_origin(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """What a request records in the audit names its address, and whether it came by the admin site."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            with _acting(request):
                return await get_response(request)

        return async_middleware

    def middleware(request: HttpRequest) -> Any:
        with _acting(request):
            return get_response(request)

    return middleware


def _acting(request: HttpRequest) -> AbstractContextManager[None]:
    face = Face.ADMIN if request.path.startswith(_admin_site()) else Face.CHAT
    return acting(face, request.META.get("REMOTE_ADDR", ""))


@cache
def _admin_site() -> str:
    return reverse("admin:index")


def _is_due(request: HttpRequest) -> bool:
    session = request.session
    # One that nobody has read is left alone: reading it would make the page differ by cookie.
    if not isinstance(session, SessionStore) or not session.accessed:
        return False
    if session.modified:  # about to be written anyway: a log-in, for one
        session.trail = _trail(request)
        return False
    return session.trail is not None and timezone.now() - session.trail.last_seen >= TRAIL_INTERVAL


def _write_trail(request: HttpRequest) -> None:
    Session.objects.filter(session_key=request.session.session_key).update(**_trail(request)._asdict())


def _trail(request: HttpRequest) -> Trail:
    agent = request.META.get("HTTP_USER_AGENT", "").replace("\0", "")
    return Trail(request.META.get("REMOTE_ADDR", "")[:ADDRESS_LENGTH], agent[:AGENT_LENGTH], timezone.now())
