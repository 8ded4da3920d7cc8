"""What one person, or one address' guests, may do at once in the conversation."""

from uuid import uuid4

import pytest

from chatproject.sockets.database import in_database
from chatproject.sockets.testing import Refused
from rooms.models import Message
from tests.rooms.conftest import nobody_hears, ok, refused, say

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]

RATE = (3, 600.0)


async def test_a_person_posts_and_edits_so_often_over_all_tabs_and_others_are_free(
    house, settings, owner, member, lobby
):
    settings.MESSAGE_RATE = RATE
    tab, other_tab, listener = [await house.enter(who) for who in (owner, owner, member)]
    first = await say(tab, lobby, "one", client_id=str(uuid4()))
    await ok(other_tab, "edit_message", message=first["id"], body="two")
    # A repeat is answered with the message that exists, and counts like any other.
    assert (await say(tab, lobby, "one", client_id=first["client_id"]))["id"] == first["id"]
    await house.hush()
    new = {"room": lobby.pk, "client_id": str(uuid4()), "body": "three"}
    late: list[tuple[str, dict[str, object]]] = [
        ("post_message", new),
        ("post_message", {**new, "client_id": first["client_id"]}),
        ("edit_message", {"message": first["id"], "body": "three"}),
    ]
    for entry in (tab, other_tab):
        for event, payload in late:
            error = await refused(entry, event, **payload)
            assert error["code"] == "rate_limited"
            assert 190 < error["retry_after"] <= 200
    assert await in_database(lambda: list(Message.objects.values_list("body", flat=True))) == ["two"]
    await nobody_hears("message_posted", tab, other_tab, listener)
    await nobody_hears("message_changed", tab, other_tab, listener)
    await ok(tab, "mark_read", room=lobby.pk, seq=1)
    await say(listener, lobby, "from somebody else")


async def test_a_person_reacts_as_often_and_each_rate_leaves_the_other_alone(
    house, settings, owner, member, lobby
):
    settings.MESSAGE_RATE = RATE
    tab, other_tab, listener = [await house.enter(who) for who in (owner, owner, member)]
    message = await say(listener, lobby)
    puts = {"message": message["id"], "emoji": "👍"}
    for on in (True, False, True):
        await ok(tab, "react", **puts, on=on)
    await house.hush()
    error = await refused(other_tab, "react", **puts, on=False)
    assert error["code"] == "rate_limited"
    assert 190 < error["retry_after"] <= 200
    await nobody_hears("message_changed", tab, other_tab, listener)
    await say(tab, lobby, "still free to speak")
    await ok(listener, "react", **puts, on=True)


async def test_guests_of_one_address_share_what_one_person_may_post(house, settings, owner, lobby):
    settings.MESSAGE_RATE = RATE
    speaker, *guests = [await house.enter(who) for who in (owner, "Gus", "Gil", "Ida")]
    for guest in guests:
        await say(guest, lobby)
    new = {"room": lobby.pk, "client_id": str(uuid4()), "body": "one more"}
    assert (await refused(guests[0], "post_message", **new))["code"] == "rate_limited"
    await say(speaker, lobby)


async def test_people_and_guests_have_so_many_sockets_in_the_conversation(
    house, settings, owner, staff, lobby
):
    settings.SOCKETS_PER_PERSON, settings.GUESTS_PER_ADDRESS = 2, 3
    tab, _ = [await house.enter(staff) for _ in range(2)]
    for _ in range(3):
        await house.enter("Gus")
    for who in (staff, "Gil"):
        with pytest.raises(Refused) as refusal:
            await house.enter(who)
        assert refusal.value.data["code"] == "rate_limited"
        assert refusal.value.data["retry_after"] > 0
    # The console shares the page's connection, and is no tab.
    await tab.connection.enter("/admin")
    await house.enter(owner)
    elsewhere = await house.connect("Gil", address="127.0.0.2")
    await elsewhere.enter("/")
    await tab.connection.close()
    await house.enter(staff)


async def test_the_rate_of_events_holds_in_the_console_too(settings, house_with_event_rate, staff, lobby):
    console = await house_with_event_rate.enter(staff, "/admin")
    codes = [(await console.call("overview", {})).get("error", {}).get("code") for _ in range(5)]
    assert codes == [None, None, None, "rate_limited", "rate_limited"]


@pytest.fixture
def house_with_event_rate(settings, request):
    """The application where a connection may send four packets, of which one is to enter."""
    settings.EVENT_RATE = (4, 600.0)
    return request.getfixturevalue("house")
