"""The product with a back door: figures of the process, failpoints, a clock that jumps.

`GET /internal/<verb>?name=value` answers JSON; nothing else is different.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from chatproject.asgi import application as product
from chatproject.sockets.asgi import Application
from tests.faults.inside import clock, failpoints
from tests.faults.inside.stats import Stats

PATH = "/internal/"


class BackDoor:
    """An application of which tests can ask more than the product says."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._stats = Stats(application.server)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PATH):
            query = dict(parse_qsl(scope["query_string"].decode()))
            await _answer(send, getattr(self, f"do_{scope['path'].removeprefix(PATH)}")(**query))
        else:
            await self._application(scope, receive, send)

    def hang_up(self) -> None:
        self._application.hang_up()

    def do_stats(self) -> dict[str, float]:
        return self._stats.read()

    def do_arm(self, point: str, action: str, times: str = "1") -> dict[str, int]:
        failpoints.arm(point, action, times=int(times))
        return failpoints.hits()

    def do_hits(self) -> dict[str, int]:
        return failpoints.hits()

    def do_clock(self, offset: str) -> None:
        clock.jump(float(offset))


async def _answer(send: ASGISendCallable, value: Any) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": json.dumps(value).encode(), "more_body": False})


clock.install()
failpoints.install()
application = BackDoor(product)
