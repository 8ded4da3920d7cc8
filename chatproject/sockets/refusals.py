"""What is said to a request that opens no connection, before the engine sees it."""

import json
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from asgiref.typing import ASGISendCallable

from chatproject.errors import RateLimited
from chatproject.sockets.engine import EXTENSION
from chatproject.sockets.line import POLICY

_QUIETLY = {"websocket.http.response", EXTENSION}

# What Engine.IO's own server says.
NO_TRANSPORT = {"code": 0, "message": 'Transport unknown: use transports: ["websocket"]'}
UNKNOWN_SESSION = {"code": 1, "message": "Session ID unknown"}
BAD_REQUEST = {"code": 3, "message": "Bad request"}
FORBIDDEN = {"code": 4, "message": "Forbidden"}


async def refuse(send: ASGISendCallable, status: HTTPStatus, why: Mapping[str, Any]) -> None:
    """Answers a request of long-polling."""
    await _answer(send, "http", status, why)


async def refuse_for(wait: float, scope: Mapping[str, Any], send: ASGISendCallable) -> None:
    """Tells a client to come back in so many seconds: 429, before there is a connection."""
    if scope["type"] == "websocket" and not scope.get("extensions", {}).keys() >= _QUIETLY:
        # Other servers cannot refuse in words, or log an error each time: the client sees a plain 403.
        await send({"type": "websocket.close", "code": POLICY, "reason": None})
        return
    kind = "http" if scope["type"] == "http" else "websocket.http"
    later = (b"retry-after", str(math.ceil(wait)).encode())
    await _answer(send, kind, HTTPStatus.TOO_MANY_REQUESTS, RateLimited(wait).payload(), later)


async def _answer(
    send: Any, kind: str, status: HTTPStatus, content: Mapping[str, Any], *more: tuple[bytes, bytes]
) -> None:
    body = json.dumps(content).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *more,
    ]
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": body, "more_body": False})
