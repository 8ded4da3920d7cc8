"""Rooms, messages and the conversation itself."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RoomsConfig(AppConfig):
    name = "rooms"

    def ready(self) -> None:
        from rooms.signals import make_first_room  # noqa: PLC0415 - needs the models loaded

        post_migrate.connect(make_first_room, sender=self)
