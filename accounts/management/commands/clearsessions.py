"""Django's own command, which else comes with an app whose session table is not used here."""

from django.contrib.sessions.management.commands.clearsessions import Command

__all__ = ["Command"]
