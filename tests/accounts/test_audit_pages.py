import csv
import hashlib
import json

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.admin import audit_export
from accounts.audit import acting, record, verify
from accounts.models import AuditEntry, User
from accounts.models.audit import Face
from tests.support.people import person

from .conftest import signed_in

pytestmark = pytest.mark.django_db

AUDIT = "/admin/accounts/auditentry/"


@pytest.fixture
def office(staff):
    return signed_in(staff)


@pytest.fixture
def boss(db):
    return signed_in(User.objects.create(username="boss", is_superuser=True, is_staff=True))


@pytest.fixture
def clerk(db):
    """A browser of staff who may see the audit, and nothing else."""
    clerk = person("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    return signed_in(clerk)


def listed(client, **query):
    return [entry.number for entry in client.get(AUDIT, query).context["cl"].result_list]


def exported(client, form, **query):
    response = client.get(f"{AUDIT}export/{form}/", query)
    assert response.status_code == 200

    async def read():
        return b"".join([part async for part in response])

    return response, async_to_sync(read)().decode()


# --- Looking ------------------------------------------------------------------------------------
def test_the_audit_is_for_staff_who_may_see_it(clerk, client, member):
    record("act", actor=None)
    assert listed(clerk) == [1]
    assert client.get(AUDIT).status_code == 302
    assert signed_in(member).get(AUDIT).status_code == 302
    assert signed_in(person("porter", is_staff=True)).get(AUDIT).status_code == 403


@pytest.mark.parametrize("who", ["office", "boss"])
def test_nobody_adds_changes_or_deletes_an_entry(request, who):
    browser = request.getfixturevalue(who)
    record("act", actor=None, reason="As it was")
    assert browser.get(f"{AUDIT}1/change/").status_code == 200
    forms = [
        (f"{AUDIT}add/", {"number": 2}),
        (f"{AUDIT}1/change/", {"reason": "Another"}),
        (f"{AUDIT}1/delete/", {"post": "yes"}),
    ]
    for url, form in forms:
        assert browser.post(url, form).status_code == 403
    browser.post(AUDIT, {"action": "delete_selected", "_selected_action": 1, "post": "yes"})
    assert AuditEntry.objects.get().reason == "As it was"
    page = browser.get(AUDIT).content.decode()
    assert "delete_selected" not in page
    assert "/add/" not in page.partition("<main")[2]


def test_the_list_shows_the_newest_first_and_links_to_what_is_there(office, staff, member, den):
    record("mute_user", actor=staff, target=member, room_id=den.pk, reason="Rude")
    gone = person("gone")
    record("ban_user", actor=staff, target=gone)
    gone.delete()
    assert listed(office) == [2, 1]
    page = office.get(AUDIT).content.decode()
    for url in (f"/admin/accounts/user/{member.pk}/change/", f"/admin/accounts/user/{staff.pk}/change/"):
        assert f'<a href="{url}">' in page
    assert f'<a href="/admin/rooms/room/{den.pk}/change/"><bdi>Den</bdi></a>' in page
    assert "<bdi>gone</bdi>" in page
    assert "<bdi>gone</bdi></a>" not in page


def test_there_are_no_links_to_what_the_viewer_may_not_see(clerk, staff, member, den):
    record("mute_user", actor=staff, target=member, room_id=den.pk)
    page = clerk.get(AUDIT).content.decode()
    assert "<bdi>member</bdi>" in page
    assert "/admin/accounts/user/" not in page
    assert "/admin/rooms/room/" not in page


def test_an_entry_is_shown_with_each_value_before_and_after(office, staff):
    before = {"slow_mode": 0, "groups": [{"id": 1, "name": "Helpers"}], "archived": False}
    after = {"slow_mode": 30, "groups": [], "archived": True, "body": "<b>bold</b>"}
    record("change_room", actor=staff, before=before, after=after)
    page = office.get(f"{AUDIT}1/change/").content.decode()
    assert '<th scope="row">slow mode</th><td><bdi>0</bdi></td><td><bdi>30</bdi></td>' in page
    assert '<th scope="row">archived</th><td>no</td><td>yes</td>' in page
    assert "<bdi>Helpers</bdi>" in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold</b>" not in page


def test_an_entry_whose_keys_are_nobodys_is_shown_all_the_same(office):
    record("act", actor=None)
    AuditEntry.objects.update(target_type="user", target_id="no number", actor_id=10**15, room_id=10**15)
    assert listed(office) == [1]
    assert office.get(f"{AUDIT}1/change/").status_code == 200


# --- Finding ------------------------------------------------------------------------------------
@pytest.fixture
def several(staff, owner, member):
    """1: staff in the console; 2: the owner in the chat; 3: staff on the admin site."""
    with acting(Face.CONSOLE, "192.0.2.1"):
        record("mute_user", actor=staff, target=member, reason="Insults")
    with acting(Face.CHAT, "192.0.2.2"):
        record("ban_user", actor=owner, target=member, reason="Flood")
    with acting(Face.ADMIN, "192.0.2.3"):
        record("mute_user", actor=staff, target=owner, reason="Flood")


FILTERS = [
    ({"action": "mute_user"}, [3, 1]),
    ({"face__exact": "chat"}, [2]),
    ({"who": "staff"}, [3, 1]),
    ({"who": "nobody"}, [3, 2, 1]),
    ({"action": "mute_user", "face__exact": "admin"}, [3]),
    ({"q": "flood"}, [3, 2]),
    ({"q": "owner"}, [3, 2]),
    ({"q": "192.0.2.1"}, [1]),
    ({"q": "2"}, [3, 2, 1]),  # in every address
    ({"target_type": "user", "target_id": "member"}, [2, 1]),
    ({"at__year": "1999"}, []),
]


def with_keys(query):
    """The names of people in a query as their keys."""
    keys = {user.username: str(user.pk) for user in User.objects.all()}
    return {name: keys.get(value, value) if name != "q" else value for name, value in query.items()}


@pytest.mark.parametrize(("query", "numbers"), FILTERS)
def test_entries_are_found_by_filters_and_words(office, several, query, numbers):
    assert listed(office, **with_keys(query)) == numbers


def test_filters_count_what_they_would_show(office, several):
    page = office.get(AUDIT, {"_facets": "True"}).content.decode()
    assert "Mute user (2)" in page
    assert "staff (2)" in page
    assert "Admin site (1)" in page


def test_the_list_takes_as_many_queries_for_many_entries_as_for_one(office, staff, member, den):
    record("mute_user", actor=staff, target=member, room_id=den.pk)
    office.get(AUDIT)  # what is kept between requests
    with CaptureQueriesContext(
        connection,
    ) as one:
        office.get(AUDIT)
    for number in range(30):
        target = person(f"person{number}")
        record("mute_user", actor=staff, target=target, room_id=den.pk)
    with CaptureQueriesContext(connection) as many:
        assert len(listed(office)) == 31
    assert len(many) == len(one)


# --- Taking away --------------------------------------------------------------------------------
def test_the_lists_entries_are_exported_as_lines_that_can_be_checked(office, several):
    response, text = exported(office, "jsonl", action="mute_user")
    assert "attachment" in response["Content-Disposition"]
    entries = [json.loads(line) for line in text.splitlines()]
    assert [entry["number"] for entry in entries] == [3, 1]
    for line, entry in zip(text.splitlines(), entries, strict=True):
        sealed = {name: value for name, value in entry.items() if name != "hash"}
        canonical = json.dumps(sealed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(canonical.encode()).hexdigest() == entry["hash"], line


def test_the_lists_entries_are_exported_as_a_table(office, several):
    _, text = exported(office, "csv", q="flood")
    rows = list(csv.DictReader(text.splitlines()))
    assert [(row["number"], row["actor_name"], row["reason"]) for row in rows] == [
        ("3", "staff", "Flood"),
        ("2", "owner", "Flood"),
    ]
    assert json.loads(rows[0]["after"]) == {}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])  # noqa: RUF001
