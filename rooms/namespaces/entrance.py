"""Middlewares of the chat: who comes in as whom."""

from accounts.guests import Guest, person_of
from chatproject.errors import Unauthenticated
from chatproject.sockets.database import in_database
from chatproject.sockets.socket import Socket
from rooms.events import channels
from rooms.models import Room
from rooms.operations.console import channels_of


async def admit_people(socket: Socket) -> None:
    """Middleware, after `django_session`: signed-in people enter, and guests where a room is open to them."""
    socket.user = person_of(socket.user, socket.data.pop("session"))
    if isinstance(socket.user, Guest):
        if not await in_database(Room.objects.for_guests().exists):
            raise Unauthenticated("Sign in: this community has no room for guests.")
        socket.own_rooms.append(channels.GUESTS)
    socket.own_rooms.append(channels.EVERYBODY)


async def watch_as_staff(socket: Socket) -> None:
    """Middleware, after `require_staff`: everybody hears what their permissions let them, from the start."""
    heard = await in_database(channels_of, [socket.user.pk])
    socket.own_rooms.extend(heard[socket.user.pk])
