"""Who may not stay any more is found, and leaves: whatever changed, and by whatever way."""

import logging
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.cache import SessionStore as CacheStore
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from chatproject.errors import Unavailable
from chatproject.sockets import session_check
from chatproject.sockets.database import in_database
from chatproject.sockets.identity import django_session, require_staff, session_store
from chatproject.sockets.line import POLICY
from chatproject.sockets.namespace import Namespace
from chatproject.sockets.testing import Refused

from .support import Echo, Nothing, event_frame, socket_of
from .test_identity import Who, delete_sessions_silently, sessions, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

NEVER = 3600  # seconds: a test looks again itself
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


class Room(Echo):
    """Whoever has a session, or none, may talk; it counts what it handles."""

    middlewares = [django_session]

    def __init__(self, namespace):
        super().__init__(namespace)
        self.handled = 0

    async def on_tell(self, socket, payload: Nothing):
        self.handled += 1
        return {}


class Console(Namespace):
    middlewares = [django_session, require_staff]


@pytest.fixture
async def app(stage):
    return await stage.serve(Room("/"), Console("/admin"), session_check_interval=NEVER)


def people(**fields):
    """Changes accounts as SQL does: nobody is told."""
    return in_database(get_user_model().objects.filter(username="member").update, **fields)


def rows(**fields):
    return in_database(sessions().update, **fields)


def rows_of(cookies, **fields):
    return in_database(sessions().filter(session_key=cookies["sessionid"]).update, **fields)


async def look_again(app):
    await app.server.session_check.look_again()


async def reason_of(entry):
    """Why an entry's session has ended; its whole connection is closed by then."""
    assert await entry.connection.wait_closed() == POLICY
    return (await entry.receive("session_ended"))["reason"]


async def is_here(entry):
    return (await entry.call("echo", {"text": "hi"}))["ok"] and await entry.received("session_ended") == []


# --- What ends a session ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda: in_database(delete_sessions_silently), "revoked"),
        (lambda: rows(expire_date=timezone.now() - SECOND), "expired"),
        (lambda: people(is_active=False), "deactivated"),
        (lambda: people(password="argon2$another"), "password_changed"),
        (lambda: rows(session_data="forged"), "revoked"),
    ],
    ids=["deleted", "expired", "deactivated", "new password", "forged"],
)
async def test_what_was_changed_behind_the_servers_back_ends_the_connection(
    stage, app, member, change, reason
):
    entry = await stage.enter(app, cookies=await sign_in(member))
    await look_again(app)
    assert await is_here(entry)
    await change()
    await look_again(app)
    assert await reason_of(entry) == reason


async def test_only_whom_it_concerns_has_to_leave(stage, app, member, outsider, staff):
    laptop, phone = await sign_in(member), await sign_in(member)
    entries = [await stage.enter(app, cookies=cookies) for cookies in (laptop, laptop, phone)]
    others = [
        await stage.enter(app, cookies=await sign_in(outsider)),
        await stage.enter(app, "/admin", cookies=await sign_in(staff)),
        await stage.enter(app),  # without a session
    ]

    def end_laptop():
        found = sessions().filter(session_key=laptop["sessionid"])
        found._raw_delete(found.db)

    await in_database(end_laptop)
    await look_again(app)
    assert [await reason_of(entry) for entry in entries[:2]] == ["revoked", "revoked"]
    assert await is_here(entries[2])
    for other in others:
        assert await other.received("session_ended") == []
        assert not other.connection.closed.done()


async def test_a_guests_session_is_looked_at_too(stage, app):
    def new_guest():
        client = Client()
        session = client.session  # makes one, and its cookie
        session["name"] = "Gus"
        session.save()
        return {"sessionid": session.session_key}

    entry = await stage.enter(app, cookies=await in_database(new_guest))
    nobody = await stage.enter(app)
    await look_again(app)
    assert await is_here(entry)
    await in_database(delete_sessions_silently)
    await look_again(app)
    assert await reason_of(entry) == "revoked"
    assert await is_here(nobody)


async def test_whoever_is_no_longer_staff_leaves_what_is_for_staff(stage, app, member):
    await people(is_staff=True)
    cookies = await sign_in(member)
    chat = await stage.enter(app, cookies=cookies)
    console = await stage.enter(app, "/admin", cookies=cookies)
    await look_again(app)
    await people(is_staff=False)
    await look_again(app)
    assert await reason_of(console) == "not_staff"
    assert await is_here(chat)
    with pytest.raises(Refused):
        await stage.enter(app, "/admin", cookies=cookies)