def test_no_cell_of_a_table_is_a_formula(office, start):
    record("act", actor=None, reason=f"{start}HYPERLINK(1)")
    _, text = exported(office, "csv")
    [row] = csv.DictReader(text.splitlines(keepends=True))
    assert row["reason"] == f"'{start}HYPERLINK(1)"


def test_an_export_is_written_in_parts(office, several, monkeypatch):
    monkeypatch.setattr(audit_export, "CHUNK", 2)
    with CaptureQueriesContext(connection) as queries:
        _, text = exported(office, "jsonl")
    assert [json.loads(line)["number"] for line in text.splitlines()] == [3, 2, 1]
    assert sum(query["sql"].endswith(" LIMIT 2") for query in queries) == 3


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_is_recorded(office, staff, several, form):
    exported(office, form, action="mute_user")
    entry = AuditEntry.objects.get(number=4)
    assert (entry.action, entry.actor_id, entry.face) == ("export_audit", staff.pk, Face.ADMIN)
    assert entry.after == {"format": form, "entries": 2, "filters": {"action": ["mute_user"]}}
    assert verify().faults == []


def test_who_may_not_export_is_offered_no_file_and_given_none(clerk, office, several):
    assert "Export as CSV" in office.get(AUDIT).content.decode()
    assert "Export as" not in clerk.get(AUDIT).content.decode()
    for form in ("csv", "jsonl"):
        assert clerk.get(f"{AUDIT}export/{form}/").status_code == 403
    assert AuditEntry.objects.count() == 3


def test_who_may_export_but_not_see_the_audit_is_given_no_file(several):
    porter = person("porter", is_staff=True)
    porter.user_permissions.add(Permission.objects.get(codename="export_data"))
    assert signed_in(porter).get(f"{AUDIT}export/csv/").status_code == 403


def test_what_is_no_format_or_no_filter_leaves_no_entry(office, several):
    assert office.get(f"{AUDIT}export/xml/").status_code == 404
    assert office.get(f"{AUDIT}export/csv/", {"nothing": "x"}).status_code == 302
    assert AuditEntry.objects.count() == 3
