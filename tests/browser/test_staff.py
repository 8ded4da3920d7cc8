"""The live console."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.axe import faults_of
from tests.browser.console import at_console, section, staff_person
from tests.browser.visits import NARROW, WIDE, Visit, fresh, overflow
from tests.support.server import OWNER, Server

pytestmark = pytest.mark.needs("chromium")

FINGER = 44  # pixels
SECTIONS = ("overview", "people", "rooms", "activity", "reports", "announce")
KEPT = 500  # rows of the activity

Open = Callable[..., Visit]


def test_staff_see_live_what_people_do(visit: Open) -> None:
    staff = at_console(visit(OWNER))
    people = staff.page.locator('[data-stat="people"] dd')
    expect(people).to_have_text("1")
    activity = section(staff, "Activity")
    bob = visit(fresh("bob")).enter()
    text = fresh("nobody's business ")
    bob.say(text)
    expect(activity).to_contain_text(f"{bob.name} connected")
    expect(activity).to_contain_text(f"{bob.name} wrote in Lobby")
    assert text not in staff.page.locator("body").inner_text()
    section(staff, "Overview")
    expect(people).to_have_text("2")
    lobby = section(staff, "Rooms").get_by_role("link", name="Lobby")
    expect(lobby).to_contain_text("2 here")
    section(staff, "People").get_by_role("link", name=bob.name).click()
    detail = staff.page.locator("person-detail")
    expect(detail.get_by_role("heading", level=2)).to_have_text(bob.name)
    expect(detail).to_contain_text("127.0.0.1")
    expect(detail).to_contain_text("Lobby")


def test_the_charts_draw_the_last_minutes_and_say_them_in_words(visit: Open) -> None:
    staff = at_console(visit(OWNER))
    charts = staff.page.locator(".chart")
    expect(charts.locator("canvas")).to_have_count(4)
    for chart in charts.all():
        expect(chart.locator(".help")).to_have_text(re.compile(r"\d.* now, at most "))


def test_an_address_leads_to_one_person_also_one_who_is_not_there(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    ident = bob.id
    bob.page.context.close()
    staff = at_console(visit(OWNER), f"people/{ident}")
    detail = staff.page.locator("person-detail")
    expect(detail.get_by_role("heading", level=2)).to_have_text(bob.name)
    expect(detail.get_by_role("link", name="In the administration")).to_have_attribute(
        "href", f"/admin/accounts/user/{ident}/change/"
    )
    staff.page.goto("/staff/#people/999999")
    expect(detail.locator(".empty")).to_have_text("It is not there, or it is not yours to see.")


def test_on_a_phone_a_list_and_what_is_open_take_turns(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    staff = at_console(visit(OWNER, size=NARROW, has_touch=True), "people")
    link = staff.page.locator("people-section").get_by_role("link", name=bob.name)
    link.click()
    button = staff.page.locator("person-detail").get_by_role("button", name="Disconnect all tabs")
    expect(button).to_be_visible()
    box = button.bounding_box()
    assert box
    assert box["x"] + box["width"] <= NARROW[0]
    assert box["height"] >= FINGER
    expect(link).to_be_hidden()
    staff.page.get_by_role("link", name="Back to the people").click()
    expect(link).to_be_focused()


@pytest.mark.needs("axe")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_section_has_a_serious_fault_for_who_cannot_see_or_point(visit: Open, scheme: str) -> None:
    author, reporter = visit(fresh("ann")).enter(), visit(fresh("bob")).enter()
    author.say(fresh("Buy "))
    message = author.message("Buy ").last
    expect(message).to_have_attribute("data-state", "sent")
    ident = author.page.evaluate("document.querySelector('chat-app').chat.timeline.messages.at(-1).id")
    reporter.command("report_message", message=ident, reason="Spam")
    for size in (WIDE, NARROW):
        staff = at_console(visit(OWNER, size=size, color_scheme=scheme))
        for name in SECTIONS:
            place = section(staff, name.title())
            if name in {"people", "rooms", "reports"}:
                place.locator(".row-link").first.click()
            if name == "rooms":
                place.get_by_role("button", name="Watch").click()
                expect(place.locator(".staff-message").first).to_be_visible()
            assert overflow(staff.page) <= 0, (name, size)
            assert faults_of(staff.page) == [], (name, size)


def test_the_bar_leads_on_and_out(visit: Open) -> None:
    staff = at_console(visit(OWNER))
    bar = staff.page.get_by_role("banner")
    expect(bar).to_contain_text("Parley")
    expect(bar.get_by_role("link", name="Chat", exact=True)).to_have_attribute("href", "/")
    expect(bar.get_by_role("link", name="Administration")).to_have_attribute("href", "/admin/")
    bar.get_by_role("button", name="Your menu: olivia").click()
    expect(staff.page.get_by_role("button", name="Log out")).to_be_visible()


def test_the_activity_can_be_paused_and_filtered(visit: Open) -> None:
    staff = at_console(visit(OWNER), "activity")
    feed = staff.page.locator(".feed")
    expect(feed).to_contain_text("olivia connected")
    staff.page.get_by_role("button", name="Pause").click()
    bob = visit(fresh("bob")).enter()
    expect(staff.page.get_by_role("button", name=re.compile(r"Go on \(\d+\)"))).to_be_visible()
    expect(feed).not_to_contain_text(bob.name)
    staff.page.get_by_role("button", name="Go on").click()
    expect(feed).to_contain_text(f"{bob.name} connected")
    staff.page.get_by_label("Filter by text").fill(bob.name.upper())
    expect(feed).not_to_contain_text("olivia")
    expect(feed).to_contain_text(f"{bob.name} connected")
    staff.page.get_by_label("Kind").select_option("Messages")
    expect(staff.page.locator("activity-feed .empty")).to_have_text("Nothing of this kind has happened.")


def test_a_flood_of_activity_stays_bounded_and_the_page_usable(visit: Open) -> None:
    staff = at_console(visit(OWNER), "activity")
    # As the server says it, only more of it than the server would let through.
    staff.page.evaluate(
        """async () => {
          const feed = document.querySelector('activity-feed');
          const room = { id: 1, name: 'Lobby' };
          for (let second = 0; second < 3; second += 1) {
            for (let number = 0; number < 1_000; number += 1) {
              const user = { id: 7, name: `flood ${second * 1_000 + number}` };
              const at = new Date().toISOString();
              feed.happened({ at, kind: 'message_posted', user, room, detail: '', count: 3 });
            }
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    rows = staff.page.locator(".feed > div")
    expect(rows.first).to_contain_text(re.compile(r"flood 2999 wrote in Lobby . 3"))
    expect(rows).to_have_count(KEPT)
    section(staff, "People")
    expect(staff.page.locator("people-section")).to_be_visible()


def test_an_announcement_reaches_everybody(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    guest = visit().enter()
    staff = at_console(visit(OWNER), "announce")
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
    form.get_by_role("textbox").fill(text)
    form.get_by_label("A message in your name").check()
    form.get_by_role("button", name="Announce").click()
    expect(bob.message(text)).to_be_visible()


def test_a_person_who_was_disconnected_comes_back(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    bob.page.evaluate(
        "() => { window.seen = []; document.querySelector('chat-app').chat.connection"
        ".addEventListener('state', (event) => window.seen.push(event.target.state)); }"
    )
    staff = at_console(visit(OWNER), f"people/{bob.id}")
    detail = staff.page.locator("person-detail")
    detail.get_by_role("button", name="Disconnect", exact=True).click()
    bob.page.wait_for_function("() => window.seen.includes('offline') && window.seen.at(-1) === 'online'")
    bob.say("I am back")
    expect(bob.message("I am back")).to_have_attribute("data-state", "sent")


def test_what_one_may_not_do_is_not_offered(visit: Open, served: Server) -> None:
    bob = visit(fresh("bob")).enter()
    looking = staff_person(served, visit, fresh("lena"))
    at_console(looking, f"people/{bob.id}")
    detail = looking.page.locator("person-detail")
    expect(detail).to_contain_text("127.0.0.1")
    expect(detail.get_by_role("button")).to_have_count(0)
    sections = looking.page.get_by_role("navigation", name="Sections").get_by_role("link")
    expect(sections).to_have_text(["Overview", "People", "Rooms", "Activity"])
    moderator = at_console(staff_person(served, visit, fresh("mona"), "Moderators"), f"people/{bob.id}")
    offered = moderator.page.locator("person-detail .acts").get_by_role("button")
    expect(offered.filter(has_text="Mute")).to_be_visible()


def test_others_are_told_what_to_do(visit: Open) -> None:
    bob = visit(fresh("bob"))
    bob.tolerate("status of 403")
    bob.go("/staff/")
    expect(bob.page.get_by_role("heading")).to_have_text("This page is for staff")
    nobody = visit().go("/staff/")
    expect(nobody.page).to_have_url(re.compile(r"/accounts/login/\?next=/staff/$"))


def test_one_websocket_carries_both_namespaces(visit: Open) -> None:
    staff = visit(OWNER)
    sockets: list[str] = []
    staff.page.on("websocket", lambda socket: sockets.append(socket.url))
    at_console(staff, "people")
    expect(staff.page.locator("people-section .row-link")).not_to_have_count(0)
    assert len(sockets) == 1, sockets
