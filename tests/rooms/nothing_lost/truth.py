"""What the database holds, and what each page must hold of it."""

from __future__ import annotations

from accounts.guests import Person
from accounts.models import User
from rooms.events.payloads import message_payload, own_room_payload
from rooms.models import Membership, Message, Room
from tests.rooms.nothing_lost.browser import Browser
from tests.rooms.nothing_lost.net import Net
from tests.rooms.nothing_lost.timeline import Json, Timeline

# What the page counts by itself.
COUNTED = {"unread", "mentions"}
# What comes with the next `sync`: nobody is told of it, or the room's timeline counts it.
UNTOLD = {"may_post", "may_manage", "version"}


def assert_gapless(net: Net) -> None:
    """Every room's messages and changes are numbered without a gap, each change was told once, in order."""
    for room in Room.objects.all():
        messages = Message.objects.filter(room=room)
        seqs = list(messages.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, room.last_seq + 1))
        versions = list(messages.values_list("version", flat=True))
        assert len(set(versions)) == len(versions)
        assert max(versions, default=0) == room.version
        assert net.versions[room.pk] == list(range(1, room.version + 1))


def assert_level(browser: Browser) -> None:
    """A page that has caught up holds exactly what one that comes now would read."""
    expected = expected_rooms(browser.person, [*browser.timelines])
    assert browser.rooms.keys() == expected.keys() | ({browser.place} - {None})
    for pk, room in expected.items():
        _assert_same(browser, pk, room, but=COUNTED)
    assert browser.timelines.keys() <= expected.keys()
    _assert_timelines(browser)


def assert_never_behind(browser: Browser) -> None:
    """A page that has heard everything needed to ask for nothing."""
    own = expected_rooms(browser.person, []) if browser.person.is_authenticated else {}
    assert browser.rooms.keys() >= own.keys()
    for pk, room in own.items():
        _assert_same(browser, pk, room, but=COUNTED | UNTOLD)
    _assert_timelines(browser)


def expected_rooms(person: Person, named: list[int]) -> dict[int, Json]:
    """The rooms in somebody's list, as they are to them; `named` ones as long as they may be read."""
    found: dict[int, Json] = {}
    memberships = {each.room_id: each for each in Membership.objects.filter(user_id=person.id or 0)}
    for room in Room.objects.with_member_count():
        membership = memberships.get(room.pk)
        listed = membership or room.pk in named or not isinstance(person, User)
        if listed and room.may_be_read_by(person, membership):
            found[room.pk] = dict(own_room_payload(room, person, membership))
    return found


def _assert_same(browser: Browser, pk: int, room: Json, *, but: set[str]) -> None:
    held = browser.rooms[pk]
    wrong = {name: (held.get(name), room[name]) for name in room.keys() - but if held.get(name) != room[name]}
    assert not wrong, (browser, wrong)
    if room["role"] and not room["archived"]:
        assert browser.unread(pk) == room["unread"], browser


def _assert_timelines(browser: Browser) -> None:
    for pk, timeline in browser.timelines.items():
        _assert_whole(browser, timeline, Room.objects.get(pk=pk))


def _assert_whole(browser: Browser, timeline: Timeline, room: Room) -> None:
    assert (timeline.version, timeline.has_gap) == (room.version, False), (browser, room)
    stored = Message.objects.filter(room=room, seq__gte=timeline.first).in_full()
    expected = {message.seq: dict(message_payload(message)) for message in stored}
    assert timeline.messages == expected, (browser, room)
