"""The live console."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visits import NARROW, Visit, fresh, overflow

pytestmark = pytest.mark.needs("chromium")

FINGER = 44  # pixels

Open = Callable[..., Visit]


def test_staff_see_live_what_people_do(visit: Open) -> None:
    staff = visit("olivia").go("/staff/")
    expect(staff.page.get_by_role("status").first).to_have_text("Live")
    people = staff.page.locator('[data-stat="people"] dd')
    expect(people).to_have_text("1")
    bob = visit(fresh("bob")).enter()
    text = fresh("nobody's business ")
    bob.say(text)
    feed = staff.page.locator(".feed")
    expect(feed).to_contain_text(f"{bob.name} connected")
    expect(feed).to_contain_text(f"{bob.name} wrote in Lobby")
    assert text not in staff.page.locator("body").inner_text()
    expect(people).to_have_text("2")
    row = staff.page.locator(".sockets tbody tr").filter(has_text=bob.name)
    expect(row).to_contain_text("127.0.0.1")
    expect(row).to_contain_text("Lobby")
    lobby = staff.page.locator(".rooms-card tbody tr").filter(has_text="Lobby")
    expect(lobby.locator("td").nth(3)).to_have_text("2", timeout=10_000)


def test_on_a_phone_everything_is_within_reach(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    staff = visit("olivia", size=NARROW, has_touch=True).go("/staff/")
    row = staff.page.locator(".sockets tbody tr").filter(has_text=bob.name)
    button = row.get_by_role("button", name="Disconnect").first
    expect(button).to_be_visible()
    for wrap in staff.page.locator(".table-wrap").all():
        assert wrap.evaluate("(wrap) => wrap.scrollWidth - wrap.clientWidth") <= 0
    box = button.bounding_box()
    assert box and box["x"] + box["width"] <= NARROW[0] and box["height"] >= FINGER
    assert overflow(staff.page) <= 0


def test_the_bar_leads_on_and_out(visit: Open) -> None:
    staff = visit("olivia").go("/staff/")
    bar = staff.page.get_by_role("banner")
    expect(bar).to_contain_text("Parley")
    expect(bar.get_by_role("link", name="Chat", exact=True)).to_have_attribute("href", "/")
    expect(bar.get_by_role("link", name="Administration")).to_have_attribute("href", "/admin/")
    bar.get_by_role("button", name="Your menu: olivia").click()
    expect(staff.page.get_by_role("button", name="Log out")).to_be_visible()


def test_the_feed_can_be_paused(visit: Open) -> None:
    staff = visit("olivia").go("/staff/")
    expect(staff.page.get_by_role("status").first).to_have_text("Live")
    feed = staff.page.locator(".feed")
    expect(feed).to_contain_text("olivia connected")
    staff.page.get_by_role("button", name="Pause").click()
    bob = visit(fresh("bob")).enter()
    expect(staff.page.get_by_role("button", name=re.compile(r"Go on \(\d+\)"))).to_be_visible()
    expect(feed).not_to_contain_text(bob.name)
    staff.page.get_by_role("button", name="Go on").click()
    expect(feed).to_contain_text(bob.name)


def test_an_announcement_reaches_everybody(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    guest = visit().enter()
    staff = visit("olivia").go("/staff/")
    expect(staff.page.get_by_role("status").first).to_have_text("Live")
    form = staff.page.locator("announce-form")
    form.get_by_role("button", name="Announce").click()
    expect(form.get_by_role("alert")).to_have_text("An announcement needs some text.")
    text = fresh("We restart at ")
    form.get_by_role("textbox").fill(text)
    form.get_by_role("button", name="Announce").click()
    expect(form.get_by_role("status")).to_have_text("Announced.")
    for window in (bob, guest, staff):
        expect(window.page.locator(".notice")).to_contain_text(text)
    bob.page.get_by_role("button", name="Dismiss").click()
    expect(bob.page.locator(".notice")).to_have_count(0)


def test_a_person_who_was_disconnected_comes_back(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    bob.page.evaluate(
        "() => { window.seen = []; document.querySelector('chat-app').chat.connection"
        ".addEventListener('state', (event) => window.seen.push(event.target.state)); }"
    )
    staff = visit("olivia").go("/staff/")
    row = staff.page.locator(".sockets tbody tr").filter(has_text=bob.name)
    row.get_by_role("button", name="Disconnect").click()
    staff.page.get_by_role("alertdialog").get_by_role("button", name="Disconnect").click()
    bob.page.wait_for_function("() => window.seen.includes('offline') && window.seen.at(-1) === 'online'")
    bob.say("I am back")
    expect(bob.message("I am back")).to_have_attribute("data-state", "sent")
    own = staff.page.locator(".sockets tbody tr").filter(has_text="olivia")
    expect(own.get_by_role("button", name="Disconnect")).to_have_count(0)


def test_others_are_told_what_to_do(visit: Open) -> None:
    bob = visit(fresh("bob"))
    bob.tolerate("status of 403")
    bob.go("/staff/")
    expect(bob.page.get_by_role("heading")).to_have_text("This page is for staff")
    nobody = visit().go("/staff/")
    expect(nobody.page).to_have_url(re.compile(r"/accounts/login/\?next=/staff/$"))


def test_one_websocket_carries_both_namespaces(visit: Open) -> None:
    staff = visit("olivia")
    sockets: list[str] = []
    staff.page.on("websocket", lambda socket: sockets.append(socket.url))
    staff.go("/staff/")
    expect(staff.page.locator('[data-stat="people"] dd')).to_have_text(re.compile(r"\d"))
    expect(staff.page.locator(".sockets tbody tr")).to_have_count(1)
    assert len(sockets) == 1, sockets
