"""A room over time in Django's admin, and the figures on its first page."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from chatproject.sockets.database import in_database
from rooms.models import Membership, Message, Room, Sanction, Stay
from rooms.operations.memberships import remove
from rooms.operations.rooms import change_room
from rooms.operations.timeline import readers_at
from rooms.templatetags import rooms_admin
from tests.rooms.views.conftest import browser
from tests.support.people import person

pytestmark = pytest.mark.django_db


def timeline(room):
    return f"/admin/rooms/room/{room.pk}/timeline/"


def text_of(page):
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def ago(**span):
    return timezone.now() - timedelta(**span)


def stay(room, user, joined_at, left_at=None, end=""):
    return Stay.objects.create(
        room=room, user=user, user_name=user.username, joined_at=joined_at, left_at=left_at, end=end
    )


def local(moment):
    return moment.strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def office(staff):
    return browser(staff)


@pytest.fixture
def old_den(den):
    """Den, as it has been for a month."""
    Room.objects.filter(pk=den.pk).update(created_at=ago(days=30))
    den.refresh_from_db()
    return den


# --- The page -----------------------------------------------------------------------------------
def test_it_says_who_was_there_when_and_how_that_ended(office, owner, member, outsider, old_den):
    stay(old_den, owner, ago(days=20))
    stay(old_den, member, ago(days=3), ago(days=2), Stay.End.REMOVED)
    stay(old_den, outsider, ago(days=20), ago(days=15), Stay.End.LEFT)
    said = text_of(office.get(timeline(old_den)))
    assert "Who belonged to it: 2" in said
    assert "owner" in said
    assert "Still there" in said
    assert "Removed" in said
    assert "outsider" not in said
    span = {"since": local(ago(days=16)), "until": local(ago(days=14))}
    said = text_of(office.get(timeline(old_den), span))
    assert "outsider" in said
    assert "Left" in said
    assert "member " not in said.partition("Who belonged")[2].partition("Person")[2]


def test_it_says_what_was_done_by_whom_and_why(office, staff, member, old_den, lobby):
    change_room(old_den, person=staff, read_only=True)
    change_room(lobby, person=staff, topic="Elsewhere")
    remove(old_den, member, by=staff, reason="Noise")
    said = text_of(office.get(timeline(old_den)))
    assert "What was done: 2" in said
    assert "read only: no → yes" in said
    assert "Noise" in said
    assert "Elsewhere" not in said


def test_a_moment_says_who_belonged_to_it_then(office, owner, member, outsider, old_den):
    stay(old_den, owner, ago(days=20))
    stay(old_den, member, ago(days=3), ago(days=1), Stay.End.LEFT)
    stay(old_den, outsider, ago(hours=1))
    said = text_of(office.get(timeline(old_den), {"moment": local(ago(days=2))}))
    answer = said.partition("Who could read at ")[2].partition("Who belonged")[0]
    answer = answer.partition("Members then")[2]
    assert ": 2" in answer
    assert "owner" in answer
    assert "member" in answer
    assert "outsider" not in answer


@pytest.mark.parametrize(
    "span", [{"since": "nonsense"}, {"since": "2026-02-01T00:00", "until": "2026-01-01T00:00"}]
)
def test_a_span_that_is_none_is_said_beside_the_field(office, old_den, span):
    page = office.get(timeline(old_den), span)
    assert page.context["form"].errors.keys() == {"since"}


def test_a_span_before_the_calendar_begins_is_said_beside_the_field(office, old_den):
    page = office.get(timeline(old_den), {"since": "", "until": "0001-01-03T00:00"})
    assert page.context["form"].errors.keys() == {"until"}


def test_long_stories_come_in_pages_with_as_many_queries_as_short_ones(office, owner, staff, old_den):
    def queries():
        with CaptureQueriesContext(connection) as found:
            page = office.get(timeline(old_den), {"moment": local(timezone.now() + timedelta(minutes=1))})
        assert page.status_code == 200
        return len(found), page

    stay(old_den, owner, ago(days=2))
    change_room(old_den, person=staff, topic="First")
    queries()
    few, _ = queries()
    for number in range(60):
        stay(old_den, person(f"p{number}"), ago(days=1))
        change_room(old_den, person=staff, topic=f"Topic {number}")
    many, page = queries()
    assert many == few
    assert (len(page.context["stays"]), page.context["stays"].paginator.num_pages) == (50, 2)
    page = office.get(timeline(old_den), {"stays": "2", "entries": "2"})
    assert (len(page.context["stays"]), len(page.context["acts"])) == (11, 11)
    assert "?stays=1&amp;entries=2" in page.content.decode()


def test_only_who_moderates_and_finds_the_room_sees_it(member, staff, old_den, lobby):
    assert browser(member).get(timeline(lobby)).status_code == 302
    staff.user_permissions.remove(Permission.objects.get(codename="view_private_rooms"))
    assert browser(staff).get(timeline(lobby)).status_code == 200
    assert browser(staff).get(timeline(old_den)).status_code == 404
    staff.user_permissions.remove(Permission.objects.get(codename="moderate_rooms"))
    assert browser(staff).get(timeline(lobby)).status_code == 403


# --- Who could read at a moment -----------------------------------------------------------------
def doors(room, moment):
    readers = readers_at(Room.objects.get(pk=room.pk), moment)
    return readers.everybody, readers.guests


def test_the_doors_of_a_moment_are_found_by_what_was_changed_since(staff, lobby):
    Room.objects.filter(pk=lobby.pk).update(created_at=ago(days=30), everyone=False)
    changed = []
    for changes in (
        {"guests_may_read": False, "guests_may_post": False},
        {"kind": "private"},
        {"topic": "Roses"},
    ):
        change_room(lobby, person=staff, **changes)
        changed.append(AuditEntry.objects.latest("number"))
    for entry, days in zip(changed, (9, 6, 3), strict=True):
        AuditEntry.objects.filter(pk=entry.pk).update(at=ago(days=days))
    assert doors(lobby, ago(days=40)) == (False, False)  # there was no such room
    assert doors(lobby, ago(days=10)) == (True, True)
    assert doors(lobby, ago(days=7)) == (True, False)
    assert doors(lobby, ago(days=4)) == (False, False)
    assert doors(lobby, timezone.now()) == (False, False)


def test_who_was_banned_then_could_not_read_even_if_the_ban_is_lifted_by_now(member, outsider, lobby):
    Room.objects.filter(pk=lobby.pk).update(created_at=ago(days=30))
    ban = {"kind": "ban", "room": lobby, "by_name": "owner", "reason": "Spam", "created_at": ago(days=5)}
    Sanction.objects.create(user=member, user_name="member", lifted_at=ago(days=3), **ban)
    Sanction.objects.create(user=outsider, user_name="outsider", until=ago(days=4, hours=12), **ban)

    def banned(**span):
        return {each.user_name for each in readers_at(lobby, ago(**span)).banned}

    assert banned(days=6) == set()
    assert banned(days=4, hours=18) == {"member", "outsider"}
    assert banned(days=4) == {"member"}
    assert banned(days=2) == set()


# --- The first page -----------------------------------------------------------------------------
def test_the_first_page_says_how_the_place_is_doing_to_who_may_see_the_console(office, staff, owner, lobby):
    Message.objects.create(room=lobby, seq=1, version=1, client_id=uuid4(), author=owner, body="Hi")
    old = {"created_at": ago(hours=2), "author": owner, "body": "Hi"}
    Message.objects.create(room=lobby, seq=2, version=2, client_id=uuid4(), **old)
    said = text_of(office.get("/admin/"))
    assert "People 0" in said.replace("  ", " ")
    assert re.search(r"Messages in the last hour\s+1 ", said)
    assert re.search(r"Open reports\s+0 ", said)
    page = office.get("/admin/").content.decode()
    assert 'href="/staff/#reports"' in page
    staff.user_permissions.remove(Permission.objects.get(codename="moderate_rooms"))
    assert "Open reports" not in text_of(browser(staff).get("/admin/"))
    staff.user_permissions.remove(Permission.objects.get(codename="use_console"))
    assert "last hour" not in text_of(browser(staff).get("/admin/"))


def test_of_very_many_messages_the_first_page_says_that_there_are_more(owner, lobby, monkeypatch):
    monkeypatch.setattr(rooms_admin, "MOST_MESSAGES", 2)
    for seq in (1, 2, 3):
        Message.objects.create(room=lobby, seq=seq, version=seq, client_id=uuid4(), author=owner, body="Hi")
    assert rooms_admin.messages_since(ago(hours=1)) == (2, True)


@pytest.mark.django_db(transaction=True)
async def test_the_first_page_and_the_list_count_who_is_there(house, staff, member, den, lobby):
    await house.enter(member)
    await house.enter(member)
    await house.enter("Gus")
    client = await in_database(browser, staff)
    said = text_of(await in_database(client.get, "/admin/"))
    assert re.search(r"People\s+1\s+Connections\s+3 ", said)
    page = (await in_database(client.get, "/admin/rooms/room/")).content.decode()
    assert re.findall(r'field-live_now">(\d+)<', page) == ["2", "2"]
    assert await in_database(Membership.objects.filter(room=den).count) == 2
