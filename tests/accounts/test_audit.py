import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import RequestFactory

from accounts.audit import Head, acting, record, recording, verify
from accounts.audit.chain import MOST_FAULTS
from accounts.middleware import audit_origin
from accounts.models import AuditEntry, AuditHead
from accounts.models.audit import BEGINNING, TARGET_LENGTH, Face
from chatproject.sockets.publishing import sender
from tests.rooms.conftest import at_once
from tests.support.server import PASSWORD

pytestmark = pytest.mark.django_db

WRITERS, EACH = 4, 15


@pytest.fixture
def chain(staff, member):
    """Five entries."""
    return [record(f"act_{n}", actor=staff, target=member, after={"n": n}) for n in range(1, 6)]


def faults():
    return verify().faults


def rows(**lookups):
    return AuditEntry.objects.filter(**lookups)


# --- What is recorded ---------------------------------------------------------------------------
def test_an_entry_says_who_did_what_to_whom_and_why(staff, member):
    with acting(Face.ADMIN, "192.0.2.7"):
        record(
            "mute_user", actor=staff, target=member, room_id=5, before={"a": 1}, after={"a": 2}, reason="Rude"
        )
    entry = AuditEntry.objects.get()
    assert (entry.number, entry.actor_id, entry.actor_name, entry.action) == (
        1,
        staff.pk,
        "staff",
        "mute_user",
    )
    assert (entry.target_type, entry.target_id, entry.target_name) == ("user", str(member.pk), "member")
    assert (entry.room_id, entry.before, entry.after, entry.reason) == (5, {"a": 1}, {"a": 2}, "Rude")
    assert (entry.face, entry.address) == (Face.ADMIN, "192.0.2.7")


def test_entries_are_numbered_and_each_names_the_one_before(chain):
    assert [entry.number for entry in chain] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in chain] == [BEGINNING, *(entry.hash for entry in chain[:-1])]
    assert (verify().head, Head.stored()) == (Head(5, chain[-1].hash),) * 2
    assert faults() == []


def test_the_seal_is_over_canonical_json(chain):
    entry = AuditEntry.objects.get(number=1)
    sealed = json.loads(entry.sealed_text())
    assert list(sealed) == sorted(sealed)
    assert sealed["at"] == entry.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    assert sealed["previous"] == BEGINNING
    assert "hash" not in sealed


@pytest.mark.parametrize(
    "values",
    [
        {"b": 1, "a": {"d": [True, None, "é"], "c": 10**25}},
        {"text": "\u202e ' \" \\ \u2028 \U0001f600 </script>"},
        {"list": (1, 2), "empty": [], "none": {}},
    ],
)
def test_what_comes_back_from_the_database_has_the_same_hash(staff, values):
    made = record("act", actor=staff, before=values, after=values)
    assert AuditEntry.objects.get().seal() == made.hash


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), float("inf"), "\0", "\ud800", {1: 2}, {"\0": 1}, [[0.5]], {1, 2}, b"x"]
)
def test_what_would_come_back_otherwise_is_refused(staff, value):
    with pytest.raises(ValueError, match=r"audit entry|surrogates"):
        record("act", actor=staff, after={"value": value})
    assert not AuditEntry.objects.exists()


def test_a_reason_that_no_database_keeps_is_refused(staff):
    with pytest.raises(ValueError, match="NUL"):
        record("act", actor=staff, reason="\0")


def test_long_names_are_cut(staff, member):
    member.username = "m" * 300
    assert len(record("act", actor=staff, target=member).target_name) == TARGET_LENGTH


def test_what_is_rolled_back_leaves_no_gap(chain, staff):
    with transaction.atomic():
        record("act", actor=staff)
        transaction.set_rollback(True)
    assert record("act", actor=staff).number == 6
    assert faults() == []


# --- From where ---------------------------------------------------------------------------------
class FakeSocket:
    address = "192.0.2.9"

    def __init__(self, namespace):
        self.namespace = namespace


@pytest.mark.parametrize(("namespace", "face"), [("/", Face.CHAT), ("/admin", Face.CONSOLE)])
def test_an_event_of_a_socket_names_its_namespace_and_address(staff, namespace, face):
    token = sender.set(FakeSocket(namespace))  # type: ignore[arg-type]
    entry = record("act", actor=staff)
    sender.reset(token)
    assert (entry.face, entry.address) == (face, "192.0.2.9")


