"""What holds where nobody sets anything: times, sizes, and how databases are used."""

import environ
import pytest
from django.conf import settings
from django.db import connection

from chatproject import serving
from chatproject.environment import database
from chatproject.sockets.packets import StrictJSON, TextPacket

SHIPPED = {
    "DEBUG": False,
    "POLLING": False,
    "PING_INTERVAL": 10,
    "PING_TIMEOUT": 8,
    "CONNECT_TIMEOUT": 10,
    "REQUEST_TIMEOUT": 10,
    "BODY_BYTES": 2_621_440,
    "FRAME_BYTES": 100_000,
    "EVENT_BYTES": 65_536,
    "UNSENT_BYTES": 1_048_576,
    "MESSAGE_LENGTH": 10_000,
    "TRUSTED_PROXIES": [],
    "CSRF_TRUSTED_ORIGINS": [],
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_setting_that_nobody_sets_is(name):
    assert getattr(settings, name) == SHIPPED[name]


def test_the_chat_is_built_as_the_settings_say(static_files):
    from chatproject.asgi import build_application  # noqa: PLC0415 - it looks the static files up

    server = build_application().server
    assert server.async_handlers is False
    assert server.packet_class is TextPacket and server.packet_class.json is StrictJSON
    assert server.polling is False
    engine = server.eio
    assert (engine.ping_interval, engine.ping_timeout, engine.connect_timeout) == (10, 8, 10)
    assert (engine.frame_bytes, engine.unsent_bytes) == (100_000, 1_048_576)
    assert engine.cookie is None
    config = serving.server_config(server)
    assert (config.ws_max_size, config.ws_per_message_deflate) == (100_000, False)


def _from_environment(url):
    env = environ.Env()
    env.ENVIRON = {"DATABASE_URL": url}
    return env


def test_sqlite_waits_for_other_writers_and_loses_nothing_that_was_committed(tmp_path):
    options = database(_from_environment("sqlite:///chat.sqlite3"), tmp_path)["OPTIONS"]
    assert (options["transaction_mode"], options["timeout"]) == ("IMMEDIATE", 10)


@pytest.mark.django_db
@pytest.mark.skipif("sqlite" not in settings.DATABASES["default"]["ENGINE"], reason="is about SQLite")
def test_sqlite_writes_ahead_and_flushes_each_commit():
    full = 2
    with connection.cursor() as cursor:
        journal, synchronous = (
            cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        )
    assert (journal, synchronous) == ("wal", full)


def test_postgresql_is_used_through_a_pool_of_few_connections_that_are_looked_at(tmp_path):
    config = database(_from_environment("postgres://chat@db/chat"), tmp_path)
    pool = {"min_size": 1, "max_size": 8, "timeout": 2.5, "reconnect_timeout": 2}
    assert config["OPTIONS"] == {"pool": pool, "connect_timeout": 3}
    assert config["CONN_HEALTH_CHECKS"] is True
    assert config.get("CONN_MAX_AGE", 0) == 0
