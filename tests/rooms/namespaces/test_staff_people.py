"""The people in the console: who is there, who is found, and whose connections staff close."""

import pytest

from accounts.models import User
from chatproject.sockets.channels import session_digest
from chatproject.sockets.database import in_database
from rooms.models import Sanction
from rooms.namespaces import staff as console
from tests.rooms.conftest import nobody_hears, ok, refused
from tests.rooms.namespaces.conftest import notes, take
from tests.support.people import person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks", "clock")]


async def pages(entry, **asked):
    """All lines of a list of people, page by page."""
    found, cursor = [], None
    while True:
        data = await ok(entry, "list_people", cursor=cursor, **asked)
        found += data["people"]
        cursor = data["next"]
        if cursor is None:
            return found


# --- Who is there -------------------------------------------------------------------------------
async def test_who_is_there_is_one_line_for_each_person_and_each_session_of_a_guest(
    house, office, owner, member, lobby
):
    mine = [await house.enter(member) for _ in range(2)]
    await house.enter(owner)
    guests = {(await house.enter("Gus")).sid for _ in range(2)}
    nobodies = {(await house.enter()).sid for _ in range(2)}
    data = await ok(await office(), "list_people")
    assert data["next"] is None
    assert [line["user"]["name"] for line in data["people"] if line["user"]] == ["member", "owner"]
    line = data["people"][-2]
    assert line.pop("since").endswith("Z")
    assert line == {
        "user": {"id": member.pk, "name": "member"},
        "username": "member",
        "avatar": line["avatar"],
        "staff": False,
        "online": True,
        "sockets": len(mine),
        "sanctions": [],
        "guest": False,
    }
    [gus] = [line for line in data["people"] if line.get("name") == "Gus"]
    assert (gus["user"], gus["guest"], gus["sockets"]) == (None, True, 2)
    assert gus["sid"] in guests
    unnamed = [line for line in data["people"] if line.get("name") == ""]
    assert {line["sid"] for line in unnamed} == nobodies
    digest = session_digest(house.keys["Gus"])
    assert digest not in str(data)


async def test_who_is_there_is_listed_by_name_in_pages(house, office, owner, member, lobby, monkeypatch):
    monkeypatch.setattr(console, "PAGE", 2)
    for who in (owner, member, member, "Zoe", "Abe"):
        await house.enter(who)
    found = await pages(await office())
    assert [line["name"] if line["guest"] else line["username"] for line in found] == [
        "Abe", "member", "owner", "Zoe",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "names"), [("MEM", {"member"}), ("gu", {"Gus"}), ("x", set()), ("%", set())]
)
async def test_who_is_there_is_found_by_name(house, office, owner, member, lobby, query, names):
    for who in (owner, member, "Gus"):
        await house.enter(who)
    data = await ok(await office(), "list_people", query=query)
    assert {line["name"] if line["guest"] else line["username"] for line in data["people"]} == names


async def test_a_person_who_is_deleted_meanwhile_is_left_out(house, office, member, owner, lobby):
    for who in (owner, member):
        await house.enter(who)
    await in_database(User.objects.filter(pk=member.pk).update, username="gone")
    data = await ok(await office(), "list_people")
    assert [line["username"] for line in data["people"]] == ["gone", "owner"]


# --- Who is found -------------------------------------------------------------------------------
async def test_everybody_is_found_there_or_not(house, office, member, outsider, lobby):
    await house.enter(member)
    lines = await pages(await office(), online=False)
    here = {line["username"]: (line["online"], line["sockets"], bool(line["since"])) for line in lines}
    assert here == {
        "member": (True, 1, True),
        "outsider": (False, 0, False),
        "owner": (False, 0, False),
        "staff": (False, 0, False),
    }


async def test_everybody_is_found_by_name_in_pages(house, office, lobby, monkeypatch):
    monkeypatch.setattr("rooms.operations.people.PAGE", 2)
    for number in range(5):
        await in_database(person, f"gardener-{number}")
    found = await pages(await office(), online=False, query="GARDEN")
    assert [line["username"] for line in found] == [f"gardener-{number}" for number in range(5)]


async def test_a_page_takes_as_many_queries_for_many_as_for_one(
    house, staff, member, owner, outsider, lobby, django_assert_max_num_queries
):
    def look():
        from rooms.operations.people import search  # noqa: PLC0415 - counted where it runs

        for who in (member, owner, outsider):
            Sanction.objects.create(
                kind="mute", user=who, user_name=who.username, reason="Loud", by=staff, by_name="staff"
            )
            with django_assert_max_num_queries(7):
                assert len(search(by=staff)[0]) == 4

    await in_database(look)


