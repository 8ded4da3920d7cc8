"""Keeping order from the live console: what staff do there is felt at once in other people's browsers."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.console import at_console, section, staff_person
from tests.browser.visits import Visit, fresh
from tests.support.server import Server

pytestmark = pytest.mark.needs("chromium")

REASON = "Advertising is not wanted here"
SOON = 5  # seconds that a mute lasts

Open = Callable[..., Visit]


def answer(staff: Visit, button: str, **fields: str) -> None:
    """Answers the question for a reason, and says yes."""
    dialog = staff.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(REASON)
    for label, value in fields.items():
        dialog.get_by_label(label.replace("_", " ")).select_option(value)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_be_hidden()


def watched(staff: Visit) -> Locator:
    """The Lobby as it is being talked in, in the console."""
    place = section(staff, "Rooms")
    place.get_by_role("link", name="Lobby").click()
    place.get_by_role("button", name="Watch").click()
    return place.locator("watch-timeline .staff-message")


def test_a_flood_is_seen_and_muted_and_the_mute_ends_by_itself(visit: Open, served: Server) -> None:
    mona = at_console(staff_person(served, visit, fresh("mona"), "Moderators"))
    bob = visit(fresh("bob")).enter()
    messages = watched(mona)
    for number in range(3):
        bob.say(f"{bob.name} sells watches {number}")
    last = messages.filter(has_text=f"{bob.name} sells watches 2")
    expect(last).to_be_visible()
    last.get_by_role("button", name="Mute").click()
    dialog = mona.page.get_by_role("dialog")
    dialog.get_by_label("How long").select_option("Until a date and time")
    dialog.get_by_label("Until when").evaluate(
        "(moment, seconds) => { moment.step = 'any';"
        " const local = Date.now() - new Date().getTimezoneOffset() * 60_000;"
        " moment.value = new Date(local + seconds * 1_000).toISOString().slice(0, -1); }",
        SOON,
    )
    answer(mona, "Mute")
    gate = bob.page.locator("message-composer")
    expect(gate).to_contain_text(re.compile(f"muted in this room until .*{REASON}"))
    expect(bob.composer).not_to_be_editable()
    expect(bob.composer).to_be_editable(timeout=2 * SOON * 1_000)
    expect(gate.get_by_text(REASON)).to_be_hidden()
    bob.say(f"{bob.name} is back")
    expect(messages.filter(has_text=f"{bob.name} is back")).to_be_visible()


def test_what_is_deleted_from_the_console_comes_back_when_it_is_undone(visit: Open, served: Server) -> None:
    mona = at_console(staff_person(served, visit, fresh("mona"), "Moderators"))
    bob = visit(fresh("bob")).enter()
    text = fresh("to be deleted ")
    bob.say(text)
    message = watched(mona).filter(has_text=text)
    message.get_by_role("button", name="Delete:").click()
    expect(bob.message(text)).to_have_count(0)
    mona.page.get_by_role("button", name="Undo").click()
    expect(bob.message(text)).to_be_visible()
    expect(message).to_be_visible()


def test_a_report_is_read_with_what_stands_around_it_and_resolved(visit: Open, served: Server) -> None:
    ann, bob = visit(fresh("ann")).enter(), visit(fresh("bob")).enter()
    before, text = fresh("before "), fresh("buy ")
    ann.say(before)
    ann.say(text)
    expect(bob.message(text)).to_be_visible()
    mona = at_console(staff_person(served, visit, fresh("mona"), "Moderators"), "reports")
    ident = bob.page.evaluate("document.querySelector('chat-app').chat.timeline.messages.at(-1).id")
    bob.command("report_message", message=ident, reason="This is spam")
    tab = mona.page.get_by_role("navigation", name="Sections").get_by_role("link", name="Reports")
    expect(tab).to_have_text(re.compile(r"[1-9]\d* open"))
    row = mona.page.locator("report-section .row-link").filter(has_text=text)
    row.click()
    detail = mona.page.locator("report-detail")
    expect(detail).to_contain_text("This is spam")
    expect(detail.locator(".staff-message").filter(has_text=before)).to_be_visible()
    expect(detail.locator(".staff-message.reported")).to_contain_text(text)
    detail.get_by_role("button", name="Delete the message …").click()
    answer(mona, "Delete the message")
    expect(bob.message(text)).to_have_count(0)
    expect(row).to_have_count(0)
    mona.page.get_by_label("Which reports").select_option("Resolved")
    row.click()
    expect(detail.locator(".answer")).to_contain_text(REASON)


def test_a_ban_ends_every_tab_in_every_browser_and_says_why(visit: Open, served: Server) -> None:
    bob = visit(fresh("bob")).enter()
    elsewhere = visit()
    elsewhere.page.context.add_cookies(
        [{"name": key, "value": value, "url": served.url} for key, value in served.sign_in(bob.name).items()]
    )
    elsewhere.enter()
    bystander = visit(fresh("ann")).enter()
    staff = at_console(visit("olivia"), f"people/{bob.id}")
    staff.page.locator("person-detail").get_by_role("button", name="Ban").click()
    answer(staff, "Ban", Where="Everywhere")
    for tab in (bob, elsewhere):
        expect(tab.page.locator("body")).to_contain_text(REASON)
    expect(bystander.composer).to_be_visible()
    expect(staff.page.locator("person-detail")).to_contain_text("Banned everywhere")
    staff.page.locator("person-detail").get_by_role("button", name="Lift").click()
    expect(staff.page.locator("person-detail")).to_contain_text("None holds.")
