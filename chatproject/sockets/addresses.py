"""Network addresses: in one form each, and as what limits count for."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

KNOWN = 4096  # addresses that are remembered
UNKNOWN = "0.0.0.0"  # noqa: S104 - stands for what is no address; nothing is bound to it
SUBSCRIBER = 64  # bits of an IPv6 address that one household or host is given, as RFC 6177 has it


@lru_cache(KNOWN)
def plain(address: str) -> str:
    """An address in its shortest form, an IPv4 one never inside an IPv6 one; `UNKNOWN` for anything else.

    What a proxy passes on may be anything, and ends in logs and limits.
    """
    parsed = _parsed(address)
    return UNKNOWN if parsed is None else str(parsed)


@lru_cache(KNOWN)
def network(address: str) -> str:
    """What stands for one way to the internet: an IPv4 address, or an IPv6 network of 64 bits."""
    parsed = _parsed(address)
    if not isinstance(parsed, IPv6Address):
        return UNKNOWN if parsed is None else str(parsed)
    host_bits = parsed.max_prefixlen - SUBSCRIBER
    return f"{IPv6Address(int(parsed) >> host_bits << host_bits)}/{SUBSCRIBER}"


def client_address(scope: Mapping[str, Any]) -> str:
    """The address that a request comes from; "" where there is none, as behind a Unix socket."""
    client = scope.get("client")
    return plain(client[0]) if client else ""


def client_network(scope: Mapping[str, Any]) -> str:
    """The same, as what limits count for."""
    return network(client_address(scope))


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])  # without the name of an interface
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
