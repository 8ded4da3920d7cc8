"""The ASGI application: `manage.py serve`, or `uvicorn --no-proxy-headers chatproject.asgi:application`.

Without that option uvicorn believes whatever a client on the same host says of its address.
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatproject.settings")
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402 - models can be imported only now that Django is set up

from chatproject.sockets.asgi import Application  # noqa: E402
from chatproject.sockets.server import Server  # noqa: E402
from rooms.namespaces import ChatNamespace, StaffNamespace  # noqa: E402


def build_application() -> Application:
    """Django and the Socket.IO server with both namespaces, not started yet."""
    server = Server(
        [ChatNamespace("/"), StaffNamespace("/admin")],
        ping_interval=settings.PING_INTERVAL,
        ping_timeout=settings.PING_TIMEOUT,
        connect_timeout=settings.CONNECT_TIMEOUT,
        frame_bytes=settings.FRAME_BYTES,
        event_bytes=settings.EVENT_BYTES,
        event_rate=settings.EVENT_RATE,
        json_depth=settings.JSON_DEPTH,
        connect_rate=settings.CONNECT_RATE,
        sockets_per_address=settings.SOCKETS_PER_ADDRESS,
        unsent_bytes=settings.UNSENT_BYTES,
        polling=settings.POLLING,
        session_check_interval=settings.SESSION_CHECK_INTERVAL,
    )
    return Application(server, django_application)


application = build_application()
