"""Databases on PostgreSQL for server processes."""

import contextlib
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.support.machine import POSTGRESQL_URL


@contextlib.contextmanager
def new_database() -> Iterator[str]:
    """The URL of an empty database, dropped at the end."""
    name = f"chat_test_{secrets.token_hex(4)}"
    with psycopg.connect(POSTGRESQL_URL, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(POSTGRESQL_URL)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def end_sessions(name: str) -> None:
    """Ends what is still connected to a database: one that somebody uses cannot be dropped."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(POSTGRESQL_URL, dbname="postgres", autocommit=True) as connection:
        connection.execute(others, [name])
