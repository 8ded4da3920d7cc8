"""The project as an app: its commands, template tags and Socket.IO server."""

from django.apps import AppConfig


class ChatProjectConfig(AppConfig):
    name = "chatproject"
