"""Every list of Django's admin: how many queries it takes, and how it is filtered, searched and sorted."""

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import User
from rooms.models import Community, Invitation, Membership, Message, Report, Room, Sanction
from tests.rooms.conftest import session_key
from tests.rooms.views.conftest import browser
from tests.support.people import room

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
LISTS = [
    f"{model._meta.app_label}_{model._meta.model_name}"
    for model in apps.get_models()
    if admin.site.is_registered(model)
]
numbers = count(1)


@pytest.fixture
def boss(db):
    return User.objects.create(username="boss", is_staff=True, is_superuser=True)


@pytest.fixture
def office(boss):
    return browser(boss)


def populate(boss, rows):
    """Rows for every list: rooms with an owner, a member, a message, a sanction, a report."""
    Community.objects.current()
    for number in (next(numbers) for _ in range(rows)):
        owner = User.objects.create(username=f"owner-{number}", date_joined=NOON, last_login=NOON)
        kind = Room.Kind.PRIVATE if number % 2 else Room.Kind.PUBLIC
        made = room(f"room-{number}", owner=owner, members=(boss,), kind=kind, last_message_at=NOON)
        said = Message.objects.create(
            room=made, seq=1, version=1, client_id=uuid4(), author=owner, author_name="x", body="Hi"
        )
        sentence = {
            "user": owner,
            "user_name": owner.username,
            "by": boss,
            "reason": "Spam",
            "created_at": NOON,
        }
        Sanction.objects.create(kind=Sanction.Kind.MUTE, room=made, **sentence)
        report = {
            "body": "Hi",
            "reporter": boss,
            "reporter_name": "boss",
            "reason": "Spam",
            "created_at": NOON,
        }
        Report.objects.create(message=said, **report)
        Invitation.objects.create(created_by=owner)
        session_key(owner)
        audit.record("update_room", actor=boss, target=made, room_id=made.pk)


def queries_of(client, address):
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)
    assert page.status_code == 200, address
    return len(queries), page


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_as_many_queries_for_thirty_rows_as_for_one(office, boss, name):
    address = reverse(f"admin:{name}_changelist") + "?_facets=True"
    populate(boss, 1)
    office.get(address)  # what is cached for the process is cached
    few, _ = queries_of(office, address)
    populate(boss, 29)
    many, page = queries_of(office, address)
    assert many == few
    assert many < 40
    shown = page.context["cl"].result_list
    assert len(shown) >= 30 or name in {"rooms_community", "auth_group"}


def test_the_page_of_a_room_takes_as_many_queries_for_forty_members_as_for_one(office, owner):
    club = room("club", owner=owner)
    address = reverse("admin:rooms_room_change", args=[club.pk])
    office.get(address)
    few, _ = queries_of(office, address)
    for number in range(40):
        Membership.objects.create(room=club, user=User.objects.create(username=f"p{number}"))
    many, page = queries_of(office, address)
    assert many == few
    assert len(page.context["inline_admin_formsets"][0].formset.forms) == 41


def found(office, model, **query):
    page = office.get(reverse(f"admin:rooms_{model}_changelist"), query)
    assert page.status_code == 200
    return [str(row) for row in page.context["cl"].result_list]


# --- Rooms --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"activity": "today"}, {"Lobby"}),
        ({"activity": "week"}, {"Lobby", "Den"}),
        ({"activity": "month"}, {"Lobby", "Den"}),
        ({"activity": "older"}, {"Attic"}),
        ({"activity": "never"}, {"Yard"}),
        ({"owned": "yes"}, {"Lobby", "Den"}),
        ({"owned": "no"}, {"Attic", "Yard"}),
        ({"empty": "yes"}, {"Attic", "Yard"}),
        ({"empty": "no"}, {"Lobby", "Den"}),
        ({"reported": "yes"}, {"Lobby"}),
        ({"reported": "no"}, {"Den", "Attic", "Yard"}),
        ({"activity": "unheard of"}, {"Lobby", "Den", "Attic", "Yard"}),
    ],
    ids=str,
)
def test_rooms_are_filtered_by_what_becomes_of_them(office, owner, member, lobby, den, query, names):
    room("attic")
    room("yard")
    now = timezone.now()
    for slug, at in (("lobby", now), ("den", now - timedelta(days=3)), ("attic", now - timedelta(days=90))):
        Room.objects.filter(slug=slug).update(last_message_at=at)
    said = Message.objects.create(room=lobby, seq=1, version=1, client_id=uuid4(), author=owner, body="Hi")
    Report.objects.create(message=said, body="Hi", reporter=member, reporter_name="member", reason="Spam")
    Report.objects.create(
        message=said, body="Hi", reporter=owner, reporter_name="x", reason="", resolved_at=now
    )
    assert set(found(office, "room", **query)) == names


def test_filters_say_how_many_rooms_there_are_of_each(office, lobby, den):
    page = office.get(reverse("admin:rooms_room_changelist")).content.decode()
    assert "Never (2)" in page
    assert "Has an owner (2)" in page
    assert "Empty (0)" in page


def test_a_room_shows_its_owner_its_reports_and_the_ways_to_it(office, owner, member, lobby):
    said = Message.objects.create(room=lobby, seq=1, version=1, client_id=uuid4(), author=owner, body="Hi")
    Report.objects.create(message=said, body="Hi", reporter=member, reporter_name="member", reason="Spam")
    page = office.get(reverse("admin:rooms_room_changelist")).content.decode()
    assert "<bdi>owner</bdi>" in page
    assert f'href="/staff/#rooms/{lobby.pk}"' in page
    assert 'href="/rooms/lobby/"' in page
    reports = f"/admin/rooms/report/?message__room__id__exact={lobby.pk}&amp;state=open"
    assert reports in page
    assert found(office, "report", message__room__id__exact=lobby.pk, state="open") == [
        str(Report.objects.get())
    ]


def test_the_page_of_a_room_leads_to_what_concerns_it(office, boss, lobby, den):
    for where in (lobby, den):
        audit.record("update_room", actor=boss, target=where, room_id=where.pk)
    page = office.get(reverse("admin:rooms_room_change", args=[den.pk]))
    links = dict(page.context["links"])
    assert links.keys() == {"Members", "Messages", "Timeline", "Audit", "Live console"}
    for label in ("Members", "Messages"):
        assert office.get(links[label]).status_code == 200
    entries = office.get(links["Audit"]).context["cl"].result_list
    assert [entry.target_name for entry in entries] == ["Den"]
    assert office.get(reverse("admin:rooms_room_timeline", args=[den.pk])).status_code == 200
    assert links["Timeline"] == "../timeline/"


# --- Others -------------------------------------------------------------------------------------
@pytest.fixture
def sentences(owner, member, den):
    """One mute that holds, in den; a ban everywhere that was lifted; another that is over."""
    now = timezone.now()
    common = {"by": owner, "by_name": "owner", "reason": "Spam"}
    Sanction.objects.create(kind="mute", user=member, user_name="member", room=den, **common)
    Sanction.objects.create(kind="ban", user=member, user_name="member", lifted_at=now, **common)
    Sanction.objects.create(kind="ban", user_name="Gus", until=now - timedelta(hours=1), **common)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"Mute of member in Den", "Ban of member", "Ban of Gus"}),
        ({"state": "active"}, {"Mute of member in Den"}),
        ({"state": "lifted"}, {"Ban of member"}),
        ({"state": "over"}, {"Ban of Gus"}),
        ({"where": "everywhere"}, {"Ban of member", "Ban of Gus"}),
        ({"where": "room"}, {"Mute of member in Den"}),
        ({"kind__exact": "mute"}, {"Mute of member in Den"}),
        ({"q": "gus"}, {"Ban of Gus"}),
    ],
    ids=str,
)
def test_sanctions_are_filtered_and_searched(office, sentences, query, names):
    assert set(found(office, "sanction", **query)) == names


def test_memberships_are_filtered_and_searched(office, lobby, den):
    assert set(found(office, "membership", q="owner den")) == {"owner in Den"}
    assert set(found(office, "membership", role__exact="owner")) == {"owner in Den", "owner in Lobby"}
    assert set(found(office, "membership", room__kind__exact="private")) == {"owner in Den", "member in Den"}
    assert Membership.objects.count() == 4


def test_a_long_list_of_messages_is_counted_no_further_than_it_can_be_paged(
    office, owner, lobby, monkeypatch
):
    monkeypatch.setattr("rooms.admin.paging.MOST", 3)
    for seq in range(1, 6):
        Message.objects.create(room=lobby, seq=seq, version=seq, client_id=uuid4(), author=owner, body="Hi")
    page = office.get(reverse("admin:rooms_message_changelist"))
    assert page.context["cl"].result_count == 3
