import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from accounts.avatars import COLOURS
from accounts.events import person_payload
from accounts.guests import Guest, person_of
from accounts.models import Session, User
from accounts.sessions import SessionStore

from .conftest import dropped, session_of, signed_in, sockets_of

pytestmark = pytest.mark.django_db

GUEST = "/accounts/guest/"
JSON = {"accept": "application/json"}


def name_in(client):
    return person_of(AnonymousUser(), SessionStore(session_of(client).session_key)).name


# --- Who is there -------------------------------------------------------------------------------
def test_a_signed_in_person_is_that_person(member):
    assert person_of(member, SessionStore()) is member
    assert person_payload(member) == {"id": member.id, "name": "member"}


def test_a_visitor_without_a_session_is_a_guest_without_name_and_key():
    assert person_of(AnonymousUser(), SessionStore()) == Guest(name="", key="")
    assert person_of(None, SessionStore("0" * 32)) == Guest(name="", key="")


def test_a_guest_keeps_name_and_key_between_requests(client):
    client.post(GUEST, {"name": "Gus"})
    session = session_of(client)
    first, second = (person_of(None, SessionStore(session.session_key)) for _ in range(2))
    assert first == second == Guest(name="Gus", key=session.digest)


def test_a_guest_has_no_rights_and_a_colour():
    gus = Guest(name="Gus", key="k")
    assert not gus.is_authenticated
    assert not gus.is_staff
    assert gus.id is None
    assert person_payload(gus) == {"id": None, "name": "Gus"}
    assert 0 <= gus.avatar["colour"] < COLOURS
    assert gus.avatar["url"] is None


def test_two_guests_of_one_name_have_keys_of_their_own():
    clients = [Client(), Client()]
    for client in clients:
        client.post(GUEST, {"name": "Gus"})
    assert session_of(clients[0]).digest != session_of(clients[1]).digest


# --- The name -----------------------------------------------------------------------------------
def test_a_guest_gets_a_name_and_goes_on_to_the_chat(client):
    response = client.post(GUEST, {"name": "  Gus  "})
    assert response["Location"] == "/"
    assert name_in(client) == "Gus"
    assert session_of(client).user is None


def test_the_page_shows_the_name_that_is_there(client):
    assert client.get(GUEST).context["form"].initial == {"name": ""}
    client.post(GUEST, {"name": "Gus"})
    assert client.get(GUEST).context["form"].initial == {"name": "Gus"}


def test_looking_at_the_page_makes_no_session(client):
    client.get(GUEST)
    assert not Session.objects.exists()


def test_the_page_leads_on_to_pages_of_this_site_only(client):
    assert client.post(GUEST, {"name": "Gus", "next": "/rooms/lobby/"})["Location"] == "/rooms/lobby/"
    assert client.post(GUEST, {"name": "Gus", "next": "https://evil.example/"})["Location"] == "/"
    assert client.post(GUEST, {"name": "Gus", "next": "//evil.example/"})["Location"] == "/"


def test_a_name_can_be_asked_for_in_json(client):
    response = client.post(GUEST, {"name": "Gus"}, headers=JSON)
    assert (response.status_code, response.json()) == (200, {"name": "Gus"})
    assert name_in(client) == "Gus"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 41,
        "a\0b",
        "a\nb",
        "a\x1bb",
        "a\u202eb",
        "\u200b",
        "member",
        "MEMBER",
        "mem\u200bber",
        "Olivia Owner",
        "olivia  OWNER",
        "ölga",
        "System",
        "  EVERYBODY ",
        "par\u200bley",
        "\u0430dmin",
    ],
)
def test_what_is_no_name_or_a_members_is_refused(client, member, owner, name):
    User.objects.create(username="Ölga")
    owner.display_name = "Olivia Owner"
    owner.save()

    page = client.post(GUEST, {"name": name})
    assert page.status_code == 200
    assert set(page.context["form"].errors) == {"name"}

    response = client.post(GUEST, {"name": name}, headers=JSON)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["code"] == "invalid"
    assert error["message"]
    assert set(error["fields"]) == {"name"}
    assert not Session.objects.exists()


def test_who_has_a_reserved_name_already_keeps_it(client):
    client.post(GUEST, {"name": "Gus"})
    store = SessionStore(session_of(client).session_key)
    store["guest_name"] = "here"
    store.save()
    client.get(GUEST)
    assert name_in(client) == "here"


def test_a_refused_name_leaves_the_old_one(client, member):
    client.post(GUEST, {"name": "Gus"})
    client.post(GUEST, {"name": "member"})
    assert name_in(client) == "Gus"


def test_a_guest_of_the_longest_name_is_accepted(client):
    client.post(GUEST, {"name": "\U0001f600" * 40})
    assert name_in(client) == "\U0001f600" * 40


def test_a_renamed_guests_sockets_come_back_with_the_new_name(client, published):
    client.post(GUEST, {"name": "Gus"})
    published.clear()
    client.post(GUEST, {"name": "Gustav"})
    assert published == [dropped(sockets_of(client))]


def test_a_signed_in_person_has_a_name_already(member):
    client = signed_in(member)
    assert client.get(GUEST)["Location"] == "/"
    assert client.post(GUEST, {"name": "Gus"})["Location"] == "/"
    assert client.post(GUEST, {"name": "Gus"}, headers=JSON).json() == {"name": "member"}
    assert "guest_name" not in session_of(client).get_decoded()


def test_the_page_refuses_a_form_of_another_site():
    assert Client(enforce_csrf_checks=True).post(GUEST, {"name": "Gus"}).status_code == 403
