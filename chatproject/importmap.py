"""The import map: bare module names to the (hashed) addresses of the files that are served.

Every JavaScript module below `rooms/static/rooms/` is pinned by its path, without the ending:
`rooms/models/outbox`. It is the one inline script there is, and the policy allows just it.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.templatetags.static import static

PACKAGES = {
    "socket.io-client": "socket.io-client/socket.io.esm.min.js",
    "uplot": "uplot/uPlot.esm.js",
}


@cache
def module_files() -> dict[str, str]:
    """Bare name -> name of the static file."""
    base = Path(settings.BASE_DIR) / "rooms" / "static"
    own = sorted(path.relative_to(base) for path in (base / "rooms").rglob("*.js"))
    return {**{path.with_suffix("").as_posix(): path.as_posix() for path in own}, **PACKAGES}


def chat_files() -> list[str]:
    """The names of the static files that are no part of the staff's console alone."""
    return [file for name, file in module_files().items() if not name.startswith(("rooms/staff", "uplot"))]


@cache
def import_map() -> str:
    """The content of the script element."""
    imports = {name: static(file) for name, file in module_files().items()}
    # Nothing in it could end the element early, but that must not hang on how files are named.
    return json.dumps({"imports": imports}, separators=(",", ":")).replace("<", "\\u003c")


def content_hash() -> str:
    """The import map as a source of `script-src`."""
    digest = hashlib.sha256(import_map().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def allow_import_map(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: the Content-Security-Policy of every page lets the import map run."""
    return csp_update({"script-src": [content_hash()]})(get_response)
