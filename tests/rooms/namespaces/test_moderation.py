"""Mutes and bans by socket, in both namespaces: who may, and what everybody's tabs feel of it at once."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import AuditEntry, User
from chatproject.sockets.database import in_database
from chatproject.sockets.testing import Refused
from rooms.models import Membership, Sanction
from tests.rooms.conftest import nobody_hears, ok, refused, say
from tests.support.people import room

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]

WHY = "Flooding"
UNKNOWN = 10**12


@pytest.fixture
async def tabs(house, member, lobby):
    """Two tabs of the member's."""
    return [await house.enter(member), await house.enter(member)]


@pytest.fixture
async def bystander(house, owner, lobby):
    """Somebody else in the same rooms."""
    return await house.enter(owner)


@pytest.fixture
async def console(house, staff, lobby):
    return await house.enter(staff, "/admin")


def in_an_hour():
    return (timezone.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")


async def permit(user, *codenames):
    def set_them():
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))

    await in_database(set_them)


async def audited():
    entries = AuditEntry.objects.order_by("number")
    found = entries.values_list("action", "actor_name", "target_name", "room_id", "reason", "face")
    return await in_database(lambda: list(found))


async def told(tabs, event):
    """What each of the tabs has heard once, the same in all."""
    heard = [await tab.received(event) for tab in tabs]
    assert all(each == heard[0] and len(each) == 1 for each in heard), heard
    return heard[0][0]


# --- In a room, by those who keep order there -----------------------------------------------------
async def test_a_moderator_mutes_somebody_who_feels_it_in_every_tab(
    house, moderator, member, tabs, bystander, lobby
):
    entry, until = await house.enter(moderator), in_an_hour()
    await house.hush()
    act = {"room": lobby.pk, "user": member.pk, "until": until, "reason": WHY}
    sanction = (await ok(entry, "mute_user", **act))["sanction"]
    assert sanction["by"] == {"id": moderator.pk, "name": "moderator"}
    assert sanction["room"] == {"id": lobby.pk, "name": "Lobby"}
    assert sanction["active"]
    heard = (await told(tabs, "sanction_changed"))["sanction"]
    assert heard == {name: value for name, value in sanction.items() if name != "by"}
    own = (await told(tabs, "room_changed"))["room"]
    assert own["muted"] == {"until": until, "reason": WHY, "everywhere": False}
    for tab in tabs:
        error = await refused(tab, "set_typing", room=lobby.pk, typing=True)
        assert (error["code"], error["until"], error["reason"]) == ("forbidden", until, WHY)
    await nobody_hears("sanction_changed", bystander, entry)
    assert await audited() == [("mute_user", "moderator", "member", lobby.pk, WHY, "chat")]
    listed = (await ok(entry, "list_sanctions", room=lobby.slug))["sanctions"]
    assert listed == [sanction]

    await house.hush()
    await ok(entry, "lift", sanction=sanction["id"])
    assert not (await told(tabs, "sanction_changed"))["sanction"]["active"]
    assert (await told(tabs, "room_changed"))["room"]["muted"] is None
    assert await say(tabs[0], lobby)
    assert (await refused(entry, "lift", sanction=sanction["id"]))["code"] == "conflict"
    assert [action for action, *_ in await audited()] == ["mute_user", "lift"]


async def test_who_is_banned_from_a_room_loses_it_in_every_tab(
    house, owner, member, tabs, bystander, lobby, den
):
    entry = await house.enter(owner)
    await house.hush()
    act = {"room": lobby.pk, "user": member.pk, "reason": WHY}
    sanction = (await ok(entry, "ban_user", **act))["sanction"]
    assert await told(tabs, "room_removed") == {"room": lobby.pk}
    notice = await told(tabs, "notice")
    assert notice["level"] == "warning"
    assert "Lobby" in notice["text"] and WHY in notice["text"]
    await say(entry, lobby, "Without them")
    for tab in tabs:
        await nobody_hears("message_posted", tab)
        for command in ("open_room", "join_room"):
            assert (await refused(tab, command, room=lobby.pk))["code"] == "not_found"
    await say(tabs[0], den, "Elsewhere all is well")
    await nobody_hears("room_removed", bystander, entry)
    assert (await refused(entry, "add_members", room=lobby.pk, users=[member.pk]))["code"] == "forbidden"
    assert ("ban_user", "owner", "member", lobby.pk, WHY, "chat") in await audited()

    again = await house.enter(member)
    assert lobby.pk not in [each["id"] for each in (await ok(again, "sync"))["rooms"]]
    await house.hush()
    await ok(entry, "lift", sanction=sanction["id"])
    for tab in tabs:  # a room for everybody has them back
        back, _ = await tab.received("room_changed")
        assert (back["room"]["id"], back["room"]["role"]) == (lobby.pk, "member")
    await say(entry, lobby, "Welcome back")
    assert await told(tabs, "message_posted")


