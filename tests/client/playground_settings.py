"""Settings of a server that serves the playground instead of the product."""

from tests.support.server_settings import *  # noqa: F403

ASGI_APPLICATION = "tests.client.playground.application"
