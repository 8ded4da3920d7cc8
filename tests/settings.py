"""The product's settings for tests in this process: nothing from the shell, a data folder of their own.

Django's settings are made before pytest reads conftest.py, so `--postgresql` is looked up here.
"""

import atexit
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from tests.support import machine

SETTINGS = Path(__file__).parent.parent / "chatproject" / "settings.py"

for name in re.findall(r'env\.\w+\(\s*"(\w+)"', SETTINGS.read_text()):
    os.environ.pop(name, None)
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="chat-tests-")
atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
if "--postgresql" in sys.argv:
    os.environ["DATABASE_URL"] = machine.POSTGRESQL_URL

from tests.support.server_settings import *  # noqa: E402, F403

# Looks through all static files whenever a test makes a client; what it serves is tested on real servers.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("servestatic.")]  # noqa: F405
