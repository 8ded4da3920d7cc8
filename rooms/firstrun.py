"""The code that proves, at the first run, that whoever answers it can read this machine's screen.

Asked for unless the answer comes from this very machine and through no proxy: else whoever finds a new
server on the net first would own it.
"""

import secrets
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

from chatproject.secretfiles import kept_secret
from rooms.operations.community import needs_owner

CODE_BYTES = 5  # 10 hexadecimal digits; each guess costs a request

_LOOPBACK = {"127.0.0.1", "::1"}
# What proxies add, by the names of `request.META`.
_FORWARDING = {
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_REAL_IP",
    "HTTP_X_CLIENT_IP",
    "HTTP_X_CLUSTER_CLIENT_IP",
    "HTTP_CF_CONNECTING_IP",
    "HTTP_TRUE_CLIENT_IP",
}
_FORWARDED = "HTTP_X_FORWARDED_"


def first_run_code() -> str | None:
    """The code, while there is no owner; made on first use, the same in all processes."""
    if not needs_owner():
        forget_code()
        return None
    return kept_secret(_path(), secrets.token_hex(CODE_BYTES))


def forget_code() -> None:
    """The first run is answered."""
    _path().unlink(missing_ok=True)


def is_right_code(code: str) -> bool:
    return secrets.compare_digest((first_run_code() or "").encode(), code.strip().lower().encode())


def needs_code(request: HttpRequest) -> bool:
    """Whether this request may come from another machine."""
    host = split_domain_port(request.get_host())[0]
    forwarded = any(name in _FORWARDING or name.startswith(_FORWARDED) for name in request.META)
    here = request.META.get("REMOTE_ADDR") in _LOOPBACK and host in {"localhost", "127.0.0.1"}
    return forwarded or not here


def _path() -> Path:
    return Path(settings.DATA_DIR) / "first_run_code"
