"""Whatever ends a session, on any face of the chat, is felt by the sockets it concerns, and by no others."""

import io
import time
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.channels import session_digest
from accounts.models import User
from chatproject.sockets.database import in_database
from chatproject.sockets.testing import Connection
from rooms.models import Message
from tests.rooms.conftest import nobody_hears, ok, say, session_key
from tests.support.server import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 1  # second
NEW_PASSWORD = "another battery horse 7"


class Everybody:
    """Who is here: the member at two browsers, a guest, and staff in the chat and at the console."""

    def __init__(self, house, member, staff, head):
        self.house, self.member, self.staff, self.head = house, member, staff, head
        self.entries = {}
        self.keys = {}

    async def arrive(self):
        who = {"laptop": self.member, "phone": self.member, "guest": "Gus", "office": self.staff}
        for name, person in who.items():
            self.keys[name] = await in_database(session_key, person)
            self.entries[name] = await self.enter(name)
        self.entries["console"] = await self.enter("office", "/admin")
        return self

    async def enter(self, name, namespace="/"):
        cookies = {"sessionid": self.keys[name]}
        connection = Connection(self.house.application, cookies=cookies)
        entry = await (await self.house._stack.enter_async_context(connection)).enter(namespace)
        if namespace == "/":
            await ok(entry, "open_room", room="lobby")  # a guest hears only what is open
        return entry

    def browser(self, name):
        """Where that cookie is used for pages, too."""
        client = Client()
        client.cookies["sessionid"] = self.keys[name]
        return client

    def head_office(self):
        client = Client()
        client.force_login(self.head)
        return client


@pytest.fixture
def head(db):
    """May do everything."""
    return User.objects.create(username="head", is_staff=True, is_superuser=True)


@pytest.fixture
async def everybody(house, lobby, member, staff, head):
    return await Everybody(house, member, staff, head).arrive()


def log_out(here):
    assert here.browser("laptop").post("/accounts/logout/").status_code == 200


def log_out_of_the_admin(here):
    assert here.browser("office").post("/admin/logout/").status_code == 200


def change_password(here):
    fields = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert here.browser("laptop").post("/accounts/password/", fields).status_code == 302


def change_password_by_command(here):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("getpass.getpass", lambda *_, **__: NEW_PASSWORD)
        call_command("changepassword", "member", verbosity=0, stdout=io.StringIO())


def change_in_admin(here, user, **fields):
    form = {"username": user.username, "display_name": "", "email": "", "is_active": "on"}
    data = {name: value for name, value in (form | fields).items() if value}
    response = here.head_office().post(f"/admin/accounts/user/{user.pk}/change/", data)
    assert response.status_code == 302, response.context["errors"]


def deactivate(here):
    change_in_admin(here, here.member, is_active="")


def take_staff_away(here):
    change_in_admin(here, here.staff)


def delete_person(here):
    form = {"action": "delete_selected", "_selected_action": [here.member.pk], "post": "yes"}
    assert here.head_office().post("/admin/accounts/user/", form).status_code == 302


def delete_sessions(here):
    chosen = [session_digest(here.keys[name]) for name in ("phone", "guest")]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    assert here.head_office().post("/admin/accounts/session/", form).status_code == 302


@pytest.mark.parametrize(
    ("end", "reason", "leaving"),
    [
        (log_out, "signed_out", ["laptop"]),
        (log_out_of_the_admin, "signed_out", ["office", "console"]),
        (change_password, "password_changed", ["laptop", "phone"]),
        (change_password_by_command, "password_changed", ["laptop", "phone"]),
        (deactivate, "deactivated", ["laptop", "phone"]),
        (delete_person, "deactivated", ["laptop", "phone"]),
        (delete_sessions, "revoked", ["phone", "guest"]),
        (take_staff_away, "not_staff", ["console"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_who_is_concerned_is_told_and_closed_within_a_second_and_hears_nothing_after(
    house, everybody, owner, lobby, end, reason, leaving
):
    began = time.monotonic()
    await in_database(end, everybody)
    gone = [everybody.entries[name] for name in leaving]
    for entry in gone:
        await entry.connection.wait_closed()
        assert await entry.receive("session_ended") == {"reason": reason}
    assert time.monotonic() - began < SOON + 1  # one more for the page itself, on a busy machine
    for entry in gone:
        entry.emit("post_message", {"room": lobby.pk, "client_id": str(uuid4()), "body": "I am still here"})
        entry.events.clear()
    speaker = await house.enter(owner)
    message = await say(speaker, lobby, "Who is left?")
    for name in everybody.entries.keys() - leaving - {"console"}:
        heard = await everybody.entries[name].receive("message_posted")
        assert heard["message"]["id"] == message["id"]
        await nobody_hears("session_ended", everybody.entries[name])
    await nobody_hears("message_posted", *gone)
    assert [body async for body in Message.objects.values_list("body", flat=True)] == ["Who is left?"]


async def test_a_guest_who_logs_in_comes_back_as_that_person(everybody):
    def log_in():
        client = everybody.browser("guest")
        fields = {"username": "member", "password": PASSWORD}
        assert client.post("/accounts/login/", fields).status_code == 302
        return client.cookies["sessionid"].value

    guest = everybody.entries["guest"]
    assert (await ok(guest, "sync"))["user"]["id"] is None
    everybody.keys["guest"] = await in_database(log_in)
    await guest.connection.wait_closed()
    assert await guest.received("session_ended") == []  # nothing has ended: it is to come back
    assert (await ok(await everybody.enter("guest"), "sync"))["user"]["id"] == everybody.member.pk
    assert not everybody.entries["laptop"].connection.closed.done()
