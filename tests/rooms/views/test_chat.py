"""The chat's pages: who sees which, and what the browser is given to begin with."""

import json
import re

import pytest

from rooms.models import Community, Room
from rooms.operations.rooms import update_room
from tests.rooms.conftest import post
from tests.support.people import room

from .conftest import browser, guest_browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("founded")]


def boot(page):
    return page.context["boot"]


def is_login(answer, path):
    return answer.status_code == 302 and answer["Location"] == f"/accounts/login/?next={path}"


# --- The shell ----------------------------------------------------------------------------------
def test_a_person_gets_the_chat_with_who_they_are(member, lobby):
    page = browser(member).get("/")
    assert page.status_code == 200
    assert "rooms/chat.html" in [template.name for template in page.templates]
    assert boot(page) == {
        "user": {
            "id": member.pk,
            "name": "member",
            "avatar": member.avatar,
            "guest": False,
            "staff": False,
            "named": True,
            "moderates": False,
        },
        "room": None,
        "message_length": 10_000,
        "signup_open": True,
        "community": "Parley",
    }


def test_a_visitor_is_a_guest_without_a_name_and_then_with_one(lobby):
    user = boot(browser().get("/"))["user"]
    assert (user["id"], user["name"], user["guest"], user["named"]) == (None, "", True, False)
    user = boot(guest_browser("Gus").get("/"))["user"]
    assert (user["id"], user["name"], user["guest"], user["named"]) == (None, "Gus", True, True)


def test_the_first_page_makes_a_person_a_member_of_the_rooms_for_everybody(outsider, lobby):
    assert not lobby.memberships.filter(user=outsider).exists()
    browser(outsider).get("/")
    assert lobby.memberships.filter(user=outsider).exists()


def test_a_page_is_never_cached_and_holds_a_token_for_forms(member, lobby):
    answer = browser(member).get("/rooms/lobby/")
    assert "no-store" in answer["Cache-Control"]
    assert "csrftoken" in answer.cookies
    assert 'name="csrfmiddlewaretoken"' in answer.content.decode()


def test_no_message_stands_in_the_page(owner, lobby):
    post(owner, lobby, "Only the socket says this")
    assert "Only the socket" not in browser(owner).get("/rooms/lobby/").content.decode()


def test_names_in_the_page_are_text(owner, lobby):
    owner.display_name = '"><script>alert(1)</script>'
    owner.save()
    page = browser(owner).get("/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page or "\\u003cscript" in page


def test_posting_to_the_chat_shows_it(member, lobby):
    for path in ("/", "/rooms/lobby/"):
        answer = browser(member).post(path)
        assert (answer.status_code, answer["Location"]) == (302, "/")


# --- Rooms --------------------------------------------------------------------------------------
def test_a_room_of_ones_own_and_a_public_one_are_opened_by_their_address(member, outsider, owner, lobby, den):
    room("über-uns", owner=owner)
    assert boot(browser(member).get("/rooms/den/"))["room"] == "den"
    assert boot(browser(outsider).get("/rooms/lobby/"))["room"] == "lobby"
    assert boot(browser(outsider).get("/rooms/über-uns/"))["room"] == "über-uns"
    assert boot(guest_browser("Gus").get("/rooms/lobby/"))["room"] == "lobby"


UNKNOWN = ["no-such-room", "DEN", "1", "9" * 90, "%00", "%ff", "a%2Fb", "..%2f", "<script>", "%F0%9F%8E%89"]


@pytest.mark.parametrize("slug", UNKNOWN)
def test_an_unknown_room_is_not_found(outsider, lobby, slug):
    assert browser(outsider).get(f"/rooms/{slug}/").status_code == 404


def test_a_room_that_may_not_be_seen_looks_like_an_unknown_one(outsider, staff, den, lobby):
    for who in (outsider, staff):
        unseen, unknown = [browser(who).get(path) for path in ("/rooms/den/", "/rooms/nowhere/")]
        assert unseen.status_code == unknown.status_code == 404
        assert without_tokens(unseen) == without_tokens(unknown)


def without_tokens(page):
    return re.sub(r'value="\w{64}"', "", page.content.decode())


@pytest.mark.parametrize("slug", ["den", "nowhere", "public"])
def test_a_guest_is_asked_to_log_in_for_any_other_room(owner, lobby, den, slug):
    room("public", owner=owner)
    for client in (browser(), guest_browser("Gus")):
        assert is_login(client.get(f"/rooms/{slug}/"), f"/rooms/{slug}/")


def test_an_archived_room_is_still_to_be_read(owner, outsider, lobby):
    public = room("public", owner=owner)
    update_room(person=owner, room=public.pk, archived=True)
    assert browser(outsider).get("/rooms/public/").status_code == 200


def test_where_no_room_is_open_to_guests_they_are_asked_to_log_in(member, lobby):
    assert browser().get("/").status_code == 200
    Room.objects.update(guests_may_read=False, guests_may_post=False)
    for client in (browser(), guest_browser("Gus")):
        for path in ("/", "/rooms/lobby/", "/rooms/"):
            assert is_login(client.get(path), path)
    assert browser(member).get("/").status_code == 200


def test_a_closed_community_says_so_to_the_page(member, lobby):
    Community.objects.update(signup_open=False)
    assert boot(browser(member).get("/"))["signup_open"] is False


# --- Browsing -----------------------------------------------------------------------------------
def listed(client):
    return {each["slug"]: each for each in client.get("/rooms/").context["rooms"]}


def test_public_rooms_are_listed_with_what_helps_to_choose(owner, outsider, lobby, den):
    garden = room("garden", owner=owner, topic="What grows")
    message = post(owner, garden)
    assert listed(browser(owner))["garden"] == {
        "slug": "garden",
        "name": "Garden",
        "topic": "What grows",
        "members": 1,
        "last_message_at": message.created_at,
        "joined": True,
        "archived": False,
    }
    rooms = listed(browser(outsider))
    assert rooms.keys() == {"garden", "lobby"}
    assert not rooms["garden"]["joined"]


def test_private_rooms_are_not_listed_even_for_their_members(owner, den, lobby):
    assert "den" not in listed(browser(owner))


def test_guests_browse_what_they_may_read(owner, lobby):
    room("garden", owner=owner)
    assert listed(guest_browser("Gus")).keys() == {"lobby"}


def test_archived_rooms_come_last(owner, lobby):
    room("attic", owner=owner, archived=True)
    room("zoo", owner=owner)
    assert list(listed(browser(owner))) == ["lobby", "zoo", "attic"]


def test_browsing_takes_the_same_few_queries_for_one_room_and_for_many(
    owner, lobby, django_assert_max_num_queries
):
    for number in range(15):
        room(f"room-{number}", owner=owner)
    client = browser(owner)
    with django_assert_max_num_queries(6):
        assert len(listed(client)) == 16


def test_browsing_is_only_looking(member, lobby):
    assert browser(member).post("/rooms/").status_code == 405


def test_the_boot_of_a_page_is_json(member, lobby):
    json.dumps(boot(browser(member).get("/")))