def test_a_command_has_no_address(staff):
    entry = record("act", actor=None)
    assert (entry.face, entry.address, entry.actor_id, entry.actor_name) == (Face.COMMAND, "", None, "")


@pytest.mark.parametrize(
    ("path", "face"), [("/admin/accounts/user/", Face.ADMIN), ("/administer/", Face.CHAT), ("/", Face.CHAT)]
)
def test_a_request_names_the_admin_site_or_the_chat(path, face):
    answer = audit_origin(lambda request: record("act", actor=None))
    entry = answer(RequestFactory().get(path, REMOTE_ADDR="192.0.2.3"))
    assert (entry.face, entry.address) == (face, "192.0.2.3")
    assert record("act", actor=None).face == Face.COMMAND


async def test_a_request_that_is_answered_on_the_loop_names_the_same():
    async def answer(request):
        return recording.whence()

    origin = await audit_origin(answer)(RequestFactory().get("/admin/", REMOTE_ADDR="192.0.2.3"))
    assert origin == (Face.ADMIN, "192.0.2.3")
    assert recording.whence() == (Face.COMMAND, "")


def test_who_becomes_an_owner_or_gets_a_password_by_a_command_is_recorded(member, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, username="olivia", verbosity=0)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "another-Passw0rd")
    call_command("changepassword", "member", verbosity=0, stdout=StringIO())
    made, changed = AuditEntry.objects.order_by("number")
    assert (made.action, made.target_name, made.face) == ("add_user", "olivia", Face.COMMAND)
    assert (changed.action, changed.target_name, changed.after) == (
        "change_user",
        "member",
        {"password": "changed"},
    )


# --- Whether it holds ---------------------------------------------------------------------------
CHANGES = {
    "action": "nothing", "actor_name": "somebody", "actor_id": 0, "target_name": "x", "target_type": "room",
    "target_id": "0", "room_id": 1, "before": {"n": 0}, "after": {}, "reason": "x", "address": "x",
    "face": "chat", "previous": "1" * 64, "hash": "1" * 64,
}  # fmt: skip


@pytest.mark.parametrize("number", [1, 3, 5])
@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_entry_is_found(chain, field, number):
    rows(number=number).update(**{field: CHANGES[field]})
    assert f"Entry {number} was changed." in faults()


def test_a_changed_time_is_found(chain):
    rows(number=2).update(at=chain[0].at)
    assert faults() == ["Entry 2 was changed."]


@pytest.mark.parametrize("number", [1, 3])
def test_a_changed_entry_with_a_new_seal_is_found(chain, number):
    entry = AuditEntry.objects.get(number=number)
    entry.reason = "Another"
    rows(number=number).update(reason="Another", hash=entry.seal())
    assert faults() == [f"Entry {number + 1} does not follow the one before: one was changed."]


def test_the_last_entry_changed_with_a_new_seal_is_found(chain):
    entry = AuditEntry.objects.get(number=5)
    entry.reason = "Another"
    rows(number=5).update(reason="Another", hash=entry.seal())
    assert faults() == ["Entry 5 is not the one that the head names."]


@pytest.mark.parametrize(
    ("numbers", "fault"),
    [([1], "Entry 1 is missing."), ([3], "Entry 3 is missing."), ([2, 3, 4], "Entries 2 to 4 are missing.")],
)
def test_a_missing_entry_is_found(chain, numbers, fault):
    rows(number__in=numbers).delete()
    assert faults() == [fault]


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        (5, "Entry 5 is missing. The end was cut off."),
        (1, "Entries 1 to 5 are missing. The end was cut off."),
    ],
)
def test_an_end_that_was_cut_off_is_found(chain, first, fault):
    rows(number__gte=first).delete()
    assert faults() == [fault]


def test_entries_in_another_order_are_found(chain):
    for old, new in ((2, 9), (3, 2), (9, 3)):
        rows(number=old).update(number=new)
    assert "Entry 2 was changed." in faults()
    assert "Entry 3 was changed." in faults()


def test_renumbered_entries_are_found(chain):
    rows(number=2).delete()
    for old in (3, 4, 5):
        rows(number=old).update(number=old - 1)
    AuditHead.objects.update(number=4)
    assert "Entry 2 was changed." in faults()


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        ({"number": 4}, "The head names entry 4, but the last is 5."),
        ({"number": 7}, "Entries 6 to 7 are missing. The end was cut off."),
        ({"hash": "1" * 64}, "Entry 5 is not the one that the head names."),
    ],
)
def test_a_changed_head_is_found(chain, head, fault):
    AuditHead.objects.update(**head)
    assert fault in faults()


