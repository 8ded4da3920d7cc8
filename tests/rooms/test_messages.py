"""Posting: numbers without gaps, each message once, and who may."""

from functools import partial
from uuid import uuid4

import pytest

from accounts.guests import Guest
from chatproject.errors import Forbidden, Invalid, NotFound, Unauthenticated
from rooms.models import Membership, Message, Room
from rooms.operations.memberships import remove_member
from rooms.operations.messages import mark_read, post_message, set_typing
from rooms.operations.rooms import update_room
from tests.support.people import room

from .conftest import at_once, post, post_many

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_room(owner, member):
    return room("other", owner=owner, members=(member,))


def counters(room):
    room.refresh_from_db()
    return room.last_seq, room.version


def last_read(user, room):
    return Membership.objects.get(user=user, room=room).last_read


# --- Numbers ------------------------------------------------------------------------------------
def test_messages_are_numbered_from_one_in_each_room(owner, lobby, den):
    assert [message.seq for message in post_many(owner, lobby, 3)] == [1, 2, 3]
    assert [message.seq for message in post_many(owner, den, 2)] == [1, 2]
    assert counters(lobby) == (3, 3)
    assert counters(den) == (2, 2)


def test_a_message_is_kept_with_its_author_html_and_time(owner, lobby):
    message = Message.objects.get(pk=post(owner, lobby, "**Hello** you").pk)
    assert message.author == owner
    assert message.author_name == "owner"
    assert message.body == "**Hello** you"
    assert message.html == "<p><strong>Hello</strong> you</p>\n"
    lobby.refresh_from_db()
    assert lobby.last_message_at == message.created_at
    assert (message.edited_at, message.deleted_at, message.reply_to) == (None, None, None)


def test_a_guests_message_keeps_the_name_and_no_account(guest, lobby):
    message = Message.objects.get(pk=post(guest, lobby).pk)
    assert message.author is None
    assert message.author_name == "Gus"
    assert message.guest_key == guest.key


def test_a_deleted_authors_messages_keep_the_name(member, lobby):
    message = post(member, lobby)
    member.delete()
    message.refresh_from_db()
    assert (message.author, message.author_name) == (None, "member")


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_when_many_post_in_the_same_moment(owner, member, lobby):
    threads, each = 6, 5
    calls = [partial(post_many, (owner, member)[number % 2], lobby, each) for number in range(threads)]
    posted = [message for messages in at_once(*calls) for message in messages]
    everything = list(range(1, threads * each + 1))
    assert sorted(message.seq for message in posted) == everything
    assert list(lobby.messages.order_by("seq").values_list("seq", flat=True)) == everything
    assert list(lobby.messages.order_by("version").values_list("version", flat=True)) == everything
    assert counters(lobby) == (len(everything), len(everything))


@pytest.mark.django_db(transaction=True)
def test_posts_in_two_rooms_in_the_same_moment_do_not_touch_each_others_numbers(owner, lobby, den):
    at_once(*(partial(post_many, owner, room, 5) for room in (lobby, den, lobby, den)))
    assert counters(lobby) == counters(den) == (10, 10)


def test_a_post_that_is_refused_uses_up_no_number(owner, outsider, lobby):
    with pytest.raises(Invalid):
        post(owner, lobby, " ")
    with pytest.raises(Forbidden):
        post(outsider, lobby)
    assert counters(lobby) == (0, 0)
    assert post(owner, lobby).seq == 1


def test_a_rename_and_a_new_member_raise_no_version(owner, outsider, lobby):
    post(owner, lobby)
    update_room(person=owner, room=lobby.pk, name="Hall")
    assert counters(lobby) == (1, 1)


# --- Each message once --------------------------------------------------------------------------
def test_the_same_client_id_again_gives_the_message_that_exists(owner, lobby):
    client_id = uuid4()
    first = post(owner, lobby, "One", client_id)
    again = post(owner, lobby, "Something else", client_id)
    assert again.pk == first.pk
    assert again.body == "One"
    assert counters(lobby) == (1, 1)


def test_a_repeat_for_another_room_gives_the_message_where_it_is(owner, lobby, other_room):
    client_id = uuid4()
    first = post(owner, lobby, "One", client_id)
    assert post(owner, other_room, "One", client_id).room_id == first.room_id == lobby.pk
    assert counters(other_room) == (0, 0)


def test_the_same_client_id_of_somebody_else_is_another_message(owner, member, guest, lobby):
    client_id = uuid4()
    other_guest = Guest(name="Gus", key="1" * 32)
    posted = [post(who, lobby, "Hi", client_id) for who in (owner, member, guest, other_guest)]
    assert [message.seq for message in posted] == [1, 2, 3, 4]
    assert post(guest, lobby, "Hi", client_id).pk == posted[2].pk


def test_a_repeat_after_losing_the_room_is_answered_as_if_there_were_none(owner, member, den):
    client_id = uuid4()
    post(member, den, "Secret", client_id)
    remove_member(person=owner, room=den.pk, user=member.pk)
    with pytest.raises(NotFound):
        post(member, den, "Secret", client_id)


def test_a_repeat_for_a_room_that_is_left_does_not_show_what_was_said_in_a_lost_one(
    owner, member, den, lobby
):
    client_id = uuid4()
    post(member, den, "Secret", client_id)
    remove_member(person=owner, room=den.pk, user=member.pk)
    with pytest.raises(NotFound):
        post(member, lobby, "Secret", client_id)
    assert counters(lobby) == (0, 0)


def test_a_repeat_is_answered_although_the_room_was_archived_since(owner, member, lobby):
    client_id = uuid4()
    first = post(member, lobby, "One", client_id)
    update_room(person=owner, room=lobby.pk, archived=True)
    with pytest.raises(Forbidden):
        post(member, lobby, "Two")
    assert post(member, lobby, "One", client_id).pk == first.pk


def test_a_visitor_without_a_session_repeats_nothing(owner, lobby):
    client_id = uuid4()
    post(owner, lobby, "One", client_id)
    with pytest.raises(Invalid):
        post(Guest(name="", key=""), lobby, "One", client_id)
    assert not Message.objects.by(Guest(name="Gus", key="")).exists()


@pytest.mark.django_db(transaction=True)
def test_five_repeats_in_the_same_moment_make_one_message(owner, lobby):
    client_id = uuid4()
    posted = at_once(*[partial(post, owner, lobby, "One", client_id)] * 5)
    assert {message.pk for message in posted} == {Message.objects.get().pk}
    assert counters(lobby) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_repeats_for_several_rooms_in_the_same_moment_make_one_message(owner, lobby, den, other_room):
    client_id = uuid4()
    rooms = [lobby, den, other_room, lobby, den]
    posted = at_once(*(partial(post, owner, room, "One", client_id) for room in rooms))
    message = Message.objects.get()
    assert {each.pk for each in posted} == {message.pk}
    assert sum(counters(room)[0] for room in (lobby, den, other_room)) == 1


# --- Who may ------------------------------------------------------------------------------------
def test_who_only_reads_along_may_not_post(outsider, lobby):
    assert Room.objects.visible_to(outsider).contains(lobby)
    with pytest.raises(Forbidden):
        post(outsider, lobby)


def test_a_foreign_private_room_is_no_room(outsider, guest, den):
    for who in (outsider, guest):
        assert not Room.objects.visible_to(who).contains(den)
        with pytest.raises(NotFound):
            post(who, den)


def test_staff_post_nowhere_but_where_they_belong(staff, lobby, den):
    with pytest.raises(Forbidden):
        post(staff, lobby)
    with pytest.raises(NotFound):
        post(staff, den)


@pytest.mark.parametrize(
    ("closed", "opened"),
    [({"archived": True}, {"archived": False}), ({"read_only": True}, {"read_only": False})],
    ids=["archived", "read_only"],
)
def test_nobody_posts_in_a_closed_room(owner, guest, lobby, closed, opened):
    post(owner, lobby)
    update_room(person=owner, room=lobby.pk, **closed)
    for who in (owner, guest):
        with pytest.raises(Forbidden):
            post(who, lobby)
    update_room(person=owner, room=lobby.pk, **opened)
    assert post(guest, lobby).seq == 2


def test_guests_post_only_where_they_are_let(owner, guest, lobby):
    post(guest, lobby)
    update_room(person=owner, room=lobby.pk, guests_may_post=False)
    with pytest.raises(Forbidden):
        post(guest, lobby)
    update_room(person=owner, room=lobby.pk, guests_may_read=False)
    with pytest.raises(NotFound):
        post(guest, lobby)


def test_a_guest_chooses_a_name_first(lobby):
    with pytest.raises(Invalid) as error:
        post(Guest(name="", key="2" * 32), lobby)
    assert error.value.details["fields"].keys() == {"name"}


# --- What is said -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    ["", " ", "\n\t \u00a0\u2003", "x" * 10_001, "🎉" * 10_001, "a\0b", "\ud83d", "a\udc00b"],
    ids=["empty", "blank", "blank_lines", "too_long", "too_many_emoji", "nul", "surrogate", "low_surrogate"],
)
def test_a_body_that_cannot_be_kept_is_refused(owner, lobby, body):
    with pytest.raises(Invalid) as error:
        post(owner, lobby, body)
    assert error.value.details["fields"].keys() == {"body"}
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "x",
        "0",
        "x" * 10_000,
        "🎉" * 10_000,
        "\u202eevil\u202c",
        "e" + "\u0301" * 500,
        " padded ",
        "<b>no</b>",
    ],
    ids=["one", "zero", "longest", "most_emoji", "bidi", "combining", "padded", "markup"],
)
def test_a_body_is_kept_to_the_letter(owner, lobby, body):
    assert Message.objects.get(pk=post(owner, lobby, body).pk).body == body


def test_the_limit_is_a_setting_and_zero_is_none(owner, lobby, settings):
    settings.MESSAGE_LENGTH = 3
    post(owner, lobby, "abc")
    with pytest.raises(Invalid):
        post(owner, lobby, "abcd")
    settings.MESSAGE_LENGTH = 0
    post(owner, lobby, "x" * 20_000)


# --- Replies ------------------------------------------------------------------------------------
def test_a_reply_names_a_message_of_the_same_room(owner, lobby):
    first = post(owner, lobby)
    reply = post_message(person=owner, room=lobby.pk, client_id=uuid4(), body="Yes", reply_to=first.pk)
    assert reply.reply_to == first


def test_a_reply_to_a_message_elsewhere_or_nowhere_is_refused(owner, lobby, den):
    elsewhere = post(owner, den)
    for target in (elsewhere.pk, 10**12):
        with pytest.raises(Invalid) as error:
            post_message(person=owner, room=lobby.pk, client_id=uuid4(), body="Yes", reply_to=target)
        assert error.value.details["fields"].keys() == {"reply_to"}
    assert counters(lobby) == (0, 0)


# --- What is read -------------------------------------------------------------------------------
def test_posting_counts_as_reading_for_the_author_alone(owner, member, lobby):
    post_many(owner, lobby, 2)
    assert last_read(owner, lobby) == 2
    assert last_read(member, lobby) == 0


def test_reading_moves_only_forward(owner, member, lobby):
    post_many(owner, lobby, 5)
    assert mark_read(person=member, room=lobby.slug, seq=3)[1] == 2
    assert mark_read(person=member, room=lobby.slug, seq=1)[1] == 2
    assert last_read(member, lobby) == 3


def test_nobody_reads_further_than_what_was_said(owner, member, lobby):
    post_many(owner, lobby, 2)
    assert mark_read(person=member, room=lobby.pk, seq=2**62)[1] == 0
    assert last_read(member, lobby) == 2
    post(owner, lobby)
    assert mark_read(person=member, room=lobby.pk, seq=0)[1] == 1


def test_only_members_have_a_place_in_a_room(owner, outsider, guest, lobby, den):
    with pytest.raises(Forbidden):
        mark_read(person=outsider, room=lobby.pk, seq=0)
    with pytest.raises(NotFound):
        mark_read(person=outsider, room=den.pk, seq=0)
    with pytest.raises(Unauthenticated):
        mark_read(person=guest, room=lobby.pk, seq=0)


def test_typing_is_for_those_who_may_post(owner, outsider, guest, lobby, den):
    set_typing(person=owner, room=lobby.pk, typing=True)
    set_typing(person=guest, room=lobby.pk, typing=True)
    with pytest.raises(Forbidden):
        set_typing(person=outsider, room=lobby.pk, typing=True)
    with pytest.raises(NotFound):
        set_typing(person=outsider, room=den.pk, typing=True)
