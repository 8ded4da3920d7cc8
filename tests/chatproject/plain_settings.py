"""Settings of a server that serves plain_app instead of the product."""

from tests.support.server_settings import *  # noqa: F403

ASGI_APPLICATION = "tests.chatproject.plain_app.application"
