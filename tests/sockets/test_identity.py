"""Who a socket is: by Django's own rules, read anew at each connection to a namespace."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from chatproject.sockets.channels import session_digest, session_room, user_room
from chatproject.sockets.database import in_database
from chatproject.sockets.identity import django_session, require_staff, require_user
from chatproject.sockets.namespace import Namespace
from chatproject.sockets.testing import Refused

from .support import Nothing, socket_of

pytestmark = pytest.mark.django_db(transaction=True)


class Who(Namespace):
    middlewares = [django_session]

    async def on_who(self, socket, payload: Nothing):
        return socket.user.get_username() if socket.user.is_authenticated else None


class People(Who):
    middlewares = [django_session, require_user]


class Staff(Who):
    middlewares = [django_session, require_staff]


async def sign_in(user):
    """The cookies of a new browser in which `user` is signed in."""

    def cookies():
        client = Client()
        client.force_login(user)
        return {"sessionid": client.cookies["sessionid"].value}

    return await in_database(cookies)


def sessions():
    return import_module(settings.SESSION_ENGINE).SessionStore.get_model_class().objects


def delete_sessions_silently():
    """As by SQL: without the signals on which the product drops a session's sockets."""
    found = sessions().all()
    found._raw_delete(found.db)


async def who_is(stage, **options):
    app = await stage.serve(Who("/"))
    entry = await stage.enter(app, **options)
    return (await entry.call("who"))["data"]


async def refusal(stage, namespace, **options):
    """The code with which one is refused."""
    app = await stage.serve(namespace)
    with pytest.raises(Refused) as refused:
        await stage.enter(app, namespace.namespace, **options)
    assert app.server.of(namespace.namespace).fetch_sockets() == []
    return refused.value.data["code"]


# --- Who it is ----------------------------------------------------------------------------------
async def test_a_socket_is_the_person_whose_session_it_came_with(stage, member, outsider):
    assert await who_is(stage, cookies=await sign_in(member)) == "member"
    assert await who_is(stage, cookies={"csrftoken": "x", **await sign_in(outsider)}) == "outsider"


async def test_what_a_client_says_of_itself_is_not_believed(stage, member, outsider):
    cookies = await sign_in(outsider)
    claims = {"user": member.pk, "username": "member", "sessionid": "x", "is_staff": True}
    assert await who_is(stage, cookies=cookies, auth=claims, headers={"remote-user": "member"}) == "outsider"
    assert await who_is(stage, auth=claims, headers={"x-user": "member"}) is None


async def test_without_a_cookie_it_is_nobody(stage):
    assert await who_is(stage) is None
    assert await who_is(stage, cookies={"other": "x"}) is None


@pytest.mark.parametrize(
    "key",
    ["0" * 32, "", " ", "x" * 7, "é" * 32, "' OR 1=1 --", "../../etc", "\x00", "%00" * 8, "x" * 50_000, "a;b",
     '"', "="],
    ids=lambda key: ascii(key)[:12],
)  # fmt: skip
async def test_a_forged_session_is_nobodys(stage, key):
    app = await stage.serve(Who("/"))
    wire = await stage.open(app)
    wire.scope["headers"].append((b"cookie", f"sessionid={key}".encode("latin-1")))
    entry = await wire.enter()
    assert (await entry.call("who"))["data"] is None
    assert socket_of(app, entry).rooms == []


async def test_an_expired_session_is_nobodys(stage, member):
    cookies = await sign_in(member)
    await in_database(sessions().update, expire_date=timezone.now() - timedelta(seconds=1))
    assert await who_is(stage, cookies=cookies) is None


async def test_a_session_that_was_deleted_is_nobodys(stage, member):
    cookies = await sign_in(member)
    await in_database(delete_sessions_silently)
    assert await who_is(stage, cookies=cookies) is None


async def test_a_session_of_somebody_no_longer_active_is_nobodys(stage, member):
    cookies = await sign_in(member)
    await in_database(get_user_model().objects.update, is_active=False)
    assert await who_is(stage, cookies=cookies) is None


async def test_a_session_older_than_the_password_is_nobodys(stage, member):
    cookies = await sign_in(member)

    def change_password():
        get_user_model().objects.filter(pk=member.pk).update(password="argon2$another")

    await in_database(change_password)
    assert await who_is(stage, cookies=cookies) is None


async def test_a_session_whose_contents_were_signed_by_another_key_is_nobodys(stage, member, settings):
    cookies = await sign_in(member)
    settings.SECRET_KEY = "x" * 50
    assert await who_is(stage, cookies=cookies) is None


