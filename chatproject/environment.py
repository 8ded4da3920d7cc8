"""Turns what the environment says into settings, and refuses what cannot be right."""

import math
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

import environ
from django.core.exceptions import ImproperlyConfigured

IPV4 = 4
LOCK_TIMEOUT = 10  # seconds that a SQLite writer waits for another
POOL = {
    "min_size": 1,  # connections
    "max_size": 8,  # connections
    "timeout": 2.5,  # seconds that somebody waits for one
    # Seconds after which the pool gives up until it is asked again. Its pauses between attempts double: who
    # tries for longer notices only after as long again that the database is back.
    "reconnect_timeout": 2,
}
CONNECT_TIMEOUT = 3  # seconds for a connection to PostgreSQL, the least that libpq can bound being 2

_RATE = re.compile(r"(\d{1,9})/(\d{1,9}(?:\.\d{1,9})?)", re.ASCII)


def database(env: environ.Env, data_dir: Path) -> dict[str, Any]:
    """The default database: `DATABASE_URL`, or a SQLite file in `data_dir`."""
    config: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{data_dir / 'chat.sqlite3'}")
    engine = config["ENGINE"]
    if engine.endswith("sqlite3"):
        config["OPTIONS"] = {
            # A transaction that would write takes the lock when it begins, so that waiting is possible.
            "transaction_mode": "IMMEDIATE",
            "timeout": LOCK_TIMEOUT,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
        # Threads handle socket events, so even the tests' database has to be a file.
        config["TEST"] = {"NAME": str(data_dir / "test.sqlite3")}
    elif engine.endswith("postgresql"):
        config["OPTIONS"] = {"pool": POOL, "connect_timeout": CONNECT_TIMEOUT}
        config["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured("DATABASE_URL: only SQLite and PostgreSQL are supported.")
    return config


def seconds(name: str, value: float, *, may_be_none: bool = False) -> float:
    """A time that is watched: more than nothing; with `may_be_none` also 0, for no limit."""
    if not math.isfinite(value) or value < 0 or (value == 0 and not may_be_none):
        no_limit = ", or 0 for no limit" if may_be_none else ""
        raise ImproperlyConfigured(f"{name}: has to be more than 0 seconds{no_limit}.")
    return value


class Rate(NamedTuple):
    """At most `count` times in `seconds`."""

    count: int  # type: ignore[assignment]  # in place of the tuple's method
    seconds: float


def rate(name: str, value: str) -> Rate | None:
    """What `20/10` says: 20 times in 10 seconds; None, for no limit, if it is `0`."""
    if value == "0":
        return None
    found = _RATE.fullmatch(value)
    if found is None or not (int(found[1]) and float(found[2])):
        raise ImproperlyConfigured(
            f"{name}: has to be a number of times and of seconds, like 20/10, or 0 for no limit."
        )
    return Rate(int(found[1]), float(found[2]))


def count(name: str, value: int) -> int:
    """A number of things; 0 for no limit."""
    if value < 0:
        raise ImproperlyConfigured(f"{name}: has to be more than 0, or 0 for no limit.")
    return value


def at_least_one(name: str, value: int) -> int:
    """A number of things without which nothing goes."""
    if value < 1:
        raise ImproperlyConfigured(f"{name}: has to be at least 1.")
    return value


def networks(name: str, values: list[str]) -> list[str]:
    """Addresses and networks, each in its own form and as IPv6 writes IPv4 ones."""
    try:
        found = [ip_network(value.strip(), strict=False) for value in values]
    except ValueError:
        raise ImproperlyConfigured(
            f"{name}: has to be addresses or networks, like 10.0.0.0/8; a '*' would believe anybody."
        ) from None
    mapped = [f"::ffff:{net.network_address}/{net.prefixlen + 96}" for net in found if net.version == IPV4]
    return [*map(str, found), *mapped]


def trusted_origins(origins: list[str], site_url: str) -> list[str]:
    """Origins besides the request's own that may post forms and open sockets, `site_url` among them."""
    if any("*" in origin for origin in origins):
        raise ImproperlyConfigured("CSRF_TRUSTED_ORIGINS: name each origin; a '*' would let any site in.")
    return [*origins, site_url] if site_url else origins
