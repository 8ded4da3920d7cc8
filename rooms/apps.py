"""Rooms, messages and the conversation itself."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_delete


class RoomsConfig(AppConfig):
    name = "rooms"

    def ready(self) -> None:
        from accounts.models import User  # noqa: PLC0415 - needs the apps loaded
        from rooms.signals import leave_rooms, make_first_room  # noqa: PLC0415 - needs the models loaded

        post_migrate.connect(make_first_room, sender=self)
        pre_delete.connect(leave_rooms, sender=User)