def test_a_missing_head_is_found(chain):
    AuditHead.objects.all().delete()
    assert faults() == ["The head names entry 0, but the last is 5."]


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (0, "Entry 0 was put in before the first."),
        (6, "The head names entry 5, but the last is 6."),
        (9, "Entries 6 to 8 are missing."),
    ],
)
def test_an_entry_that_was_put_in_is_found(chain, number, fault):
    entry = AuditEntry.objects.get(number=5)
    entry.number, entry.previous = number, entry.hash
    entry.hash = entry.seal()
    entry.save(force_insert=True)
    assert fault in faults()


def test_a_chain_that_was_made_anew_is_found_by_a_head_that_was_kept(chain, staff):
    kept = verify().head
    AuditEntry.objects.all().delete()
    AuditHead.objects.all().delete()
    for n in range(1, 7):
        record(f"act_{n}", actor=staff)
    assert faults() == []
    assert verify(expected=kept).faults == ["Entry 5 is not the one whose hash was kept."]


def test_a_head_that_was_kept_still_holds_when_more_was_recorded(chain, staff):
    kept = verify().head
    record("act", actor=staff)
    assert verify(expected=kept).faults == []
    rows(number__gte=4).delete()
    AuditHead.objects.update(number=3, hash=chain[2].hash)
    assert faults() == []
    assert verify(expected=kept).faults == ["Entry 5, whose hash was kept, is missing."]


def test_of_many_faults_only_the_first_are_said(staff):
    for _ in range(MOST_FAULTS + 5):
        record("act", actor=staff)
    rows().update(action="other")
    found = faults()
    assert len(found) == MOST_FAULTS + 1
    assert found[-1] == "And 5 faults more."


def test_what_is_recorded_while_the_chain_is_read_is_no_fault(chain, staff, monkeypatch):
    before, reads = Head.stored(), []

    def stored():
        reads.append(True)
        return (
            before if len(reads) == 1 else Head(AuditHead.objects.get().number, AuditHead.objects.get().hash)
        )

    record("act", actor=staff)
    monkeypatch.setattr(Head, "stored", stored)
    assert faults() == []
    assert len(reads) == 2


def test_an_audit_without_entries_holds(db):
    assert verify() == ([], Head(0, BEGINNING))


# --- Several at once ----------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_the_chain_of_several_writers_does_not_fork(staff, member):
    def write(number):
        for turn in range(EACH):
            with transaction.atomic():
                record(f"act_{number}", actor=staff, target=member)
                transaction.set_rollback(turn % 5 == 4)

    outcomes = at_once(*[lambda number=number: write(number) for number in range(WRITERS)])
    assert outcomes == [None] * WRITERS
    kept = WRITERS * (EACH - EACH // 5)
    assert verify().faults == []
    assert (verify().head.number, AuditEntry.objects.count()) == (kept, kept)
    assert {entry.action for entry in AuditEntry.objects.all()} == {f"act_{n}" for n in range(WRITERS)}


# --- The command --------------------------------------------------------------------------------
def verified(*arguments):
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue().strip()


def test_the_command_prints_the_head_to_be_kept(chain, staff):
    head = verified()
    assert head == f"5:{chain[-1].hash}"
    record("act", actor=staff)
    assert verified("--expect", head).startswith("6:")


def test_the_command_says_what_it_finds(chain):
    head = verified()
    rows(number=3).delete()
    rows(number=5).update(reason="Another")
    with pytest.raises(CommandError) as caught:
        verified("--expect", head)
    assert str(caught.value).splitlines() == ["Entry 3 is missing.", "Entry 5 was changed."]
    assert caught.value.returncode == 1


@pytest.mark.parametrize("text", ["", "5", "5:abc", "x:" + "0" * 64, "-1:" + "0" * 64, "5:" + "G" * 64])
def test_what_is_no_head_is_not_taken_for_one(text):
    with pytest.raises(ValueError, match="A head is"):
        Head.read(text)
    with pytest.raises(CommandError, match="--expect"):
        call_command("verify_audit", "--expect", text)


def test_reading_the_chain_takes_a_few_queries_however_long_it_is(chain, django_assert_num_queries):
    with django_assert_num_queries(3):
        assert verify().faults == []
