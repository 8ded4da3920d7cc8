"""Tabs of one browser stay one person's; and the session lasts while a page is used."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.visits import Visit, Visits, fresh
from tests.support.server import OWNER, PASSWORD

pytestmark = pytest.mark.needs("chromium")

HOUR = 3_600_000  # milliseconds

# Connects anew, and waits until it has.
COME_BACK = """
() => new Promise((done) => {
  const { connection } = document.querySelector("chat-app").chat;
  connection.addEventListener("state", () => connection.online && done());
  connection.renew();
})
"""


def log_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading")).to_have_text("You are logged out")


def socket_user(visit: Visit) -> str:
    """Who the server takes this tab's socket for."""
    visit.ready()
    return str(visit.command("sync", rooms={})["user"]["name"])


def test_logging_in_and_out_in_one_tab_renews_every_other(visits: Visits) -> None:
    bob, eve = fresh("bob"), fresh("eve")
    visits.open(bob), visits.open(eve)  # they have accounts
    first = visits.open().enter()  # no session at all: the server knows of nothing that has changed
    second = visits.tab(first).enter()
    assert socket_user(second) == ""

    log_in(first.page, bob)
    expect(second.page.locator(".me-button .name")).to_have_text(bob)
    assert socket_user(second) == socket_user(first) == bob

    log_out(first.page)
    second.page.wait_for_url(re.compile(r"/accounts/login/\?ended=signed_out"))
    second.go("/rooms/lobby/").ready()
    assert socket_user(second) == ""

    log_in(first.page, eve)
    expect(second.page.locator(".me-button .name")).to_have_text(eve)
    assert socket_user(second) == eve


def test_a_guest_who_takes_a_name_has_it_in_every_tab(visits: Visits) -> None:
    first = visits.open().enter()
    second = visits.tab(first).enter()
    name = fresh("Gus")
    first.page.locator("message-composer").get_by_role("textbox").fill(name)
    first.page.locator("message-composer").get_by_role("textbox").press("Enter")
    expect(first.composer).to_be_visible()
    expect(second.page.locator(".me-button .name")).to_have_text(name)
    expect(second.composer).to_be_visible()
    assert socket_user(second) == name


def test_the_console_follows_too(visits: Visits) -> None:
    bob = fresh("bob")
    visits.open(bob)
    first = visits.open()
    log_in(first.page, OWNER)
    first.ready()
    console = visits.tab(first).go("/staff/")
    console.tolerate("status of 403")
    expect(console.page.get_by_role("status").first).to_have_text("Live")
    log_out(first.page)
    console.page.wait_for_url(re.compile(r"/accounts/login/\?next=/staff/$"))
    log_in(first.page, OWNER)
    console.go("/staff/")
    expect(console.page.get_by_role("status").first).to_have_text("Live")
    first.page.context.clear_cookies()  # as if the log-out had not been heard of
    log_in(first.page, bob)
    expect(console.page.get_by_role("heading", level=1)).to_have_text("This page is for staff")


def test_all_tabs_together_ask_once_an_hour_for_the_cookie(visits: Visits) -> None:
    window = visits.open(fresh("bob")).enter()
    tab = visits.tab(window).enter()
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/accounts/session/"):
            asked.append(request.method)

    window.page.context.on("request", note)
    window.page.evaluate(f"localStorage.setItem('parley.session', Date.now() - {HOUR - 60_000})")
    window.page.evaluate(COME_BACK)
    assert asked == []
    with window.page.expect_response("**/accounts/session/") as answer:
        window.page.evaluate(f"localStorage.setItem('parley.session', Date.now() - {HOUR})")
        window.page.evaluate(COME_BACK)
    assert answer.value.status == 200
    assert answer.value.json() == {"renewed": False}  # the log-in was a moment ago, by the server's clock
    tab.page.evaluate(COME_BACK)
    assert asked == ["POST"]