async def test_who_reads_along_is_shown_out_too(house, owner, outsider, member, lobby):
    public = await in_database(room, "public", owner=owner)
    reader, entry = await house.enter(outsider), await house.enter(owner)
    await ok(reader, "open_room", room=public.pk)
    await ok(entry, "ban_user", room=public.pk, user=outsider.pk, reason=WHY)
    assert await reader.received("room_removed") == [{"room": public.pk}]
    await say(entry, public)
    await nobody_hears("message_posted", reader)


async def test_members_guests_and_strangers_set_nothing(house, member, outsider, moderator, lobby, den):
    for who, code in ((member, "forbidden"), (outsider, "forbidden"), ("Gus", "unauthenticated")):
        entry = await house.enter(who)
        for command in ("mute_user", "ban_user"):
            act = {"room": lobby.pk, "user": moderator.pk, "reason": WHY}
            assert (await refused(entry, command, **act))["code"] == code
        assert (await refused(entry, "list_sanctions", room=lobby.pk))["code"] == code
    assert await in_database(Sanction.objects.count) == 0
    assert await audited() == []


@pytest.mark.parametrize("command", ["mute_user", "ban_user"])
async def test_nobody_acts_upwards_on_oneself_or_on_nobody(house, moderator, owner, lobby, command):
    entry = await house.enter(moderator)
    act = {"room": lobby.pk, "reason": WHY}
    assert (await refused(entry, command, user=owner.pk, **act))["code"] == "forbidden"
    assert (await refused(entry, command, user=UNKNOWN, **act))["code"] == "not_found"
    error = await refused(entry, command, user=moderator.pk, **act)
    assert (error["code"], [*error["fields"]]) == ("invalid", ["user"])
    past = await refused(entry, command, user=owner.pk, until="2020-01-01T00:00:00Z", **act)
    assert [*past["fields"]] == ["until"]
    assert (await refused(entry, "lift", sanction=UNKNOWN))["code"] == "not_found"
    assert await audited() == []


async def test_a_moderator_who_is_one_no_more_sets_nothing(house, moderator, member, lobby):
    entry = await house.enter(moderator)
    await in_database(Membership.objects.filter(user=moderator).update, role=Membership.Role.MEMBER)
    act = {"room": lobby.pk, "user": member.pk, "reason": WHY}
    assert (await refused(entry, "mute_user", **act))["code"] == "forbidden"


# --- Everywhere, by staff -------------------------------------------------------------------------
async def test_a_mute_everywhere_is_felt_in_every_room(house, console, member, tabs, bystander, lobby, den):
    await house.hush()
    sanction = (await ok(console, "mute_user", user=member.pk, reason=WHY))["sanction"]
    assert (sanction["room"], sanction["until"]) == (None, None)
    assert (await told(tabs, "sanction_changed"))["sanction"]["room"] is None
    for where in (lobby, den):
        error = await refused(tabs[0], "set_typing", room=where.pk, typing=True)
        assert (error["code"], error["until"], error["reason"]) == ("forbidden", None, WHY)
    rooms = (await ok(tabs[1], "sync"))["rooms"]
    assert all(each["muted"] == {"until": None, "reason": WHY, "everywhere": True} for each in rooms)
    await nobody_hears("sanction_changed", bystander)
    assert await audited() == [("mute_user", "staff", "member", None, WHY, "console")]


async def test_a_ban_everywhere_ends_every_tab_and_lets_nobody_back(
    house, console, staff, member, tabs, bystander, lobby
):
    until = in_an_hour()
    await house.hush()
    act = {"user": member.pk, "until": until, "reason": WHY}
    sanction = (await ok(console, "ban_user", **act))["sanction"]
    assert await told(tabs, "session_ended") == {"reason": "banned", "until": until, "text": WHY}
    for tab in tabs:
        await tab.connection.wait_closed()
    await nobody_hears("session_ended", bystander, console)
    assert (await ok(await house.enter(member), "sync"))["user"]["guest"]  # the cookie is nobody's
    late = await in_database(User.objects.get, pk=member.pk)  # and neither is a session of this moment
    house.keys.pop(member)
    assert (await ok(await house.enter(late), "sync"))["user"]["guest"]
    assert await audited() == [("ban_user", "staff", "member", None, WHY, "console")]
    await ok(console, "lift", sanction=sanction["id"])
    house.keys.pop(late)
    assert not (await ok(await house.enter(member), "sync"))["user"]["guest"]


