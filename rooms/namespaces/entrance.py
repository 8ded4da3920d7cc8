"""Middlewares of the chat: who comes in as whom."""

from accounts.guests import Guest, person_of
from chatproject.errors import Forbidden, Unauthenticated
from chatproject.sockets.database import in_database
from chatproject.sockets.socket import Socket
from rooms.events import channels
from rooms.models import Room
from rooms.operations.console import channels_of
from rooms.operations.sanctions import is_shut_out


async def admit_people(socket: Socket) -> None:
    """Middleware, after `django_session`: signed-in people enter, and guests where a room is open to them."""
    socket.user = person_of(socket.user, socket.data.pop("session"))
    if isinstance(socket.user, Guest):
        # First: who is shut out while the database is asked does not come in.
        socket.own_rooms += [channels.GUESTS, channels.network_of(socket.network)]
        await in_database(_let_guest_in, socket.network)
    socket.own_rooms.append(channels.EVERYBODY)


def _let_guest_in(network: str) -> None:
    if not Room.objects.for_guests().exists():
        raise Unauthenticated("Sign in: this community has no room for guests.")
    if is_shut_out(network):
        raise Forbidden("Guests from your network are kept out for now. With an account you can log in.")


async def watch_as_staff(socket: Socket) -> None:
    """Middleware, after `require_staff`: everybody hears what their permissions let them, from the start."""
    heard = await in_database(channels_of, [socket.user.pk])
    socket.own_rooms.extend(heard[socket.user.pk])
