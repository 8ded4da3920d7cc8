"""Deleting, one message or all of a person's, and undoing it: who may, what comes back, what is audited."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from accounts.guests import Guest
from accounts.models import AuditEntry, User
from chatproject.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from chatproject.sockets import publishing
from rooms.models import Deletion, Membership, Message, Reaction, Revision
from rooms.namespaces.locks import keys_of, take_locks
from rooms.namespaces.payloads import UndoDeletion
from rooms.operations import deleting
from rooms.operations.catching_up import changes_since
from rooms.operations.changing import edit_message, react
from rooms.operations.deleting import delete_message, delete_messages, undo_deletion
from rooms.operations.memberships import add_people, leave_room
from rooms.operations.messages import mark_read
from rooms.operations.reading import list_rooms
from rooms.operations.rooms import update_room
from rooms.operations.versions import TOLD_EACH
from tests.support.people import person

from .conftest import at_once, post, post_many
from .test_changing import CLOSED, bodies, counters, told

pytestmark = pytest.mark.django_db

BEGINNING = timezone.now() - timedelta(days=1000)


@pytest.fixture
def moderator(db, lobby):
    """Keeps order in the lobby."""
    moderator = person("moderator")
    add_people(lobby, [moderator.pk], role=Membership.Role.MODERATOR)
    return moderator


def permit(staff, *codenames):
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))


def audited():
    entries = AuditEntry.objects.order_by("number")
    return [(entry.action, entry.actor_name, entry.target_name, entry.reason) for entry in entries]


def deletion_by(person, message, **more) -> Deletion:
    """What undoes the deletion of a message."""
    _, deletion = delete_message(person=person, message=message, **more)
    assert deletion
    return deletion


def deletion_of_all(**asked) -> tuple[Deletion, int]:
    deletion, count = delete_messages(**asked)
    assert deletion
    return deletion, count


def shown(room):
    return [(message.body, message.html) for message in room.messages.order_by("seq")]


# --- One message --------------------------------------------------------------------------------
def test_a_deleted_message_keeps_its_place_and_nothing_of_what_it_said(owner, member, lobby):
    first, _ = post_many(member, lobby, 2)
    react(person=owner, message=first.pk, emoji="👍", on=True)
    delete_message(person=member, message=first.pk)
    payload = told(first)
    assert (payload["body"], payload["html"], payload["reactions"]) == ("", "", [])
    assert (payload["seq"], payload["version"]) == (1, 4)
    assert payload["deleted_at"]
    assert counters(lobby) == (2, 4)


def test_deleting_again_does_nothing(owner, lobby):
    message = post(owner, lobby)
    first, deletion = delete_message(person=owner, message=message.pk)
    again, none = delete_message(person=owner, message=message.pk)
    assert (again.deleted_at, again.version) == (first.deleted_at, 2)
    assert ([*Deletion.objects.all()], none) == ([deletion], None)
    assert counters(lobby) == (1, 2)
    assert bodies(owner, message) == ["Hello"]


def test_authors_and_who_moderates_the_room_delete(owner, member, moderator, outsider, staff, guest, lobby):
    messages = post_many(member, lobby, 4)
    for who in (outsider, guest):
        with pytest.raises((Forbidden, Unauthenticated)):
            delete_message(person=who, message=messages[0].pk)
    for who, message in zip((member, moderator, owner, staff), messages, strict=True):
        assert delete_message(person=who, message=message.pk)[0].deleted_at


def test_nobody_deletes_what_somebody_of_their_standing_or_above_said(owner, member, moderator, staff, lobby):
    said = {who: post(who, lobby) for who in (owner, moderator)}
    add_people(lobby, [staff.pk])
    said[staff] = post(staff, lobby)
    other = person("other")
    add_people(lobby, [other.pk], role="moderator")
    for who, authors in ((member, said), (other, said), (moderator, (owner, staff)), (owner, (staff,))):
        for author in authors:
            with pytest.raises(Forbidden):
                delete_message(person=who, message=said[author].pk)
    assert counters(lobby) == (3, 3)
    for who, author in ((owner, moderator), (staff, owner)):
        assert deletion_by(who, message=said[author].pk)


def test_what_a_guest_said_is_deleted_by_themselves_and_by_whoever_moderates(guest, moderator, member, lobby):
    mine, other = post(guest, lobby), post(guest, lobby)
    for who in (Guest(name=guest.name, key="1" * 32), Guest(name="", key="")):
        with pytest.raises(Unauthenticated):
            delete_message(person=who, message=mine.pk)
    with pytest.raises(Forbidden):
        delete_message(person=member, message=mine.pk)
    deletion = deletion_by(guest, message=mine.pk)
    assert deletion.by is None
    assert deletion_by(moderator, message=other.pk).by == moderator


def test_what_is_not_there_or_not_to_be_seen_is_not_found(owner, outsider, staff, den):
    message = post(owner, den)
    permit(staff, "moderate_rooms")
    for who, pk in ((outsider, message.pk), (staff, message.pk), (owner, 10**12), (owner, 2**63 - 1)):
        with pytest.raises(NotFound) as error:
            delete_message(person=who, message=pk)
        assert "message" in str(error.value)
    permit(staff, "moderate_rooms", "view_private_rooms")
    assert deletion_by(staff, message=message.pk).by == staff


def test_staff_without_the_permission_any_more_delete_nothing(member, staff, lobby):
    message = post(member, lobby)
    assert staff.has_perm("rooms.moderate_rooms")  # which the object remembers
    User.objects.get(pk=staff.pk).user_permissions.clear()
    with pytest.raises(Forbidden):
        delete_message(person=staff, message=message.pk)


@CLOSED
def test_an_author_takes_words_back_where_nobody_posts_any_more(owner, member, lobby, closed):
    message = post(member, lobby)
    update_room(person=owner, room=lobby.pk, **closed)
    assert delete_message(person=member, message=message.pk)[0].deleted_at


def test_a_deleted_message_is_not_edited_and_not_reacted_to(owner, lobby):
    message = post(owner, lobby)
    delete_message(person=owner, message=message.pk)
    with pytest.raises(Conflict):
        edit_message(person=owner, message=message.pk, body="back")
    for on in (True, False):
        with pytest.raises(Conflict):
            react(person=owner, message=message.pk, emoji="👍", on=on)
    assert counters(lobby) == (1, 2)


def test_changes_leave_what_is_unread_alone(owner, member, lobby):
    message, _ = post_many(owner, lobby, 2)
    edit_message(person=owner, message=message.pk, body="changed")
    react(person=member, message=message.pk, emoji="👍", on=True)
    delete_message(person=owner, message=message.pk)
    assert mark_read(person=member, room=lobby.pk, seq=0).unread == 2
    assert Membership.objects.get(room=lobby, user=owner).last_read == 2


def test_what_others_delete_is_audited_and_what_authors_delete_is_not(member, moderator, lobby):
    first, second = post_many(member, lobby, 2)
    delete_message(person=member, message=first.pk, reason="Sorry")
    deletion = deletion_by(moderator, message=second.pk, reason=" Spam ")
    delete_message(person=moderator, message=second.pk, reason="Again")
    assert audited() == [("delete_message", "moderator", "#2 in Lobby", "Spam")]
    assert AuditEntry.objects.get().after == {"deletion": deletion.pk, "author": "member"}


# --- All of a person's --------------------------------------------------------------------------
def test_all_that_a_person_said_since_a_time_is_deleted_and_nothing_else(
    owner, member, moderator, lobby, den, monkeypatch
):
    monkeypatch.setattr(deleting, "AT_ONCE", 2)
    before, *flood = post_many(member, lobby, 6)
    others, elsewhere = post(owner, lobby), post(member, den)
    delete_message(person=member, message=flood[0].pk)
    deletion, count = deletion_of_all(by=moderator, room="lobby", user=member.pk, since=flood[0].created_at)
    assert count == 4
    deleted = Message.objects.filter(revisions__deletion=deletion).order_by("version")
    assert [message.pk for message in deleted] == [message.pk for message in flood[1:]]
    assert [message.version for message in deleted] == [9, 10, 11, 12]
    assert counters(lobby) == (7, 12)
    for kept in (before, others, elsewhere):
        kept.refresh_from_db()
        assert kept.body and not kept.deleted_at


def test_it_is_one_entry_in_the_audit_and_none_if_there_is_nothing(member, moderator, lobby):
    post_many(member, lobby, 3)
    delete = partial(deletion_of_all, by=moderator, room=lobby.pk, user=member.pk, since=BEGINNING)
    deletion, _ = delete(reason="Flood")
    assert delete_messages(by=moderator, room=lobby.pk, user=member.pk, since=BEGINNING) == (None, 0)
    assert audited() == [("delete_messages", "moderator", "member", "Flood")]
    assert AuditEntry.objects.get().after == {
        "deletion": deletion.pk,
        "count": 3,
        "since": BEGINNING.isoformat(),
    }


def test_who_may_delete_all_of_whose(owner, member, moderator, outsider, guest, staff, lobby):
    messages = {who: post(who, lobby) for who in (owner, member, moderator)}
    permit(staff)
    refusals = [
        (outsider, member, Forbidden),
        (member, owner, Forbidden),
        (guest, member, Unauthenticated),
        (staff, member, Forbidden),
        (moderator, owner, Forbidden),
        (moderator, moderator, Invalid),
    ]
    for who, whom, refusal in refusals:
        with pytest.raises(refusal):
            delete_messages(by=who, room=lobby.pk, user=whom.pk, since=BEGINNING)
    with pytest.raises(NotFound):
        delete_messages(by=owner, room=lobby.pk, user=10**12, since=BEGINNING)
    permit(staff, "moderate_rooms")
    assert audited() == []
    for who, whom in ((moderator, member), (owner, moderator), (staff, owner)):
        delete_messages(by=who, room=lobby.pk, user=whom.pk, since=BEGINNING)
        messages[whom].refresh_from_db()
        assert messages[whom].deleted_at


class Published:
    """Stands where `publish` finds the server, and keeps what is told."""

    def __init__(self):
        self.versions = []

    def submit(self, call):
        call()

    def apply(self, emission):
        if emission.event == "message_changed":
            self.versions.append(emission.payload["version"])

    class manager:  # noqa: N801 - as the server calls it
        members = staticmethod(lambda namespace, room: ())


@pytest.mark.parametrize("many", [TOLD_EACH, TOLD_EACH + 1])
def test_of_many_only_the_last_is_told_and_who_syncs_learns_of_all(
    member, owner, moderator, lobby, many, django_capture_on_commit_callbacks, monkeypatch
):
    post_many(member, lobby, many)
    for act in ("delete", "undo"):
        published, (_, before) = Published(), counters(lobby)
        monkeypatch.setattr(publishing, "_server", published)
        with django_capture_on_commit_callbacks(execute=True):
            if act == "delete":
                deletion, _ = deletion_of_all(by=moderator, room=lobby.pk, user=member.pk, since=BEGINNING)
            else:
                undo_deletion(by=moderator, deletion=deletion.pk)
        every = list(range(before + 1, before + many + 1))
        assert published.versions == (every if many <= TOLD_EACH else every[-1:])
        found = changes_since(list_rooms(owner), {lobby.pk: before})[lobby.pk]
        assert [message.version for message in found.messages] == every


# --- Undoing ------------------------------------------------------------------------------------
def test_what_is_undone_is_as_it_was_with_its_reactions_and_versions_of_its_own(
    owner, member, moderator, lobby, monkeypatch
):
    monkeypatch.setattr(deleting, "AT_ONCE", 2)
    messages = [post(member, lobby, body) for body in ("*one*", "two", "three")]
    react(person=owner, message=messages[0].pk, emoji="👍", on=True)
    edit_message(person=member, message=messages[1].pk, body="**two**")
    before = [told(message) for message in messages]
    deletion, _ = deletion_of_all(by=moderator, room=lobby.pk, user=member.pk, since=BEGINNING)
    assert shown(lobby) == [("", "")] * 3
    assert [told(message)["reactions"] for message in messages] == [[], [], []]
    assert undo_deletion(by=moderator, deletion=deletion.pk) == 3
    versions = range(9, 12)
    assert [told(each) for each in messages] == [
        {**payload, "version": version} for payload, version in zip(before, versions, strict=True)
    ]
    assert counters(lobby) == (3, 11)
    assert not Revision.objects.filter(deletion=deletion).exists()
    assert bodies(member, messages[1]) == ["two"]
    assert [action for action, *_ in audited()] == ["delete_messages", "undo_deletion"]


def test_an_author_undoes_what_they_deleted_and_nobody_else_does(owner, member, staff, guest, lobby):
    message = post(member, lobby, "*mine*")
    deletion = deletion_by(member, message=message.pk)
    for who, refusal in ((owner, Forbidden), (staff, Forbidden), (guest, Unauthenticated)):
        with pytest.raises(refusal):
            undo_deletion(by=who, deletion=deletion.pk)
    assert undo_deletion(by=member, deletion=deletion.pk) == 1
    assert shown(lobby) == [("*mine*", "<p><em>mine</em></p>\n")]
    assert audited() == []


def test_what_a_guest_took_back_does_not_come_back(guest, staff, lobby):
    deletion = deletion_by(guest, message=post(guest, lobby).pk)
    for who, refusal in ((guest, Unauthenticated), (staff, Forbidden)):
        with pytest.raises(refusal):
            undo_deletion(by=who, deletion=deletion.pk)


def test_staff_undo_what_those_below_them_deleted(owner, member, moderator, staff, lobby):
    message = post(member, lobby)
    deletion = deletion_by(moderator, message=message.pk)
    for who in (member, owner):
        with pytest.raises(Forbidden):
            undo_deletion(by=who, deletion=deletion.pk)
    assert undo_deletion(by=staff, deletion=deletion.pk) == 1
    deletion = deletion_by(staff, message=message.pk)
    equal = person("equal", is_staff=True)
    equal.user_permissions.set(staff.user_permissions.all())
    with pytest.raises(Forbidden):
        undo_deletion(by=equal, deletion=deletion.pk)


def test_who_may_not_keep_order_there_any_more_undoes_nothing(member, moderator, lobby, den):
    deletion = deletion_by(moderator, message=post(member, lobby).pk)
    Membership.objects.filter(room=lobby, user=moderator).update(role="member")
    with pytest.raises(Forbidden):
        undo_deletion(by=moderator, deletion=deletion.pk)
    deletion = deletion_by(member, message=post(member, den).pk)
    leave_room(person=member, room=den.pk)
    for pk in (deletion.pk, 10**12):
        with pytest.raises(NotFound):
            undo_deletion(by=member, deletion=pk)


def test_it_is_undone_once_and_within_a_minute(member, lobby):
    message = post(member, lobby)
    deletion = deletion_by(member, message=message.pk)
    undo_deletion(by=member, deletion=deletion.pk)
    with pytest.raises(Conflict):
        undo_deletion(by=member, deletion=deletion.pk)
    deletion = deletion_by(member, message=message.pk)
    Deletion.objects.filter(pk=deletion.pk).update(at=timezone.now() - timedelta(seconds=61))
    with pytest.raises(Conflict):
        undo_deletion(by=member, deletion=deletion.pk)
    assert shown(lobby) == [("", "")]
    assert bodies(member, message) == ["Hello"]


def test_reactions_of_a_deleted_account_do_not_come_back(owner, member, lobby):
    message = post(owner, lobby)
    react(person=member, message=message.pk, emoji="👍", on=True)
    deletion = deletion_by(owner, message=message.pk)
    member.delete()
    assert counters(lobby) == (1, 3)
    assert not Reaction.objects.exists()
    undo_deletion(by=owner, deletion=deletion.pk)
    assert told(message)["reactions"] == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no row locks")
def test_the_room_that_something_was_deleted_in_is_locked_first(member, lobby, django_assert_num_queries):
    deletion = deletion_by(person=member, message=post(member, lobby).pk)
    with django_assert_num_queries(2) as captured:
        take_locks(keys_of(UndoDeletion(deletion=deletion.pk)))
    assert captured[1]["sql"].endswith("ORDER BY id FOR UPDATE")
    assert f"id IN ({lobby.pk})" in captured[1]["sql"]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_undo_in_the_same_moment_one_comes_too_late(member, lobby):
    message = post(member, lobby)
    deletion = deletion_by(member, message=message.pk)
    outcomes = at_once(*[partial(undo_deletion, by=member, deletion=deletion.pk)] * 2)
    assert sorted(map(str, outcomes)) == ["1", "This was undone already."]
    assert counters(lobby) == (1, 3)
