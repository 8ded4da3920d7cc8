"""Who may open a socket: pages of this site and of trusted origins, asking for a host that is ours."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_SECURE_SCHEMES = {"https", "wss"}
_OWN_FETCHES = {"same-origin", "none"}  # what a browser asks for a page of the same origin, or for its user


def has_allowed_host(scope: Mapping[str, Any]) -> bool:
    """Whether the request names exactly one host, and one of `ALLOWED_HOSTS`."""
    hosts = _headers(scope, b"host")
    if len(hosts) != 1:
        return False
    allowed = settings.ALLOWED_HOSTS or (["localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
    return validate_host(split_domain_port(hosts[0])[0], allowed)


def is_own_or_trusted(scope: Mapping[str, Any]) -> bool:
    """Whether the page that asks is of the asked host itself, or of `CSRF_TRUSTED_ORIGINS`.

    No `Origin` at all comes from a program that is no browser, and holds no cookie it was not given; or from
    a browser that reads, and says itself for what page.
    """
    origins = _headers(scope, b"origin")
    if not origins:
        return _OWN_FETCHES.issuperset(_headers(scope, b"sec-fetch-site"))
    return len(origins) == 1 and origins[0] in {_own_origin(scope), *settings.CSRF_TRUSTED_ORIGINS}


def is_proxied_https(scope: Mapping[str, Any]) -> bool:
    """Whether an https page of this very host asked, but the request itself seems to have come by http."""
    origins = _headers(scope, b"origin")
    return origins == [_own_origin(scope).replace("http://", "https://", 1)]


def _own_origin(scope: Mapping[str, Any]) -> str:
    scheme = "https" if scope.get("scheme") in _SECURE_SCHEMES else "http"
    return f"{scheme}://{''.join(_headers(scope, b'host'))}"


def _headers(scope: Mapping[str, Any], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
