"""Settings of a server that faults are tried on: the product's, and a back door."""

from tests.support.server_settings import *  # noqa: F403

ASGI_APPLICATION = "tests.faults.inside.application.application"
