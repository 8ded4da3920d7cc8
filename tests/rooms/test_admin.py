"""Django's admin: rooms are managed by the operations of the chat, messages are only read."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from chatproject.errors import Forbidden
from chatproject.sockets.database import in_database
from rooms.admin.rooms import RoomAdmin
from rooms.models import Community, Invitation, Message, Room
from rooms.operations.changing import edit_message
from rooms.operations.deleting import delete_message
from tests.rooms.conftest import nobody_hears, post, post_many, say
from tests.rooms.views.conftest import browser
from tests.support.people import room

pytestmark = pytest.mark.django_db

ROOMS = "/admin/rooms/room/"


@pytest.fixture
def boss(db):
    return User.objects.create(username="boss", is_staff=True, is_superuser=True)


@pytest.fixture
def office(boss):
    return browser(boss)


def change(client, room, add=(), remove=(), roles=None, becomes=None, **fields):
    """Saves the page of a room with some fields changed; False unticks a box."""
    boxes = ("everyone", "guests_may_read", "guests_may_post", "read_only", "archived")
    form = {"name": room.name, "topic": room.topic, "kind": room.kind}
    form |= {name: "on" for name in boxes if getattr(room, name)}
    form |= fields
    rows = [
        {"id": row.pk, "user": row.user_id, "role": (roles or {}).get(row.user, row.role)}
        | ({"DELETE": "on"} if row.user in remove else {})
        | ({"user": becomes[row.user].pk} if row.user in (becomes or {}) else {})
        for row in room.memberships.order_by("user__username")
    ]
    rows += [{"user": user.pk, "role": "member"} for user in add]
    prefix = "memberships"
    form |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": len(rows) - len(add)}
    for number, row in enumerate(rows):
        form |= {f"{prefix}-{number}-room": room.pk}
        form |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    data = {name: value for name, value in form.items() if value is not False}
    return client.post(f"{ROOMS}{room.pk}/change/", data)


def saved(answer):
    assert answer.status_code == 302, answer.context["errors"]
    return answer


def members(room):
    return dict(room.memberships.values_list("user__username", "role"))


# --- The list -----------------------------------------------------------------------------------
def rows(page):
    """The cells of the list's rows, as text."""
    html = re.search(r"<tbody>(.*?)</tbody>", page.content.decode(), re.DOTALL)
    found = re.findall(r"<tr>(.*?)</tr>", html[1] if html else "", re.DOTALL)
    return [
        {
            name: re.sub(r"<[^>]+>", "", cell).strip()
            for name, cell in re.findall(r"field-(\w+)[^>]*>(.*?)</t", row)
        }
        for row in found
    ]


def test_the_list_says_kind_members_messages_last_message_and_state(office, owner, lobby, den):
    post_many(owner, lobby, 3)
    listed = {row["name"]: row for row in rows(office.get(ROOMS))}
    assert listed.keys() == {"Lobby", "Den"}
    assert [listed["Lobby"][name] for name in ("sort", "members", "message_count")] == [
        "Public Everybody",
        "2",
        "3",
    ]
    assert [listed["Den"][name] for name in ("sort", "members", "message_count")] == ["Private", "2", "0"]
    assert listed["Lobby"]["last_message"] not in {"", "-"}
    assert listed["Den"]["last_message"] == "-"


def test_the_list_takes_the_same_few_queries_for_one_room_and_for_many(
    office, owner, django_assert_max_num_queries
):
    for number in range(20):
        room(f"room-{number}", owner=owner)
    with django_assert_max_num_queries(30):
        assert len(rows(office.get(ROOMS))) == 21


