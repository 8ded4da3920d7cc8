"""People: the user model, sessions, sign-up, sign-in, sign-out, guests."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from . import signals  # noqa: F401, PLC0415 - receivers need the models loaded
