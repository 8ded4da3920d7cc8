"""Who is there now, asked from any thread."""

import asyncio

import pytest
from django.contrib.auth import get_user_model

from chatproject.sockets import people_here, people_in, sockets_in
from chatproject.sockets.database import in_database
from chatproject.sockets.identity import django_session

from .support import Echo
from .test_identity import sign_in


class Halls(Echo):
    """Whoever enters is in hall, or in the rooms they name."""

    middlewares = [django_session]

    async def on_connect(self, socket):
        self.server.enter(socket, *socket.auth.get("rooms", ["hall"]))


async def asked(question, *args, **options):
    """What a page is told: it is answered in a thread that is not the loop's."""
    return await asyncio.to_thread(question, *args, **options)


def test_nobody_is_there_where_nobody_is_served():
    assert (sockets_in(), sockets_in("hall"), people_here()) == (0, 0, {})


@pytest.mark.parametrize("rooms", ["", ("hall", ""), [None]], ids=repr)
async def test_what_is_no_room_never_means_everybody(stage, transactional_db, rooms):
    app = await stage.serve(Halls("/"))
    await stage.enter(app)
    with pytest.raises(ValueError, match="not a name"):
        sockets_in(rooms)


async def test_sockets_are_counted_once_in_one_namespace(stage, transactional_db):
    app = await stage.serve(Halls("/"), Halls("/admin"))
    await stage.enter(app, auth={"rooms": ["hall", "garden"]})
    await stage.enter(app, auth={"rooms": ["garden"]})
    assert await asked(sockets_in) == 2
    assert await asked(sockets_in, "hall") == 1
    assert await asked(sockets_in, ["hall", "garden"]) == 2
    assert await asked(sockets_in, []) == 0
    assert await asked(sockets_in, "elsewhere") == 0
    assert await asked(sockets_in, "hall", namespace="/admin") == 0


async def test_people_are_told_apart_and_guests_are_none(stage, transactional_db):
    app = await stage.serve(Halls("/"))
    ann = await in_database(get_user_model().objects.create, username="ann")
    cookies = await sign_in(ann)
    await stage.enter(app, cookies=cookies)
    await stage.enter(app, cookies=cookies, auth={"rooms": ["garden"]})
    await stage.enter(app)
    assert await asked(people_here) == {ann.pk: 2}
    assert await asked(people_in, "garden") == {ann.pk: 1}
    assert await asked(sockets_in) == 3


async def test_who_has_gone_is_counted_no_more(stage, transactional_db):
    app = await stage.serve(Halls("/"))
    wire = await stage.open(app)
    await wire.enter()
    assert sockets_in("hall") == 1
    app.server.of("/").disconnect(close=True)
    await wire.wait_closed()
    assert sockets_in("hall") == 0
