"""One HTTP request of long-polling, and its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent
from django.conf import settings
from django.http.cookie import parse_cookie


class Gone(Exception):
    """The client gave up its request."""


class Request:
    """One HTTP request and its answer."""

    def __init__(
        self, scope: Mapping[str, Any], receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        self.scope = scope
        self.receive = receive
        self._send = send

    async def body(self, limit: int) -> bytes | None:
        """All of it; None if it is longer than `limit` bytes, 0 for no limit. Raises `Gone`."""
        parts, size, more = [], 0, True
        while more:
            event = await self.receive()
            if event["type"] != "http.request":
                raise Gone
            parts.append(event.get("body", b""))
            size += len(parts[-1])
            if limit and size > limit:
                return None
            more = event.get("more_body", False)
        return b"".join(parts)

    async def answer(self, text: str, status: int = 200, kind: str = "text/plain; charset=UTF-8") -> None:
        body = text.encode()
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            *self._sharing(),
        ]
        start: ASGISendEvent = {
            "type": "http.response.start",
            "status": status,
            "headers": headers,
            "trailers": False,
        }
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def refuse(self, why: Mapping[str, Any]) -> None:
        await self.answer(json.dumps(why), 400, "application/json")

    def _sharing(self) -> list[tuple[bytes, bytes]]:
        """Lets a page of a trusted origin read the answer; others do not come this far."""
        origin = header(self.scope, b"origin")
        if not origin:
            return []
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"Origin"),
        ]


def session_id(scope: Mapping[str, Any]) -> str:
    """The session that a request says it belongs to; "" for a new one."""
    return str(parse_qs(scope.get("query_string", b"").decode("latin-1")).get("sid", [""])[0])


def header(scope: Mapping[str, Any], name: bytes) -> str:
    """All values of a request's header, as one."""
    values: list[bytes] = [value for key, value in scope["headers"] if key == name]
    return b"; ".join(values).decode("latin-1")


def session_cookie(cookies: str) -> str:
    """The key of the Django session in a `Cookie` header; "" if there is none."""
    return str(parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, ""))