@pytest.mark.parametrize(
    "name", ["name", "sort", "owner", "members", "message_count", "last_message", "open_reports"]
)
def test_the_list_is_sorted_by_each_column(office, lobby, den, name):
    column = ["", *RoomAdmin.list_display].index(name)
    for order in (column, -column):
        assert len(rows(office.get(ROOMS, {"o": order}))) == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind__exact": "private"}, {"Den"}),
        ({"archived__exact": "1"}, {"Attic"}),
        ({"everyone__exact": "1"}, {"Lobby"}),
        ({"guests_may_read__exact": "1"}, {"Lobby"}),
        ({"q": "attic"}, {"Attic"}),
        ({"q": "old things"}, {"Attic"}),
        ({"q": "member"}, {"Den", "Lobby"}),
        ({"q": "nothing like it"}, set()),
    ],
    ids=str,
)
def test_rooms_are_filtered_and_searched(office, lobby, den, query, found):
    room("attic", topic="Old things", archived=True)
    assert {row["name"] for row in rows(office.get(ROOMS, query))} == found


# --- One room -----------------------------------------------------------------------------------
def test_a_room_is_made_by_the_operation(office, boss, outsider):
    form = {
        "name": " Garden  club ", "topic": "What grows", "kind": "private",
        "memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0,
        "memberships-0-user": outsider.pk, "memberships-0-role": "member",
    }  # fmt: skip
    saved(office.post(f"{ROOMS}add/", form))
    made = Room.objects.get(slug="garden-club")
    assert (made.name, made.topic, made.kind) == ("Garden club", "What grows", "private")
    assert members(made) == {"boss": "owner", "outsider": "member"}


