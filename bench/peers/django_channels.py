"""Django Channels as its tutorial has it: a consumer, the in-memory layer, the ORM; with uvicorn.

Each message is stored, durably, before anybody hears of it.
"""

import json
import os
from typing import Any, ClassVar

import django
from django.conf import settings

settings.configure(
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["DATABASE"],
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    },
    # Without more room than its 100 messages the layer drops what a socket cannot take at once.
    CHANNEL_LAYERS={
        "default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100_000}}
    },
)
django.setup()

import uvicorn  # noqa: E402
from channels.db import database_sync_to_async  # noqa: E402
from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from django.urls import path  # noqa: E402

from bench.peers.messages import as_html, now, wire_message  # noqa: E402


class Room(models.Model):
    last_seq = models.PositiveBigIntegerField(default=0)

    objects: ClassVar[models.Manager["Room"]] = models.Manager()

    class Meta:
        app_label = "peer"

    def __str__(self) -> str:
        return f"room {self.pk}"


class Message(models.Model):
    room = models.ForeignKey(Room, models.CASCADE)
    seq = models.PositiveBigIntegerField()
    client_id = models.UUIDField()
    author = models.PositiveBigIntegerField()
    body = models.TextField()
    html = models.TextField()
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Message"]] = models.Manager()

    class Meta:
        app_label = "peer"
        constraints = (
            models.UniqueConstraint(fields=["room", "seq"], name="seq_once"),
            models.UniqueConstraint(fields=["author", "client_id"], name="author_once"),
        )

    def __str__(self) -> str:
        return self.body


@transaction.atomic
def store(room: int, person: int, client_id: str, body: str) -> dict[str, Any]:
    created_at = now()
    Room.objects.filter(pk=room).update(last_seq=F("last_seq") + 1)
    seq = Room.objects.values_list("last_seq", flat=True).get(pk=room)
    message = Message.objects.create(
        room_id=room,
        seq=seq,
        client_id=client_id,
        author=person,
        body=body,
        html=as_html(body),
        created_at=created_at,
    )
    return wire_message(
        number=message.pk,
        room=room,
        seq=seq,
        client_id=client_id,
        person=person,
        body=body,
        created_at=created_at,
    )


class ChatConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        self.person = int(self.scope["query_string"].partition(b"person=")[2])
        self.group = f"room_{self.room}"
        await database_sync_to_async(Room.objects.get_or_create)(pk=self.room)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send_json({"type": "ready"})

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        message = await database_sync_to_async(store)(
            self.room, self.person, content["client_id"], content["body"]
        )
        await self.send_json({"type": "ack", "id": content["id"], "ok": True, "data": {"message": message}})
        await self.channel_layer.group_send(
            self.group, {"type": "message.posted", "sender": self.channel_name, "message": message}
        )

    async def message_posted(self, event: dict[str, Any]) -> None:
        if event["sender"] != self.channel_name:
            message = event["message"]
            await self.send_json(
                {
                    "type": "message_posted",
                    "room": self.room,
                    "version": message["version"],
                    "message": message,
                }
            )

    @classmethod
    async def encode_json(cls, content: Any) -> str:
        return json.dumps(content, separators=(",", ":"))


application = ProtocolTypeRouter({"websocket": URLRouter([path("chat/<int:room>/", ChatConsumer.as_asgi())])})


def make_tables() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Room)
        editor.create_model(Message)
    connection.close()


if __name__ == "__main__":
    make_tables()
    uvicorn.run(
        application,
        port=int(os.environ["PORT"]),
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )
