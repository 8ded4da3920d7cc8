"""Keeping order from the live console: what staff do there is felt at once in other people's browsers."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.console import at_console, staff_person
from tests.browser.visits import Visit, fresh
from tests.support.server import Server

pytestmark = pytest.mark.needs("chromium")

REASON = "Advertising is not wanted here"

Open = Callable[..., Visit]


def answer(staff: Visit, button: str, **fields: str) -> None:
    """Answers the question for a reason, and says yes."""
    dialog = staff.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(REASON)
    for label, value in fields.items():
        dialog.get_by_label(label.replace("_", " ")).select_option(value)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_be_hidden()


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