def test_a_room_is_changed_by_the_operation(office, lobby):
    saved(change(office, lobby, name="Hall", topic="New", read_only="on"))
    lobby.refresh_from_db()
    assert (lobby.name, lobby.slug, lobby.topic, lobby.read_only) == ("Hall", "lobby", "New", True)
    assert lobby.everyone


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"topic": "x" * 251}, "topic"),
        ({"guests_may_read": False}, "guests_may_post"),
        ({"kind": "private"}, "everyone"),
        ({"kind": "secret"}, "kind"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said_beside_the_field(office, lobby, fields, at_fault):
    answer = change(office, lobby, **fields)
    assert answer.status_code == 200
    assert at_fault in answer.context["adminform"].form.errors
    before = (lobby.name, lobby.kind)
    lobby.refresh_from_db()
    assert (lobby.name, lobby.kind) == before


def test_counters_and_address_are_not_to_be_changed(office, owner, lobby):
    post(owner, lobby)
    saved(change(office, lobby, slug="other", last_seq=99, version=99))
    lobby.refresh_from_db()
    assert (lobby.slug, lobby.last_seq, lobby.version) == ("lobby", 1, 1)


def test_people_are_added_removed_and_given_roles_in_the_rooms_page(office, owner, member, outsider, den):
    saved(change(office, den, add=[outsider]))
    assert members(den) == {"owner": "owner", "member": "member", "outsider": "member"}
    saved(change(office, den, remove=[member]))
    assert members(den) == {"owner": "owner", "outsider": "member"}
    saved(change(office, den, roles={outsider: "owner"}))
    assert members(den) == {"owner": "owner", "outsider": "owner"}


def refused(answer, room):
    """What is said of the rows of members; nothing else of the form is saved, and no success is told."""
    assert answer.status_code == 200
    name = room.name
    room.refresh_from_db()
    assert room.name == name
    assert not list(answer.context["messages"])
    assert not LogEntry.objects.exists()
    [inline] = answer.context["inline_admin_formsets"]
    return inline.formset


def test_nobody_is_removed_from_a_room_for_everybody(office, member, outsider, lobby):
    answer = change(office, lobby, remove=[member], add=[outsider], name="Hall")
    assert "Everybody belongs to this room" in str(refused(answer, lobby).non_form_errors())
    assert "Everybody belongs to this room" in answer.content.decode()
    assert members(lobby) == {"owner": "owner", "member": "member"}


def test_whoever_is_removed_while_the_room_stops_being_for_everybody_goes(office, member, lobby):
    saved(change(office, lobby, remove=[member], everyone=False))
    assert members(lobby) == {"owner": "owner"}


def test_nobody_is_removed_while_the_room_starts_being_for_everybody(office, owner, member):
    club = room("club", owner=owner, members=(member,))
    refused(change(office, club, remove=[member], everyone="on"), club)
    assert members(club) == {"owner": "owner", "member": "member"}


def test_who_is_not_active_is_not_added(office, member, outsider, den):
    outsider.is_active = False
    outsider.save()
    formset = refused(change(office, den, add=[outsider], remove=[member], name="Cave"), den)
    assert formset.errors[-1] == {"user": ["This person's account is not active."]}
    assert members(den) == {"owner": "owner", "member": "member"}


def test_a_room_with_members_who_are_no_longer_active_is_changed_all_the_same(office, member, den):
    member.is_active = False
    member.save()
    saved(change(office, den, roles={member: "owner"}, name="Cave"))
    assert members(den)["member"] == "owner"


def test_of_what_an_operation_refuses_after_all_nothing_is_saved(office, member, outsider, den, monkeypatch):
    def late(*args, **options):
        raise Forbidden("Somebody else was quicker.")

    monkeypatch.setattr("rooms.admin.memberships.add_people", late)
    answer = change(office, den, remove=[member], add=[outsider], name="Cave")
    page = office.get(answer["Location"])
    assert [str(message) for message in page.context["messages"]] == ["Somebody else was quicker."]
    assert Room.objects.get(pk=den.pk).name == "Den"
    assert members(den) == {"owner": "owner", "member": "member"}


def test_a_membership_stays_the_same_persons(office, member, outsider, den):
    page = office.get(f"{ROOMS}{den.pk}/change/").content.decode()
    select = re.search(r'<select name="memberships-0-user"[^>]*>', page)
    assert select
    assert " disabled" in select[0]
    saved(change(office, den, becomes={member: outsider}))
    assert members(den) == {"owner": "owner", "member": "member"}


def test_people_are_found_by_autocomplete(office, lobby, member, outsider):
    page = office.get(f"{ROOMS}{lobby.pk}/change/").content.decode()
    assert "admin-autocomplete" in page
    found = office.get(
        reverse("admin:autocomplete"),
        {"app_label": "rooms", "model_name": "membership", "field_name": "user", "term": "outs"},
    ).json()
    assert [each["text"] for each in found["results"]] == ["outsider"]


def test_a_room_links_to_itself_on_the_site(office, lobby):
    page = office.get(f"{ROOMS}{lobby.pk}/change/").content.decode()
    link = re.search(r'href="([^"]+)" class="viewsitelink"', page)
    assert link
    assert link[1] == "/rooms/lobby/"


def test_a_room_is_not_deleted_but_archived(office, lobby):
    assert office.get(f"{ROOMS}{lobby.pk}/delete/").status_code == 403
    assert office.post(f"{ROOMS}{lobby.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in office.get(ROOMS).content.decode()


def test_rooms_are_archived_and_restored_together(office, lobby, den):
    for action, archived in (("archive", True), ("restore", False)):
        form = {"action": action, "_selected_action": [lobby.pk, den.pk], "confirmed": "yes"}
        assert office.post(ROOMS, form).status_code == 302
        assert set(Room.objects.values_list("archived", flat=True)) == {archived}
    assert LogEntry.objects.count() == 4


def test_a_change_is_noted(office, boss, lobby):
    saved(change(office, lobby, name="Hall"))
    [entry] = LogEntry.objects.all()
    assert (entry.user, entry.object_id) == (boss, str(lobby.pk))


# --- Who may ------------------------------------------------------------------------------------
def test_only_staff_with_the_permission_manage_rooms(member, staff, lobby):
    assert browser(member).get(ROOMS).status_code == 302
    assert browser(staff).get(ROOMS).status_code == 200
    staff.user_permissions.clear()
    assert browser(staff).get(ROOMS).status_code == 403


def test_who_may_only_look_has_no_actions(staff, lobby):
    staff.user_permissions.set(Permission.objects.filter(codename="view_room"))
    client = browser(staff)
    assert client.get(ROOMS).status_code == 200
    client.post(ROOMS, {"action": "archive", "_selected_action": [lobby.pk]})
    assert not Room.objects.get(pk=lobby.pk).archived
    assert change(client, lobby, name="Mine").status_code == 403


# --- What reaches open browsers -----------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
async def test_a_rename_reaches_open_browsers_at_once(house, boss, owner, member, outsider, den, lobby):
    client = await in_database(browser, boss)
    listener, stranger = await house.enter(member), await house.enter(outsider)
    await house.hush()
    saved(await in_database(change, client, den, name="Cave"))
    [event] = await listener.received("room_changed")
    assert (event["room"]["id"], event["room"]["name"]) == (den.pk, "Cave")
    await nobody_hears("room_changed", stranger)


@pytest.mark.django_db(transaction=True)
async def test_archiving_reaches_open_browsers_at_once(house, boss, member, den, lobby):
    client = await in_database(browser, boss)
    listener = await house.enter(member)
    await house.hush()
    await in_database(
        client.post, ROOMS, {"action": "archive", "_selected_action": [den.pk], "confirmed": "yes"}
    )
    [event] = await listener.received("room_changed")
    assert event["room"]["archived"] is True


@pytest.mark.django_db(transaction=True)
async def test_memberships_made_and_ended_there_reach_open_browsers_at_once(
    house, boss, owner, member, outsider, den, lobby
):
    client = await in_database(browser, boss)
    speaker, added, removed = [await house.enter(who) for who in (owner, outsider, member)]
    await house.hush()
    saved(await in_database(change, client, den, add=[outsider], remove=[member]))
    assert await removed.received("room_removed") == [{"room": den.pk}]
    assert (await added.receive("room_changed"))["room"]["role"] == "member"
    await say(speaker, den, "Who is here?")
    assert len(await added.received("message_posted")) == 1
    await nobody_hears("message_posted", removed)


@pytest.mark.django_db(transaction=True)
async def test_a_role_given_there_reaches_that_person_alone(house, boss, owner, member, den, lobby):
    client = await in_database(browser, boss)
    watcher, promoted = await house.enter(owner), await house.enter(member)
    await house.hush()
    saved(await in_database(change, client, den, roles={member: "owner"}))
    told = (await promoted.receive("room_changed"))["room"]
    assert (told["role"], told["may_manage"]) == ("owner", True)
    await nobody_hears("room_changed", watcher)


@pytest.mark.django_db(transaction=True)
async def test_a_membership_posted_as_anothers_tells_nobody(house, boss, owner, member, outsider, den, lobby):
    client = await in_database(browser, boss)
    listeners = [await house.enter(who) for who in (owner, member, outsider)]
    await house.hush()
    saved(await in_database(change, client, den, becomes={member: outsider}))
    for listener in listeners:
        await nobody_hears("room_changed", listener)
    assert await in_database(members, den) == {"owner": "owner", "member": "member"}


# --- Messages -----------------------------------------------------------------------------------
MESSAGES = "/admin/rooms/message/"


def test_messages_are_read_and_nothing_else(office, owner, lobby):
    message = post(owner, lobby, "<b>Hello</b>")
    page = office.get(MESSAGES).content.decode()
    assert "&lt;b&gt;Hello" in page
    assert "<b>Hello" not in page
    one = f"{MESSAGES}{message.pk}/"
    assert office.get(f"{one}change/").status_code == 200
    assert office.post(f"{one}change/", {"body": "Changed"}).status_code == 403
    assert office.post(f"{one}delete/", {"post": "yes"}).status_code == 403
    assert office.get(f"{MESSAGES}add/").status_code == 403
    assert Message.objects.get().body == "<b>Hello</b>"


def test_staff_read_there_what_they_may_read_in_the_chat(staff, owner, lobby, den):
    post(owner, lobby, "Public words")
    secret = post(owner, den, "Private words")
    staff.user_permissions.remove(Permission.objects.get(codename="view_private_rooms"))
    page = browser(staff).get(MESSAGES).content.decode()
    assert "Public words" in page
    assert "Private words" not in page
    assert browser(staff).get(f"{MESSAGES}{secret.pk}/change/").status_code == 302
    assert "Private words" not in browser(staff).get(MESSAGES, {"q": "Private"}).content.decode()


def test_what_a_message_said_before_is_read_by_staff_who_moderate(staff, owner, lobby, den):
    message = post(owner, lobby, "first words")
    edit_message(person=owner, message=message.pk, body="second words")
    delete_message(person=owner, message=message.pk)
    page = browser(staff).get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert page.index("first words") < page.index("second words")
    assert 'name="revisions-0-body"' not in page
    staff.user_permissions.remove(Permission.objects.get(codename="moderate_rooms"))
    page = browser(staff).get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert "#1" in page
    assert "first words" not in page


def test_messages_are_searched(office, owner, guest, lobby):
    post(owner, lobby, "about roses")
    post(guest, lobby, "about tulips")
    assert [row["who"] for row in rows(office.get(MESSAGES, {"q": "tulips"}))] == ["Gus (guest)"]
    assert [row["excerpt"] for row in rows(office.get(MESSAGES, {"q": "owner"}))] == ["about roses"]


@pytest.mark.parametrize("lookup", ["message/?body__contains=launch", "report/?body__contains=launch"])
def test_no_list_is_filtered_by_what_was_said_since_nobody_would_record_that(office, owner, den, lookup):
    post(owner, den, "launch codes")
    assert office.get(f"/admin/rooms/{lookup}").status_code == 400


# --- Invitations and the community --------------------------------------------------------------
INVITATIONS = "/admin/rooms/invitation/"


def test_an_invitation_is_made_with_its_link(office, boss):
    saved(office.post(f"{INVITATIONS}add/", {"note": "For Nina", "max_uses": "2"}))
    invitation = Invitation.objects.get()
    assert (invitation.created_by, invitation.max_uses, invitation.expires_at) == (boss, 2, None)


def test_an_invitations_link_is_the_whole_address(boss, settings):
    invitation = Invitation.objects.create()
    pages = (INVITATIONS, f"{INVITATIONS}{invitation.pk}/change/")

    def links(site, **environ):
        address = site + invitation.get_absolute_url()
        client = browser(boss, **environ)
        return [f'<a href="{address}">{address}</a>' in client.get(page).content.decode() for page in pages]

    assert links("http://localhost") == [True, True]
    assert links("http://127.0.0.1:8000", HTTP_HOST="127.0.0.1:8000") == [True, True]
    settings.SITE_URL = "https://chat.example.org"
    assert links("https://chat.example.org") == [True, True]


def test_a_new_invitation_has_no_link_yet(office):
    assert "Made when it is saved" in office.get(f"{INVITATIONS}add/").content.decode()


def test_an_invitation_is_revoked(office):
    invitation = Invitation.objects.create(expires_at=timezone.now() + timedelta(days=1))
    form = {"note": "", "revoked": "on", "max_uses": ""}
    saved(office.post(f"{INVITATIONS}{invitation.pk}/change/", {**form, "token": "mine", "uses": "9"}))
    token = invitation.token
    invitation.refresh_from_db()
    assert (invitation.revoked, invitation.token, invitation.uses) == (True, token, 0)


def test_the_community_is_one_row_whose_door_is_opened_and_shut(office):
    Community.objects.current()
    page = f"/admin/rooms/community/{Community.ONLY}/"
    saved(office.post(f"{page}change/", {}))
    assert not Community.objects.current().signup_open
    saved(office.post(f"{page}change/", {"signup_open": "on"}))
    assert Community.objects.current().signup_open
    assert office.get("/admin/rooms/community/add/").status_code == 403
    assert office.post(f"{page}delete/", {"post": "yes"}).status_code == 403