# --- Who may enter ------------------------------------------------------------------------------
async def test_staff_enter_what_is_for_staff_and_others_are_told_why_not(stage, staff, member):
    cookies = await sign_in(member)
    assert await who_is(stage, cookies=cookies) == "member"  # somebody, only not staff
    assert await refusal(stage, Staff("/admin"), cookies=cookies) == "forbidden"
    assert await refusal(stage, Staff("/admin")) == "unauthenticated"
    assert await refusal(stage, Staff("/admin"), cookies={"sessionid": "0" * 32}) == "unauthenticated"
    app = await stage.serve(Staff("/admin"))
    entry = await stage.enter(app, "/admin", cookies=await sign_in(staff))
    assert (await entry.call("who"))["data"] == "staff"


async def test_a_superuser_without_the_staff_flag_is_no_staff(stage, member):
    await in_database(get_user_model().objects.update, is_superuser=True)
    assert await refusal(stage, Staff("/admin"), cookies=await sign_in(member)) == "forbidden"


async def test_signed_in_people_enter_what_is_for_people(stage, member):
    assert await refusal(stage, People("/")) == "unauthenticated"
    app = await stage.serve(People("/"))
    entry = await stage.enter(app, cookies=await sign_in(member))
    assert (await entry.call("who"))["data"] == "member"


async def test_one_connection_enters_both_and_the_refusal_of_one_leaves_the_other(stage, member):
    app = await stage.serve(Who("/"), Staff("/admin"))
    wire = await stage.open(app, cookies=await sign_in(member))
    chat = await wire.enter("/")
    with pytest.raises(Refused, match="staff"):
        await wire.enter("/admin")
    assert (await chat.call("who"))["data"] == "member"
    app.server.of("/admin").emit("stats", {})
    await chat.received("nothing")
    assert not any("stats" in frame for frame in wire.frames)


# --- Read anew ----------------------------------------------------------------------------------
async def test_a_session_that_ended_since_the_handshake_enters_nothing_more(stage, staff):
    app = await stage.serve(Who("/"), Staff("/admin"))
    wire = await stage.open(app, cookies=await sign_in(staff))
    chat = await wire.enter("/")
    await in_database(delete_sessions_silently)
    with pytest.raises(Refused) as refused:
        await wire.enter("/admin")
    assert refused.value.data["code"] == "unauthenticated"
    await chat.leave()
    again = await wire.enter("/")
    assert (await again.call("who"))["data"] is None


async def test_a_flag_that_changed_since_the_handshake_counts(stage, member):
    app = await stage.serve(Who("/"), Staff("/admin"))
    wire = await stage.open(app, cookies=await sign_in(member))
    await wire.enter("/")
    await in_database(get_user_model().objects.update, is_staff=True)
    admin = await wire.enter("/admin")
    await admin.leave()
    await in_database(get_user_model().objects.update, is_staff=False)
    with pytest.raises(Refused) as refused:
        await wire.enter("/admin")
    assert refused.value.data["code"] == "forbidden"


async def test_each_entrance_has_a_person_of_its_own(stage, member):
    app = await stage.serve(Who("/"), Who("/admin"))
    wire = await stage.open(app, cookies=await sign_in(member))
    chat, admin = await wire.enter("/"), await wire.enter("/admin")
    assert socket_of(app, chat).user is not socket_of(app, admin).user


# --- Rooms --------------------------------------------------------------------------------------
async def test_a_signed_in_socket_is_in_its_persons_and_its_sessions_room(stage, member, outsider):
    app = await stage.serve(Who("/"))
    laptop, phone, other = await sign_in(member), await sign_in(member), await sign_in(outsider)
    entries = [await stage.enter(app, cookies=cookies) for cookies in (laptop, laptop, phone, other)]
    anonymous = await stage.enter(app)
    digest = session_digest(laptop["sessionid"])
    assert socket_of(app, entries[0]).rooms == sorted([user_room(member.pk), session_room(digest)])
    assert socket_of(app, anonymous).rooms == []

    def reached(room):
        found = app.server.of("/").to(room).fetch_sockets()
        return {socket.sid for socket in found}

    assert reached(user_room(member.pk)) == {entry.sid for entry in entries[:3]}
    assert reached(session_room(digest)) == {entry.sid for entry in entries[:2]}
    assert reached(user_room(outsider.pk)) == {entries[3].sid}


async def test_no_room_is_named_by_a_session_key(stage, member):
    app = await stage.serve(Who("/"))
    cookies = await sign_in(member)
    await stage.enter(app, cookies=cookies)
    assert not any(cookies["sessionid"] in str(room) for room in app.server.manager.rooms["/"])


def test_a_session_is_named_so_that_its_key_cannot_be_found():
    assert session_digest("a" * 32) == session_digest("a" * 32)
    assert session_digest("a" * 32) != session_digest("b" * 32)
    assert len(session_digest("a" * 32)) == 32
    assert "a" * 8 not in session_digest("a" * 32)
