"""What staff say to everybody or to a room: who may, who is told, and what stays."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import AuditEntry
from chatproject.errors import Forbidden, Invalid, NotFound
from rooms.models import Membership, Message, Room
from rooms.operations.announcing import announce
from tests.support.people import room

pytestmark = pytest.mark.django_db


def take(user, codename):
    user.user_permissions.remove(Permission.objects.get(codename=codename))


def notes():
    """Who did what to whom."""
    return list(AuditEntry.objects.order_by("number").values_list("actor_name", "action", "target_name"))


def said():
    return list(Message.objects.order_by("pk").values_list("room__slug", "author__username", "body"))


# --- As a notice --------------------------------------------------------------------------------
def test_an_announcement_is_noted(staff, lobby):
    announce(by=staff, text=" Lunch ")
    announce(by=staff, text="Here", room=lobby.slug)
    assert notes() == [("staff", "announce", ""), ("staff", "announce", "Lobby")]
    entries = AuditEntry.objects.order_by("number")
    assert [entry.after for entry in entries] == [{"notice": "Lunch"}, {"notice": "Here"}]
    assert [entry.room_id for entry in entries] == [None, lobby.pk]


@pytest.mark.parametrize("text", ["", " \n", "x" * 1_001, "a\0", "\udfff"])
def test_what_is_no_announcement_is_refused_and_not_noted(staff, text):
    with pytest.raises(Invalid) as error:
        announce(by=staff, text=text)
    assert error.value.details["fields"].keys() == {"text"}
    assert notes() == []


def test_the_longest_announcement_passes(staff):
    announce(by=staff, text="🎉" * 1_000)


def test_an_announcement_reaches_only_rooms_that_its_author_sees(staff, den):
    take(staff, "view_private_rooms")
    for target in (den.pk, "nowhere"):
        with pytest.raises(NotFound):
            announce(by=staff, text="Hello", room=target)
    assert notes() == []


def test_who_may_not_announce_does_not(staff, outsider):
    take(staff, "announce")
    for who in (staff, outsider):
        with pytest.raises(Forbidden):
            announce(by=who, text="Hello")


# --- As a message -------------------------------------------------------------------------------
def test_a_message_is_posted_in_a_room_that_its_author_does_not_belong_to(staff, lobby):
    announce(by=staff, text="**Lunch**", room=lobby.slug, as_message=True)
    message = Message.objects.get()
    assert (message.room, message.author, message.body) == (lobby, staff, "**Lunch**")
    assert "<strong>" in message.html
    lobby.refresh_from_db()
    assert (message.seq, message.version) == (lobby.last_seq, lobby.version)
    assert not Membership.objects.filter(user=staff).exists()
    assert AuditEntry.objects.get().after == {"messages": [message.pk]}


def test_a_message_to_all_stands_in_each_room_that_is_for_everybody(staff, owner, lobby, den):
    room("hall", everyone=True, read_only=True)
    room("cellar", everyone=True, archived=True)
    room("garden")
    announce(by=staff, text="Lunch", as_message=True)
    assert sorted(said()) == [("hall", "staff", "Lunch"), ("lobby", "staff", "Lunch")]
    assert notes() == [("staff", "announce", "")]


def test_a_message_is_posted_in_a_read_only_room_and_in_no_archived_one(staff, lobby):
    Room.objects.filter(pk=lobby.pk).update(read_only=True)
    announce(by=staff, text="Read this", room=lobby.pk, as_message=True)
    Room.objects.filter(pk=lobby.pk).update(archived=True)
    with pytest.raises(Forbidden):
        announce(by=staff, text="Too late", room=lobby.pk, as_message=True)
    assert said() == [("lobby", "staff", "Read this")]
    assert len(notes()) == 1


def test_who_belongs_to_the_room_has_read_their_own_message(staff, lobby):
    membership = Membership.objects.create(room=lobby, user=staff)
    announce(by=staff, text="Lunch", room=lobby.pk, as_message=True)
    membership.refresh_from_db()
    assert membership.last_read == 1


def test_a_message_takes_the_permission_and_the_sight_of_the_room(staff, lobby, den):
    take(staff, "view_private_rooms")
    with pytest.raises(NotFound):
        announce(by=staff, text="Hello", room=den.pk, as_message=True)
    take(staff, "announce")
    with pytest.raises(Forbidden):
        announce(by=staff, text="Hello", room=lobby.pk, as_message=True)
    assert said() == []


@pytest.mark.parametrize("text", ["", " \n", "a\0", "x" * 10_001])
def test_what_is_no_message_is_refused(staff, lobby, text):
    with pytest.raises(Invalid) as error:
        announce(by=staff, text=text, room=lobby.pk, as_message=True)
    assert error.value.details["fields"].keys() == {"text"}
    assert said() == []
