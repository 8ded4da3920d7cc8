import hashlib
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import alogin, alogout
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, Client, RequestFactory
from django.utils import timezone

from accounts.channels import session_digest
from accounts.middleware import TRAIL_INTERVAL, session_trail
from accounts.models import Session
from accounts.models.session import AGENT_LENGTH
from accounts.sessions import SessionStore
from tests.support.server import PASSWORD

from .conftest import session_of, signed_in

pytestmark = pytest.mark.django_db

PAGE = "/accounts/people/"


def log_in(user, **headers):
    client = Client(headers=headers)
    client.post("/accounts/login/", {"username": user.username, "password": PASSWORD})
    return client


def backdate(client, age):
    """As if the session had been seen last that long ago."""
    moment = timezone.now() - age
    Session.objects.filter(pk=session_of(client).pk).update(last_seen=moment, address="", agent="")
    return moment


# --- The row ------------------------------------------------------------------------------------
def test_a_session_says_whose_it_is_and_where_it_was_seen(member):
    before = timezone.now()
    session = session_of(log_in(member, user_agent="Firefox"))
    assert session.user == member
    assert session.address == "127.0.0.1"
    assert session.agent == "Firefox"
    assert before <= session.last_seen <= timezone.now()


def test_a_guests_session_is_nobodys():
    client = Client(headers={"user-agent": "Firefox"})
    client.post("/accounts/guest/", {"name": "Gus"})
    session = session_of(client)
    assert session.user is None
    assert session.agent == "Firefox"


def test_the_browsers_name_is_cut_and_cleaned(member):
    assert session_of(log_in(member, user_agent="x" * 1000)).agent == "x" * AGENT_LENGTH
    assert session_of(log_in(member, user_agent="Fire\0fox")).agent == "Firefox"


def test_the_digest_names_a_session_without_giving_its_key_away(member):
    session = session_of(signed_in(member))
    assert session.digest == session_digest(session.session_key)
    assert session.session_key not in session.digest
    assert hashlib.sha256(session.session_key.encode()).hexdigest()[:8] not in str(session)
    assert session.session_key not in str(session)
    assert Session.objects.get(pk=session.digest) == session


def test_writing_the_sessions_data_keeps_the_rows_own_columns(member):
    client = log_in(member, user_agent="Firefox")
    before = session_of(client)
    store = SessionStore(before.session_key)
    store["theme"] = "dark"
    store.save()
    after = session_of(client)
    assert after.get_decoded()["theme"] == "dark"
    assert (after.user, after.agent, after.last_seen) == (member, "Firefox", before.last_seen)


def test_a_session_of_a_person_who_is_gone_meanwhile_is_nobodys(member):
    client = signed_in(member)
    store = SessionStore(session_of(client).session_key)
    store.load()
    member.delete()
    store.cycle_key()
    store.save()
    assert Session.objects.get().user is None


def test_the_sessions_model_and_store_know_each_other(member):
    session = session_of(signed_in(member))
    assert session.get_decoded()["_auth_user_id"] == str(member.pk)


def test_expired_sessions_are_cleared_by_djangos_command(member):
    lasting, expired = signed_in(member), signed_in(member)
    Session.objects.filter(pk=session_of(expired).pk).update(expire_date=timezone.now() - timedelta(days=1))
    kept = session_of(lasting)
    call_command("clearsessions")
    assert list(Session.objects.all()) == [kept]


async def come_and_go(user):
    """Logs in, exchanges the key, logs out, all by Django's async functions."""
    request = HttpRequest()
    request.session = SessionStore()
    await alogin(request, user)
    await request.session.asave()
    again = SessionStore(request.session.session_key)
    assert await again.aget("_auth_user_id") == str(user.pk)
    assert again.trail is not None
    assert (await Session.objects.aget()).user_id == user.pk
    await request.session.acycle_key()
    assert await Session.objects.acount() == 1
    await alogout(request)


def test_sessions_work_from_async_code(member):
    async_to_sync(come_and_go)(member)
    assert not Session.objects.exists()


# --- The trail ----------------------------------------------------------------------------------
def test_a_visit_is_noted(member):
    client = log_in(member)
    backdate(client, TRAIL_INTERVAL)
    before = timezone.now()
    client.get(PAGE, headers={"user-agent": "Safari"}, REMOTE_ADDR="2001:db8::7")
    session = session_of(client)
    assert session.last_seen >= before
    assert (session.address, session.agent) == ("2001:db8::7", "Safari")


def test_a_visit_soon_after_another_is_not_written(member, django_assert_num_queries):
    client = log_in(member)
    moment = backdate(client, TRAIL_INTERVAL - timedelta(seconds=30))
    with django_assert_num_queries(3):  # the session, the person, the page's own
        client.get(PAGE)
    assert session_of(client).last_seen == moment


def test_a_log_in_is_noted_at_once_as_the_users(member, outsider):
    client = log_in(member)
    before = timezone.now()
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"username": "outsider", "password": PASSWORD})
    session = session_of(client)
    assert session.user == outsider
    assert session.last_seen >= before


def test_visitors_without_a_session_get_none(client):
    client.get("/accounts/login/")
    client.get(PAGE)
    client.cookies["sessionid"] = "0" * 32
    client.get(PAGE)
    assert not Session.objects.exists()


def request_of(client, factory=RequestFactory):
    request = factory().get("/")
    request.session = SessionStore(session_of(client).session_key)
    request.user = AnonymousUser()
    return request


def test_a_page_that_does_not_read_the_session_leaves_it_alone(member, django_assert_num_queries):
    client = log_in(member)
    backdate(client, 2 * TRAIL_INTERVAL)
    request = request_of(client)
    with django_assert_num_queries(0):
        session_trail(lambda _: HttpResponse())(request)
    assert not request.session.accessed


def test_the_trail_is_kept_behind_async_pages(member):
    client = signed_in(member)
    backdate(client, TRAIL_INTERVAL)
    request = request_of(client, AsyncRequestFactory)

    async def page(request):
        await request.session.aget("anything")
        return HttpResponse()

    before = timezone.now()
    async_to_sync(session_trail(page))(request)
    assert session_of(client).last_seen >= before
