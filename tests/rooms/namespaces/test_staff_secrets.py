"""What never leaves the server, whatever staff ask for: cookies, sessions, tokens, passwords."""

import json

import pytest

from accounts.channels import session_digest
from accounts.models import User
from chatproject.sockets.database import in_database
from rooms.models import Report, Sanction
from rooms.namespaces import StaffNamespace
from rooms.operations.reports import report_message
from tests.rooms.conftest import ok, post, say
from tests.rooms.namespaces.test_input import GOOD_OF_STAFF

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_tracebacks")]

TOKEN = "c0ffee" * 5


@pytest.fixture
def named(owner, member, lobby, staff):
    """What the fields of the commands can name, all of it there."""

    def make():
        message = post(owner, lobby, "Rubbish")
        report_message(person=member, message=message.pk, reason="Spam")
        sanction = Sanction.objects.create(
            kind="mute", user=member, user_name="member", reason="Loud", by=staff, by_name="staff"
        )
        return {
            "message": message.pk,
            "report": Report.objects.get().pk,
            "room": lobby.pk,
            "sanction": sanction.pk,
            "user": member.pk,
        }

    return make


async def test_no_answer_and_no_event_gives_a_secret_away(house, office, named, owner, member, lobby, clock):
    names = await in_database(named)
    cookies = {"cookie": f"csrftoken={TOKEN}; sessionid=0123456789abcdefghijklmnopqrstuv"}
    await (await house.connect(headers=cookies)).enter()
    speaker, entry = await house.enter(owner), await office()
    told = []
    # Those last after which nobody comes in again; the tabs anew each time, for some commands send them away.
    last = ["ban_user", "ban_guest"]
    for command in [*sorted(StaffNamespace.handlers.keys() - {*last}), *last]:
        tabs = [await house.enter(who) for who in (member, "Gus")]
        given = {field: value for field, value in names.items() if field in GOOD_OF_STAFF[command]}
        if "sid" in GOOD_OF_STAFF[command]:
            given["sid"] = tabs[1].sid
        if "archived" in GOOD_OF_STAFF[command]:
            given["archived"] = False  # so that it can still be spoken in
        told.append(await entry.call(command, {**GOOD_OF_STAFF[command], **given}))
        await say(speaker, lobby)
    await ok(entry, "list_people", online=False)
    await clock.tick()
    await entry.received("")
    heard = {event for event, _ in entry.events}
    assert heard >= {"stats", "activity", "report_changed", "message_posted"}
    assert len([ack for ack in told if ack["ok"]]) > len(told) // 2
    text = json.dumps([told, list(entry.events)])
    keys = [*house.keys.values(), "0123456789abcdefghijklmnopqrstuv"]
    passwords = await in_database(lambda: list(User.objects.values_list("password", flat=True)))
    secrets = [TOKEN, *keys, *map(session_digest, keys), *passwords]
    assert [secret for secret in secrets if secret in text] == []
    for word in ("sessionid", "csrf", "cookie", "password", "session:", "guest_key", "argon2", "pbkdf2"):
        assert word not in text.lower(), word