@pytest.mark.parametrize("online", [True, False])
async def test_people_come_with_what_they_may_not_do_for_now(
    house, office, staff, member, lobby, den, online
):
    def punish():
        kept = {"user": member, "user_name": "member", "reason": "Loud", "by": staff, "by_name": "staff"}
        everywhere = Sanction.objects.create(kind="mute", **kept)
        secret = Sanction.objects.create(kind="ban", room=den, **kept)
        Sanction.objects.create(kind="ban", lifted_at=everywhere.created_at, **kept)
        return everywhere.pk, secret.pk

    everywhere, secret = await in_database(punish)
    await house.enter(member)
    entry = await office()

    async def sanctions():
        [line] = await pages(entry, query="member", online=online)
        return {each["id"]: each["room"] for each in line["sanctions"]}

    assert await sanctions() == {everywhere: None, secret: {"id": den.pk, "name": "Den"}}
    await take(staff, "view_private_rooms")
    assert await sanctions() == {everywhere: None}


# --- Disconnecting one socket -------------------------------------------------------------------
async def test_one_socket_is_closed_and_no_other(house, office, owner, member, lobby):
    tabs = [await house.enter(member) for _ in range(2)]
    other = await house.enter(owner)
    assert await ok(await office(), "disconnect_socket", sid=tabs[0].sid) == {}
    await tabs[0].connection.wait_closed()
    for entry in (tabs[1], other):
        await ok(entry, "sync")
    assert await notes() == [("staff", "disconnect_socket", "member")]


async def test_a_guests_socket_is_closed(house, office, member, lobby):
    guest, other = await house.enter("Gus"), await house.enter(member)
    await ok(await office(), "disconnect_socket", sid=guest.sid)
    await guest.connection.wait_closed()
    await ok(other, "sync")
    assert await notes() == [("staff", "disconnect_socket", "")]


async def test_a_name_that_is_no_sockets_closes_nothing(house, office, member, lobby):
    chat, entry = await house.enter(member), await office()
    for sid in ("everybody", f"user:{member.pk}", f"room:{lobby.pk}", entry.sid, "", "nothing"):
        assert (await refused(entry, "disconnect_socket", sid=sid))["code"] == "not_found"
    await ok(chat, "sync")
    await ok(entry, "overview")
    assert await notes() == []


async def test_a_socket_of_ones_own_or_of_somebody_above_is_not_closed(house, office, staff, owner, lobby):
    await in_database(User.objects.filter(pk=owner.pk).update, is_superuser=True)
    mine, boss, entry = await house.enter(staff), await house.enter(owner), await office()
    for target, code in ((mine, "invalid"), (boss, "forbidden")):
        assert (await refused(entry, "disconnect_socket", sid=target.sid))["code"] == code
        await ok(target, "sync")
    assert await notes() == []


# --- Disconnecting a person ---------------------------------------------------------------------
async def test_a_disconnected_person_loses_all_tabs_and_comes_back(house, office, owner, member, lobby):
    tabs = [await house.enter(member) for _ in range(2)]
    others = [await house.enter(who) for who in (owner, "Gus")]
    assert await ok(await office(), "disconnect_user", user=member.pk) == {}
    for tab in tabs:
        await tab.connection.wait_closed()
        assert not [event for event in tab.events if event[0] == "session_ended"]
    for other in others:
        await ok(other, "sync")
    assert (await ok(await house.enter(member), "sync"))["user"]["id"] == member.pk
    assert await notes() == [("staff", "disconnect_user", "member")]


async def test_a_signed_out_person_is_told_and_comes_back_as_nobody(house, office, owner, member, lobby):
    tabs = [await house.enter(member) for _ in range(2)]
    other = await house.enter(owner)
    assert await ok(await office(), "disconnect_user", user=member.pk, sign_out=True) == {}
    for tab in tabs:
        assert await tab.receive("session_ended") == {"reason": "revoked"}
        await tab.connection.wait_closed()
    await nobody_hears("session_ended", other)
    assert (await ok(await house.enter(member), "sync"))["user"]["id"] is None
    assert len(await notes()) == 1


async def test_both_namespaces_of_a_disconnected_person_are_closed(house, owner, staff, lobby):
    def promote():
        owner.is_staff = owner.is_superuser = True
        owner.save()

    await in_database(promote)
    boss = await house.enter(owner, "/admin")
    entries = [await house.enter(staff, name) for name in ("/", "/admin")]
    await ok(boss, "disconnect_user", user=staff.pk)
    for entry in entries:
        await entry.connection.wait_closed()
    assert not boss.connection.closed.done()


async def test_nobody_disconnects_themselves_an_owner_or_a_stranger(house, office, staff, owner, lobby):
    await in_database(User.objects.filter(pk=owner.pk).update, is_superuser=True)
    entry, boss = await office(), await house.enter(owner)
    for user, code in ((staff.pk, "invalid"), (owner.pk, "forbidden"), (10**12, "not_found")):
        assert (await refused(entry, "disconnect_user", user=user))["code"] == code
    await ok(boss, "sync")
    await ok(entry, "overview")
    assert await notes() == []
