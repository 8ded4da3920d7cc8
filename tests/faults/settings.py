"""Settings of a server that faults are tried on: the product's, and a back door."""

import os

from tests.support.server_settings import *  # noqa: F403

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"]["OPTIONS"]["timeout"] = float(os.environ["LOCK_TIMEOUT"])  # noqa: F405

ASGI_APPLICATION = "tests.faults.inside.application.application"
