"""Keeps Django's database connections fresh in threads where no request begins or ends."""

from django.db import connections


def release_connections() -> None:
    """Gives back this thread's connections that are used up or broken; call it around each piece of work."""
    for connection in connections.all(initialized_only=True):
        # A SQLite connection is a file of this thread's own: closing the last one would cost a
        # checkpoint of the write-ahead log after each event.
        if connection.vendor != "sqlite" or connection.errors_occurred:
            connection.close_if_unusable_or_obsolete()
