"""Two people talk in two browsers."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visits import NARROW, Visit, fresh, long_room
from tests.support.server import Server, manage

pytestmark = pytest.mark.needs("chromium")

LEAVING = 15_000  # milliseconds; a page that is loaded again counts as still there

Open = Callable[..., Visit]


def test_what_one_says_the_other_reads(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    olivia = visit("olivia").enter()
    text = fresh("good morning ")
    olivia.say(text)
    expect(olivia.message(text)).to_have_attribute("data-state", "sent")
    expect(bob.message(text)).to_have_count(1)
    expect(bob.message(text).locator(".author")).to_have_text("olivia")
    bob.say(f"answer to {text}")
    expect(olivia.message(f"answer to {text}")).to_have_count(1)
    expect(olivia.message(f"answer to {text}").locator(".author")).to_have_text(bob.name)
    olivia.page.reload()
    expect(olivia.message(f"answer to {text}")).to_have_count(1)


def test_links_can_be_followed_and_markup_is_shown_as_text(visit: Open) -> None:
    olivia = visit("olivia").enter()
    mark = fresh("mark")
    olivia.say(
        f"{mark} https://example.org/page <script>alert(1)</script> <img src=x onerror=alert(2)> **b**"
    )
    row = olivia.message(mark)
    expect(row).to_have_attribute("data-state", "sent")
    expect(row.locator("a")).to_have_attribute("href", "https://example.org/page")
    expect(row.locator("a")).to_have_attribute("rel", re.compile("noopener"))
    expect(row).to_contain_text("<script>alert(1)</script> <img src=x onerror=alert(2)>")
    expect(row.locator("strong")).to_have_text("b")
    expect(row.locator(".message-body script, .message-body img")).to_have_count(0)


def test_enter_sends_and_shift_enter_breaks_the_line(visit: Open) -> None:
    olivia = visit("olivia").enter()
    mark = fresh("lines")
    olivia.composer.press_sequentially(mark)
    before = olivia.composer.bounding_box()
    olivia.composer.press("Shift+Enter")
    olivia.composer.press_sequentially("second")
    after = olivia.composer.bounding_box()
    assert before and after and after["height"] > before["height"]
    expect(olivia.message(mark)).to_have_count(0)
    olivia.composer.press("Enter")
    expect(olivia.message(mark)).to_have_count(1)
    expect(olivia.message(mark).locator("br")).to_have_count(1)
    expect(olivia.composer).to_have_value("")


def test_messages_of_one_author_share_a_head(visit: Open) -> None:
    olivia = visit("olivia").enter()
    olivia.create_room()
    for text in ("first of three", "second of three", "third of three"):
        olivia.say(text)
        expect(olivia.message(text)).to_have_attribute("data-state", "sent")
    expect(olivia.page.locator(".message-head:visible")).to_have_count(1)
    expect(olivia.page.locator(".day-line")).to_have_text(["Today"])


def test_unread_rooms_are_bold_and_counted_the_same_in_all_tabs(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    olivia.command("add_members", room=slug, users=[bob.id])
    expect(bob.room_link(slug)).to_be_visible()
    tab = visit(bob.name).enter()
    olivia.say("one")
    olivia.say("two")
    for window in (bob, tab):
        expect(window.unread(slug)).to_have_text("2")
        expect(window.page.locator(".room-row.unread")).to_have_count(1)
        expect(window.page).to_have_title(re.compile(r"^\(2\) "))
    bob.room_link(slug).click()
    expect(bob.message("two")).to_be_visible()
    expect(bob.page.locator(".new-line")).to_have_count(1)
    for window in (bob, tab):
        expect(window.unread(slug)).to_be_hidden()
        expect(window.page).not_to_have_title(re.compile(r"^\("))
    expect(olivia.unread(slug)).to_be_hidden()


def test_others_see_who_is_typing_until_it_is_sent(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    olivia = visit("olivia").enter()
    olivia.composer.press_sequentially("I think")
    expect(bob.page.locator("typing-line")).to_have_text("olivia is typing …")
    expect(olivia.page.locator("typing-line")).to_be_empty()
    olivia.composer.press("Enter")
    expect(bob.page.locator("typing-line")).to_be_empty()


def test_a_draft_stays_with_its_room(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    olivia.composer.fill("not finished")
    olivia.room_link("Lobby").click()
    expect(olivia.composer).to_have_value("")
    expect(olivia.room_link(slug).locator(".draft")).to_be_visible()
    olivia.page.reload()
    olivia.ready()
    olivia.room_link(slug).click()
    expect(olivia.composer).to_have_value("not finished")
    expect(olivia.room_link(slug).locator(".draft")).to_be_hidden()
    expect(olivia.composer).to_be_visible()  # once the room is open
    olivia.composer.press("Enter")
    expect(olivia.message("not finished")).to_have_attribute("data-state", "sent")
    olivia.page.reload()
    olivia.ready()
    expect(olivia.composer).to_have_value("")


def test_who_is_here_is_shown(visit: Open) -> None:
    olivia = visit("olivia").enter()
    bob = visit(fresh("bob")).enter()
    row = olivia.page.locator(".person").filter(has_text=bob.name)
    expect(row.locator("user-avatar")).to_have_attribute("data-presence", "online")
    bob.page.context.close()
    expect(row.locator("user-avatar")).to_have_attribute("data-presence", "offline", timeout=LEAVING)


def test_an_emoji_is_found_and_chosen_by_keyboard(visit: Open) -> None:
    olivia = visit("olivia").enter()
    olivia.composer.fill("well done ")
    olivia.page.get_by_role("button", name="Choose an emoji").press("Enter")
    search = olivia.page.get_by_role("searchbox", name="Find an emoji")
    expect(search).to_be_focused()
    search.fill("party")
    search.press("ArrowDown")
    olivia.page.keyboard.press("ArrowRight")
    expect(olivia.page.locator(".emoji-grid button:focus")).to_have_text("🎉")
    olivia.page.keyboard.press("Enter")
    expect(olivia.composer).to_have_value("well done 🎉")
    expect(olivia.composer).to_be_focused()
    olivia.page.get_by_role("button", name="Choose an emoji").press("Enter")
    expect(search).to_be_focused()
    olivia.page.keyboard.press("Escape")
    expect(search).to_be_hidden()


ACCOUNT_GONE = """
from accounts.models import User
User.objects.get(username={name!r}).delete()
"""


def test_what_a_deleted_account_said_is_not_a_guests(visit: Open, served: Server) -> None:
    bob = visit(fresh("bob")).enter()
    text = fresh("my last words ")
    bob.say(text)
    expect(bob.message(text)).to_have_attribute("data-state", "sent")
    bob.page.context.close()
    manage(served.data_dir, "shell", "--verbosity", "0", "--command", ACCOUNT_GONE.format(name=bob.name))
    olivia = visit("olivia").enter()
    expect(olivia.message(text).locator(".message-head .tag")).to_have_text("deleted account")


# --- Reading back -------------------------------------------------------------------------------
PLACE = """() => {
  const scroller = document.querySelector('.scroller');
  scroller.scrollTop = 400;
  const edge = scroller.getBoundingClientRect().top;
  const rows = [...document.querySelectorAll('.message')];
  const row = rows.find((one) => one.getBoundingClientRect().top >= edge);
  window.watched = row;
  return { top: row.getBoundingClientRect().top, rows: rows.length };
}"""


def test_older_pages_come_in_without_a_jump(visit: Open, served: Server) -> None:
    slug = long_room(served, 230)
    olivia = visit("olivia").enter(slug)
    expect(olivia.message("message 230 of many")).to_be_in_viewport()
    rows = 0
    for _ in range(4):
        place = olivia.page.evaluate(PLACE)
        rows = place["rows"]
        olivia.page.wait_for_function(
            "(rows) => document.querySelectorAll('.message').length > rows", arg=rows
        )
        top = olivia.page.evaluate("window.watched.getBoundingClientRect().top")
        assert abs(top - place["top"]) <= 1, f"the page jumped by {top - place['top']} px at {rows} rows"
    expect(olivia.messages).to_have_count(230)
    olivia.page.evaluate("document.querySelector('.scroller').scrollTop = 0")
    expect(olivia.page.get_by_role("heading", name="This is where")).to_be_in_viewport()
    expect(olivia.page.locator(".day-line")).to_have_count(
        len(set(olivia.page.locator(".day-line").all_inner_texts()))
    )


FROM_THE_END = """() => {
  const { scrollHeight, scrollTop, clientHeight } = document.querySelector('.scroller');
  return scrollHeight - scrollTop - clientHeight;
}"""
AT_THE_END = f"() => Math.abs(({FROM_THE_END})()) <= 1"


def test_who_is_at_the_end_stays_there_when_the_room_for_it_changes(visit: Open, served: Server) -> None:
    slugs = [long_room(served, 40), long_room(served, 20)]
    olivia = visit("olivia", size=NARROW).enter(slugs[0])
    for slug in (slugs[1], slugs[0]):
        olivia.page.wait_for_function(AT_THE_END)
        olivia.page.get_by_role("link", name="Back to the rooms").click()
        olivia.room_link(slug).click()
        olivia.ready()
    olivia.page.wait_for_function(AT_THE_END)
    height = olivia.composer.bounding_box()
    olivia.composer.fill("one\ntwo\nthree\nfour\nfive")
    grown = olivia.composer.bounding_box()
    assert height and grown and grown["height"] > height["height"]
    olivia.page.wait_for_function(AT_THE_END)
    olivia.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1] // 2})
    olivia.page.wait_for_function(AT_THE_END)
    olivia.composer.fill("")
    olivia.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    olivia.page.wait_for_function(AT_THE_END)
    expect(olivia.page.locator(".to-newest")).to_be_hidden()


def test_who_reads_back_stays_there_and_is_told_how_much_came(visit: Open, served: Server) -> None:
    slug = long_room(served, 60)
    olivia = visit("olivia").enter(slug)
    tab = visit("olivia").enter(slug)
    tab.page.evaluate("document.querySelector('.scroller').scrollTop = 900")
    place = tab.page.evaluate("document.querySelector('.scroller').scrollTop")
    newest = tab.page.locator(".to-newest")
    expect(newest).to_have_text("To the newest")
    olivia.say("one more")
    olivia.say("and another")
    expect(newest).to_have_text("2 new")
    assert tab.page.evaluate("document.querySelector('.scroller').scrollTop") == place
    newest.click()
    expect(tab.message("and another")).to_be_in_viewport()
    expect(newest).to_be_hidden()
    olivia.say("the last")
    expect(tab.message("the last")).to_be_in_viewport()


def test_a_room_opens_at_the_line_above_what_is_new(visit: Open, served: Server) -> None:
    slug = long_room(served, 45)
    bob = visit(fresh("bob")).enter()
    bob.command("join_room", room=slug)
    olivia = visit("olivia").enter(slug)
    for number in range(30):
        olivia.command(
            "post_message",
            room=slug,
            client_id=f"00000000-0000-4000-8000-{number:012}",
            body=f"new {number} " + "long " * 40,
        )
    bob.room_link(slug).click()
    expect(bob.page.locator(".new-line")).to_be_in_viewport()
    expect(bob.page.locator(".to-newest")).to_have_text("30 new")
    expect(bob.unread(slug)).to_have_text("30")
    bob.page.locator(".to-newest").click()
    expect(bob.unread(slug)).to_be_hidden()
