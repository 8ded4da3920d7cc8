"""A socket that has been open for a while knows no more rights, and no other names, than the database."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User
from chatproject.sockets.database import in_database
from chatproject.sockets.testing import Refused
from rooms.models import Membership, Room
from rooms.operations.memberships import change_role
from rooms.operations.rooms import change_room
from tests.rooms.conftest import ok, refused, say
from tests.support.people import person, room

pytestmark = pytest.mark.django_db(transaction=True)


def _permit(staff: User, *codenames: str) -> None:
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))


async def test_a_moderator_without_the_permission_any_more_manages_nothing(house, staff, owner, lobby):
    entry = await house.enter(staff)
    assert (await ok(entry, "update_room", room=lobby.pk, topic="Moderated"))["room"]["topic"] == "Moderated"
    await in_database(_permit, staff)
    assert (await refused(entry, "update_room", room=lobby.pk, topic="Still here"))["code"] == "forbidden"
    assert (await refused(entry, "remove_member", room=lobby.pk, user=owner.pk))["code"] == "forbidden"


async def test_who_is_renamed_speaks_under_the_new_name_at_once(house, member, lobby):
    entry = await house.enter(member)

    def rename() -> None:
        renamed = User.objects.get(pk=member.pk)
        renamed.display_name = "Anna"
        renamed.save()

    await in_database(rename)
    assert (await say(entry, lobby, "Hello"))["author"]["name"] == "Anna"


async def test_staff_without_the_console_enter_and_hear_nothing_of_it(house, staff, member, lobby):
    watcher = await house.enter(staff, "/admin")
    clerk = await in_database(person, "clerk", is_staff=True)
    deaf = await house.enter(clerk, "/admin")
    assert (await refused(deaf, "overview"))["code"] == "forbidden"
    entry = await house.enter(member)
    await ok(entry, "create_room", name="Layoffs", kind="private")
    assert [each["kind"] for each in await watcher.received("activity")].count("room_created") == 1
    assert await deaf.received("activity") == []


async def test_staff_who_lose_the_console_stop_hearing_it(house, member, lobby):
    clerk = await in_database(person, "clerk", is_staff=True)
    await in_database(_permit, clerk, "use_console")
    entry = await house.enter(clerk, "/admin")
    speaker = await house.enter(member)
    await say(speaker, lobby, "one")
    assert "message_posted" in [each["kind"] for each in await entry.received("activity")]
    await in_database(_permit, clerk)
    await house.server.namespace_handlers["/admin"].look_again()
    await house.hush()
    await say(speaker, lobby, "two")
    assert await entry.received("activity") == []


async def test_a_room_whose_owner_is_deleted_goes_to_the_longest_standing_member(house, member, outsider):
    den = await in_database(room, "den", owner=outsider, members=(member,), kind=Room.Kind.PRIVATE)
    entry = await house.enter(member)
    await in_database(lambda: User.objects.get(pk=outsider.pk).delete())
    heard = [each["room"] for each in await entry.received("room_changed")]
    changes = [changed for changed in heard if changed["id"] == den.pk]
    assert {"owner"} == {each["role"] for each in changes if "role" in each}
    assert changes[-1]["members"] == 1
    left = await in_database(lambda: list(den.memberships.values_list("user_id", "role")))
    assert left == [(member.pk, "owner")]


async def test_a_room_keeps_an_owner_when_the_only_one_is_demoted(house, owner, member, den):
    def demote() -> None:
        change_role(Membership.objects.get(room=den, user=owner), role=Membership.Role.MEMBER, by=None)

    await in_database(demote)
    assert await in_database(Membership.objects.filter(room=den, role="owner").count) == 1


async def test_a_room_that_becomes_for_everybody_is_heard_by_everybody_at_once(house, owner, outsider, lobby):
    garden = await in_database(room, "garden", owner=owner)
    entry = await house.enter(outsider)
    await in_database(change_room, garden, person=owner, everyone=True)
    assert garden.pk in [each["room"]["id"] for each in await entry.received("room_changed")]
    await say(await house.enter(owner), garden, "Hello all")
    assert (await entry.receive("message_posted"))["room"] == garden.pk


async def test_guests_are_sent_away_when_no_room_is_left_for_them(house, owner, member, lobby):
    guest, insider = await house.enter("Gus"), await house.enter(member)
    await in_database(change_room, lobby, person=owner, guests_may_read=False, guests_may_post=False)
    await guest.connection.wait_closed()
    with pytest.raises(Refused) as refusal:
        await house.enter("Gus")
    assert refusal.value.data["code"] == "unauthenticated"
    assert not insider.connection.closed.done()


@pytest.mark.parametrize("name", ["\u200b", "\u2800", "a\x07b", "\x1b[31mred", "\u202eevil", " "])
async def test_a_room_cannot_be_called_what_nobody_can_read(house, member, lobby, name):
    entry = await house.enter(member)
    error = await refused(entry, "create_room", name=name)
    assert (error["code"], list(error["fields"])) == ("invalid", ["name"])


@pytest.mark.parametrize("body", ["\u200b", "\u2060 \n", "\x07", "\u2800", "\u3164"])
async def test_what_nobody_can_see_is_no_message(house, member, lobby, body):
    entry = await house.enter(member)
    error = await refused(
        entry, "post_message", room=lobby.pk, client_id="9d1b1b5e-5d1a-4b5e-8f6e-1f4a3a1f0b11", body=body
    )
    assert (error["code"], list(error["fields"])) == ("invalid", ["body"])