async def test_contents_that_changed_keep_a_person_here(stage, app, member):
    cookies = await sign_in(member)
    entry = await stage.enter(app, cookies=cookies)

    def choose_theme():
        store = session_store()(cookies["sessionid"])
        store["theme"] = "dark"
        store.save()

    await in_database(choose_theme)
    before = socket_of(app, entry).credential
    await look_again(app)
    assert await is_here(entry)
    after = socket_of(app, entry).credential
    assert before
    assert after
    assert after.data != before.data
    assert after._replace(data="") == before._replace(data="")


async def test_any_session_engine_is_looked_at(stage, app, member, settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    cookies = await sign_in(member)
    entry, other = [await stage.enter(app, cookies=found) for found in (cookies, await sign_in(member))]
    await look_again(app)
    assert await is_here(entry)
    await in_database(CacheStore(cookies["sessionid"]).delete)
    await look_again(app)
    assert await reason_of(entry) == "revoked"
    assert await is_here(other)
    await people(is_active=False)
    await look_again(app)
    assert await reason_of(other) == "deactivated"


# --- The end is an end --------------------------------------------------------------------------
@pytest.mark.every_carrier
async def test_nothing_is_handled_or_delivered_after_the_end(stage, member, carrier):
    app = await stage.serve(room := Room("/"), session_check_interval=NEVER)
    entry = await stage.enter(app, cookies=await sign_in(member))
    await in_database(delete_sessions_silently)
    checking = app.server.session_check
    end = checking._end

    def end_and_go_on(sockets, *why):
        for _ in range(20):  # they arrive, and wait to be read
            entry.connection.send_text(event_frame("tell", {}))
        end(sockets, *why)
        app.server.of("/").emit("late", {})

    checking._end = end_and_go_on
    await look_again(app)
    assert await reason_of(entry) == "revoked"
    assert room.handled == 0
    assert await entry.received("late") == []
    assert app.server.of("/").fetch_sockets() == []


async def test_a_backend_says_who_may_stay_and_what_the_others_are_told(stage, app, member, outsider):
    entry, other = [await stage.enter(app, cookies=await sign_in(who)) for who in (member, outsider)]
    ends = timezone.now() + DAY
    await people(banned_until=ends, ban_reason="Flooding")
    await look_again(app)
    told = await entry.receive("session_ended")
    assert (told["reason"], told["text"]) == ("banned", "Flooding")
    assert told["until"].startswith(f"{ends:%Y-%m-%dT%H:%M:%S}")
    assert await is_here(other)


# --- When, and at what cost ---------------------------------------------------------------------
async def test_it_looks_again_by_itself(stage, member):
    app = await stage.serve(Who("/"), session_check_interval=0.02)
    entry = await stage.enter(app, cookies=await sign_in(member))
    await people(is_active=False)
    assert await reason_of(entry) == "deactivated"


async def test_a_database_that_does_not_answer_drops_nobody_and_is_asked_again(
    stage, member, log, monkeypatch
):
    asked = []
    standings = session_check.standings

    def failing(credentials):
        asked.append(len(credentials))
        if len(asked) <= 2:
            raise OperationalError("the database is away\nreally")
        return standings(credentials)

    monkeypatch.setattr(session_check, "standings", failing)
    app = await stage.serve(Room("/"), session_check_interval=0.02)
    entry = await stage.enter(app, cookies=await sign_in(member))
    await people(is_active=False)
    assert await reason_of(entry) == "deactivated"
    said = [record for record in log.records if record.name == session_check.__name__]
    assert [record.levelno for record in said] == [logging.WARNING] * 2
    assert "the database is away" in said[0].getMessage()
    assert "really" not in said[0].getMessage()


async def test_a_database_that_takes_no_writes_keeps_nobody_here(stage, app, member, monkeypatch):
    monkeypatch.setattr(session_check, "AT_ONCE", 1)

    def refuse(lasting):
        raise OperationalError("the disk is full")

    monkeypatch.setattr(session_store(), "renew_many", refuse)
    active, ended = await sign_in(member), await sign_in(member)
    entry, gone = [await stage.enter(app, cookies=cookies) for cookies in (active, ended)]
    await rows(expire_date=timezone.now() + DAY)  # both are to be renewed
    await entry.call("echo", {"text": "hi"})
    await rows_of(ended, session_data="forged")
    with pytest.raises(Unavailable):
        await look_again(app)
    assert await reason_of(gone) == "revoked"
    assert await is_here(entry)


async def test_sessions_are_looked_up_some_at_a_time_and_not_decoded_when_unchanged(
    stage, app, member, monkeypatch
):
    monkeypatch.setattr(session_check, "AT_ONCE", 2)
    cookies = [await sign_in(member) for _ in range(3)]
    entries = [await stage.enter(app, cookies=found) for found in [*cookies, *cookies]]
    asked = []

    def counted(credentials):
        asked.append(len(credentials))
        return standings(credentials)

    standings = session_check.standings
    monkeypatch.setattr(session_check, "standings", counted)
    monkeypatch.setattr(session_store(), "decode", None)
    await look_again(app)
    assert asked == [2, 1]  # three sessions, however many sockets they have
    monkeypatch.undo()
    assert all([await is_here(entry) for entry in entries])


# --- Renewal ------------------------------------------------------------------------------------
async def end_of(cookies):
    return (await in_database(sessions().get, session_key=cookies["sessionid"])).expire_date


async def test_an_active_session_is_renewed_once_an_hour(stage, app, member, settings):
    age = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    cookies = await sign_in(member)
    entry = await stage.enter(app, cookies=cookies)
    await entry.call("echo", {"text": "hi"})

    almost = timezone.now() + age - HOUR + timedelta(minutes=1)
    await rows(expire_date=almost)
    await look_again(app)
    assert await end_of(cookies) == almost

    await rows(expire_date=timezone.now() + age - HOUR)
    await look_again(app)
    renewed = await end_of(cookies)
    assert abs(renewed - (timezone.now() + age)) < timedelta(minutes=1)
    await entry.call("echo", {"text": "hi"})
    await look_again(app)
    assert await end_of(cookies) == renewed


async def test_whoever_says_nothing_is_not_renewed(stage, app, member):
    active, silent = await sign_in(member), await sign_in(member)
    entry, idle = [await stage.enter(app, cookies=cookies) for cookies in (active, silent)]
    await entry.call("echo", {"text": "hi"})
    soon = timezone.now() + DAY
    await rows(expire_date=soon)
    await look_again(app)
    assert await end_of(active) > soon
    assert await end_of(silent) == soon
    await rows(expire_date=soon)
    await look_again(app)
    assert await end_of(active) == soon  # it has said nothing since
    assert await is_here(idle)


@pytest.mark.parametrize(
    ("expiry", "lasts"), [(timedelta(days=3), DAY * 3), (0, None)], ids=["three days", "until it is closed"]
)
async def test_a_session_is_renewed_for_as_long_as_it_is_meant_to_last(
    stage, app, member, settings, expiry, lasts
):
    cookies = await sign_in(member)

    def limit():
        store = session_store()(cookies["sessionid"])
        store.set_expiry(expiry.total_seconds() if expiry else 0)
        store.save()

    await in_database(limit)
    entry = await stage.enter(app, cookies=cookies)
    await entry.call("echo", {"text": "hi"})
    await rows(expire_date=timezone.now() + DAY)
    await look_again(app)
    lasts = lasts or timedelta(seconds=settings.SESSION_COOKIE_AGE)
    assert abs(await end_of(cookies) - (timezone.now() + lasts)) < timedelta(minutes=1)


async def test_a_session_with_a_fixed_end_is_never_renewed(stage, app, member):
    cookies = await sign_in(member)
    end = timezone.now() + DAY

    def limit():
        store = session_store()(cookies["sessionid"])
        store.set_expiry(end)
        store.save()

    await in_database(limit)
    entry = await stage.enter(app, cookies=cookies)
    await entry.call("echo", {"text": "hi"})
    await look_again(app)
    assert await end_of(cookies) <= end


async def test_what_has_ended_is_not_revived(stage, app, member):
    cookies = await sign_in(member)
    ended = timezone.now() - SECOND
    await rows(expire_date=ended)
    await in_database(session_store().renew_many, {cookies["sessionid"]: 1_209_600})
    assert await end_of(cookies) == ended