async def test_a_guest_is_kept_out_by_the_network_and_people_are_not(
    house, console, member, lobby, bystander
):
    gus, other = await house.enter("Gus"), await house.enter("Greta")
    sanction = (await ok(console, "ban_guest", sid=gus.sid, reason=WHY))["sanction"]
    assert (sanction["user"], sanction["kind"]) == ({"id": None, "name": "Gus"}, "ban")
    for entry in (gus, other):  # from the same network
        await entry.connection.wait_closed()
    with pytest.raises(Refused) as refusal:
        await house.enter("Gus")
    assert refusal.value.data["code"] == "forbidden"
    assert await ok(await house.enter(member), "sync")
    assert not bystander.connection.closed.done()
    assert [row[:2] for row in await audited()] == [("ban_guest", "staff")]
    await ok(console, "lift", sanction=sanction["id"])
    assert await ok(await house.enter("Gus"), "sync")


async def test_the_networks_of_who_is_banned_are_kept_out_if_that_is_chosen(
    house, console, member, tabs, lobby
):
    guest = await house.enter("Gus")
    await in_database(lambda: member.sessions.update(address="127.0.0.1"))
    await ok(console, "ban_user", user=member.pk, reason=WHY, addresses=True)
    await guest.connection.wait_closed()
    with pytest.raises(Refused) as refusal:
        await house.enter("Gus")
    assert refusal.value.data["code"] == "forbidden"


async def test_who_is_no_guest_or_gone_is_not_banned_as_one(house, console, bystander, lobby):
    assert (await refused(console, "ban_guest", sid="gone", reason=WHY))["code"] == "not_found"
    error = await refused(console, "ban_guest", sid=bystander.sid, reason=WHY)
    assert (error["code"], [*error["fields"]]) == ("invalid", ["sid"])
    assert not bystander.connection.closed.done()


async def test_each_command_takes_its_permission(house, console, staff, member, lobby):
    everywhere, guest = {"user": member.pk, "reason": WHY}, {"sid": "x", "reason": WHY}
    needed = [
        ("mute_user", everywhere, "moderate_rooms"),
        ("ban_user", {**everywhere, "room": lobby.pk}, "moderate_rooms"),
        ("ban_user", everywhere, "ban_users"),
        ("ban_guest", guest, "ban_users"),
        ("list_sanctions", {}, "use_console"),
    ]
    names = ("moderate_rooms", "ban_users", "use_console", "announce")
    for command, payload, permission in needed:
        await permit(staff, *(name for name in names if name != permission))
        assert (await refused(console, command, **payload))["code"] == "forbidden", command
    assert await in_database(Sanction.objects.count) == 0
    assert await audited() == []


async def test_staff_who_own_a_room_act_in_it_from_the_chat_and_not_from_the_console(
    house, console, staff, member, lobby
):
    await permit(staff, "use_console")
    await in_database(lambda: Membership.objects.create(room=lobby, user=staff, role="owner"))
    mute = {"room": lobby.pk, "user": member.pk, "reason": WHY}
    for command in ("mute_user", "ban_user"):
        assert (await refused(console, command, **mute))["code"] == "forbidden"
    chat = await house.enter(staff)
    sanction = (await ok(chat, "mute_user", **mute))["sanction"]
    assert (await refused(console, "lift", sanction=sanction["id"]))["code"] == "forbidden"
    await ok(chat, "lift", sanction=sanction["id"])


async def test_the_list_of_staff_is_read_page_by_page(
    house, console, staff, owner, member, lobby, monkeypatch
):
    monkeypatch.setattr("rooms.operations.sanctions.PAGE", 1)
    made = [
        (await ok(console, "mute_user", user=who.pk, room=where, reason=WHY))["sanction"]["id"]
        for who, where in ((member, lobby.pk), (member, None))
    ]
    first = await ok(console, "list_sanctions")
    assert [each["id"] for each in first["sanctions"]] == made[1:]
    second = await ok(console, "list_sanctions", cursor=first["next"])
    assert ([each["id"] for each in second["sanctions"]], second["next"]) == (made[:1], None)
    assert (await ok(console, "list_sanctions", user=owner.pk))["sanctions"] == []
    await ok(console, "lift", sanction=made[1])
    assert len((await ok(console, "list_sanctions", active=False))["sanctions"]) == 1
    assert (await ok(console, "list_sanctions"))["sanctions"][0]["id"] == made[0]
