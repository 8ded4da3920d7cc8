"""Messages are edited, deleted and reacted to in front of two people."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.test_pages import small_targets
from tests.browser.visits import BACK, NARROW, Visit, fresh, overflow

pytestmark = pytest.mark.needs("chromium")

Open = Callable[..., Visit]


def bar_at(row: Locator) -> Locator:
    """The bar of actions, at the row that the pointer is moved to."""
    row.hover()
    return row.get_by_role("toolbar")


def offered(root: Locator) -> list[str]:
    """What is offered, without the reactions that take one press."""
    names: list[str] = root.locator("button:visible:not(.quick)").evaluate_all(
        "(buttons) => buttons.map((button) => button.ariaLabel ?? button.textContent.trim())"
    )
    return names


def say(visit: Visit, text: str) -> Locator:
    """Says `text`; its row, once the server has it."""
    visit.say(text)
    row = visit.message(text)
    expect(row).to_have_attribute("data-state", "sent")
    return row


def test_a_message_is_edited_where_one_writes_and_the_draft_comes_back(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    olivia = visit("olivia").enter()
    mark = fresh("plan")
    row = say(olivia, f"{mark} at noon")
    expect(bob.message(mark)).to_have_count(1)
    olivia.composer.press("ArrowUp")
    line = olivia.page.get_by_text("Editing a message")
    expect(line).to_be_visible()
    expect(olivia.composer).to_have_value(f"{mark} at noon")
    olivia.composer.press("Enter")
    expect(line).to_be_hidden()
    expect(row.locator(".edited-mark")).to_have_count(0)
    olivia.composer.fill("half written")
    bar_at(row).get_by_role("button", name="Edit").click()
    expect(row).to_have_class(re.compile("editing"))
    olivia.composer.press("Escape")
    expect(olivia.composer).to_have_value("half written")
    bar_at(row).get_by_role("button", name="Edit").click()
    olivia.composer.fill(f"{mark} at **one**")
    olivia.composer.press("Enter")
    expect(olivia.composer).to_have_value("half written")
    for window in (olivia, bob):
        body = window.message(mark).locator(".message-body")
        expect(body).to_have_text(f"{mark} at one (edited)")
        expect(body.locator("strong")).to_have_text("one")
    # Who may not read what it said before is not offered it.
    assert offered(bar_at(bob.message(mark))) == ["Add a reaction", "Report"]
    expect(bob.message(mark).locator("button.edited-mark")).to_have_count(0)
    olivia.message(mark).locator("button.edited-mark").click()
    versions = olivia.page.get_by_role("dialog", name="Earlier versions").locator("li p")
    expect(versions).to_have_text([f"{mark} at **one**", f"{mark} at noon"])
    olivia.page.keyboard.press("Escape")
    expect(olivia.composer).to_be_focused()
    olivia.composer.fill("")
    olivia.composer.press("ArrowUp")
    olivia.composer.fill("")
    olivia.composer.press("Enter")
    expect(olivia.page.get_by_role("alertdialog", name="Delete your message?")).to_be_visible()
    olivia.page.get_by_role("button", name="Cancel").last.click()
    expect(line).to_be_visible()


def test_an_edit_that_is_being_typed_waits_in_its_room_for_the_person_to_come_back(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    row = say(olivia, "as it was")
    line = olivia.page.get_by_text("Editing a message")
    olivia.composer.fill("a draft")
    bar_at(row).get_by_role("button", name="Edit").click()
    olivia.composer.fill("half changed")
    olivia.room_link("Lobby").click()
    expect(olivia.composer).to_have_value("")
    expect(line).to_be_hidden()
    mark = olivia.room_link(slug).locator(".draft")
    expect(mark).to_be_visible()
    olivia.room_link(slug).click()
    expect(olivia.composer).to_have_value("half changed")
    olivia.page.reload()
    olivia.ready()
    expect(line).to_be_visible()
    expect(olivia.composer).to_have_value("half changed")
    expect(row).to_have_class(re.compile("editing"))
    tab = visit("olivia").enter(slug)
    expect(tab.composer).to_have_value("")
    olivia.command("update_room", room=slug, archived=True)
    expect(olivia.composer).to_be_hidden()
    olivia.command("update_room", room=slug, archived=False)
    expect(line).to_be_visible()
    expect(olivia.composer).to_have_value("half changed")
    olivia.composer.press("Escape")
    expect(olivia.composer).to_have_value("a draft")
    olivia.room_link("Lobby").click()
    olivia.room_link(slug).click()
    expect(olivia.composer).to_have_value("a draft")
    bar_at(row).get_by_role("button", name="Edit").click()
    olivia.room_link("Lobby").click()
    expect(line).to_be_hidden()
    tab.command("delete_message", message=tab.page.evaluate(IDS)[0])
    olivia.room_link(slug).click()
    expect(olivia.page.get_by_text("This message was deleted.")).to_be_visible()
    expect(line).to_be_hidden()
    expect(olivia.composer).to_have_value("a draft")


def test_a_message_is_deleted_by_its_author_and_by_who_manages_the_room(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    olivia = visit("olivia").enter()
    mark = fresh("words")
    own = say(bob, f"{mark} own")
    say(bob, f"{mark} other")
    say(olivia, f"{mark} hers")
    assert offered(bar_at(bob.message(f"{mark} hers"))) == ["Add a reaction", "Report"]
    assert offered(bar_at(own)) == ["Add a reaction", "Edit", "Delete"]
    key = own.get_attribute("data-key")
    own.get_by_role("button", name="Delete").click()
    bob.page.get_by_role("button", name="Delete", exact=True).last.click()
    gone = bob.page.locator(f'.message[data-key="{key}"]')
    expect(gone.locator(".message-body")).to_have_text("This message was deleted.")
    expect(olivia.message(f"{mark} own")).to_have_count(0)
    other = olivia.message(f"{mark} other")
    author = "What to do about the author"
    assert offered(bar_at(other)) == ["Add a reaction", "Report", author, "Delete"]
    other.get_by_role("button", name="Delete").click()
    expect(olivia.page.get_by_role("alertdialog", name=f"Delete the message of {bob.name}?")).to_be_visible()
    olivia.page.get_by_role("button", name="Delete", exact=True).last.click()
    for window in (olivia, bob):
        expect(window.message(f"{mark} other")).to_have_count(0)
    # What it said is for staff who moderate, and for nobody else.
    gone_row = '.message:has-text("This message was deleted.") >> nth=-1'
    assert offered(bar_at(olivia.page.locator(gone_row))) == ["Earlier versions", author]
    bob.page.locator(gone_row).hover()
    expect(bob.page.locator("action-bar")).to_be_hidden()


def test_what_was_written_for_a_message_that_is_deleted_meanwhile_is_not_lost(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob = visit(fresh("bob")).enter(slug)
    bob.page.get_by_role("button", name="Join").click()
    say(bob, "the first")
    second = say(bob, "the second")
    held = {message["body"]: message["id"] for message in olivia.command("open_room", room=slug)["messages"]}
    bar_at(second).get_by_role("button", name="Edit").click()
    bob.composer.fill("better words")
    olivia.command("delete_message", message=held["the second"])
    expect(bob.page.get_by_text("Editing a message")).to_be_hidden()
    expect(bob.composer).to_have_value("better words")
    bob.cut()
    bob.edit("the first", "the best words")
    olivia.command("delete_message", message=held["the first"])
    bob.page.context.set_offline(False)
    refused = bob.message("the best words")
    expect(refused).to_contain_text("Not changed: This message is deleted.", timeout=BACK)
    refused.get_by_role("button", name="Discard").click()
    expect(bob.page.locator(".message-body")).to_have_text(["This message was deleted."] * 2)


def test_without_a_connection_an_edit_waits_and_what_cannot_wait_says_so(visit: Open) -> None:
    olivia = visit("olivia").enter()
    olivia.create_room()
    row = say(olivia, "as it was")
    olivia.cut()
    bar_at(row).get_by_role("button", name="React with 👍").click()
    notices = olivia.page.locator(".notice")
    expect(notices).to_contain_text(["Your reaction was not added. There is no connection to the server."])
    bar_at(row).get_by_role("button", name="Delete").click()
    olivia.page.get_by_role("button", name="Delete", exact=True).last.click()
    expect(notices.last).to_contain_text("The message was not deleted.")
    expect(row).to_have_count(1)
    olivia.composer.press("ArrowUp")
    olivia.composer.fill("as it is")
    olivia.composer.press("Enter")
    expect(olivia.message("as it is")).to_have_attribute("data-state", "queued")
    olivia.say("tipo")
    olivia.composer.press("ArrowUp")
    olivia.composer.fill("typo")
    olivia.page.context.set_offline(False)
    # It arrives while it is being edited, and then is edited where it is.
    expect(olivia.message("tipo")).to_have_attribute("data-state", "sent", timeout=BACK)
    olivia.composer.press("Enter")
    expect(olivia.message("typo (edited)")).to_have_attribute("data-state", "sent")
    expect(olivia.message("as it is")).to_have_attribute("data-state", "sent", timeout=BACK)
    expect(olivia.message("as it is").locator(".edited-mark")).to_have_count(1)


def test_what_waits_is_edited_while_it_goes_out(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob = visit(fresh("bob")).enter(slug)
    olivia.cut()
    olivia.say("teh plan")
    expect(olivia.message("teh plan")).to_have_attribute("data-state", "queued")
    olivia.composer.press("ArrowUp")
    olivia.composer.fill("the plan")
    olivia.page.context.set_offline(False)
    expect(olivia.message("teh plan")).to_have_attribute("data-state", "sent", timeout=BACK)
    olivia.composer.press("Enter")
    expect(bob.message("the plan")).to_have_count(1)
    expect(olivia.message("the plan")).to_have_attribute("data-state", "sent")


def test_reactions_are_seen_by_all_and_only_people_with_an_account_react(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    olivia = visit("olivia").enter()
    guest = visit().enter()
    text = fresh("who comes ")
    row = say(olivia, text)
    bar_at(bob.message(text)).get_by_role("button", name="React with 👍").click()
    chip = row.locator(".chip").first
    expect(chip).to_have_attribute("aria-label", f"👍 1: {bob.name}")
    expect(chip).to_have_attribute("aria-pressed", "false")
    # Back in a room, its messages are there before its people are.
    olivia.create_room()
    olivia.room_link("Lobby").click()
    expect(chip).to_have_attribute("aria-label", f"👍 1: {bob.name}")
    chip.click()
    expect(chip).to_have_attribute("aria-label", f"👍 2: You and {bob.name}")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(bob.message(text).locator(".chip-count")).to_have_text("2")
    # The picker that serves the composer serves a message, too, and leaves the composer alone.
    row.locator(".chip.more").click()
    search = olivia.page.get_by_role("searchbox", name="Find an emoji")
    expect(search).to_be_focused()
    search.fill("party popper")
    olivia.page.keyboard.press("Enter")
    expect(bob.message(text).locator(".chip-emoji")).to_have_text(["👍", "🎉"])
    expect(olivia.composer).to_have_value("")
    chip.click()
    expect(chip).to_have_attribute("aria-label", f"👍 1: {bob.name}")
    for seen in guest.message(text).locator(".chip").all():
        expect(seen).to_be_disabled()
    expect(guest.message(text).locator(".chip")).to_have_count(2)
    guest.message(text).hover()
    expect(guest.page.locator("action-bar")).to_be_hidden()
    guest.page.get_by_label("Say who you are").fill(fresh("Gus"))
    guest.page.keyboard.press("Enter")
    expect(guest.composer).to_be_visible()
    mine = say(guest, fresh("a guest says "))
    assert offered(bar_at(mine)) == ["Edit", "Delete"]


def test_the_keyboard_goes_from_message_to_message_and_into_what_can_be_done(visit: Open) -> None:
    olivia = visit("olivia").enter()
    olivia.create_room()
    first, second = say(olivia, "first of two"), say(olivia, "second of two")
    olivia.composer.press("Shift+Tab")
    expect(second).to_be_focused()
    olivia.page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    olivia.page.keyboard.press("Enter")
    expect(first.get_by_role("button", name="React with 👍")).to_be_focused()
    olivia.page.keyboard.press("ArrowLeft")
    expect(first.get_by_role("button", name="Delete")).to_be_focused()
    olivia.page.keyboard.press("Enter")
    olivia.page.get_by_role("button", name="Delete", exact=True).last.click()
    expect(olivia.page.locator(".message").first).to_be_focused()
    expect(olivia.page.locator(".message").first).to_contain_text("This message was deleted.")
    olivia.page.keyboard.press("ArrowDown")
    olivia.page.keyboard.press("Enter")
    olivia.page.keyboard.press("Escape")
    expect(second).to_be_focused()
    olivia.page.keyboard.press("Escape")
    expect(olivia.composer).to_be_focused()
    expect(olivia.page.locator("action-bar")).to_be_hidden()


def test_a_finger_that_rests_on_a_message_opens_what_can_be_done(visit: Open) -> None:
    olivia = visit("olivia", size=NARROW, has_touch=True, is_mobile=True).enter()
    text = fresh("touched ")
    row = say(olivia, text)
    row.locator(".message-body").tap()
    row.get_by_role("button", name="What to do with it").tap()
    sheet = olivia.page.get_by_role("dialog", name="What to do with the message")
    assert offered(sheet) == ["Another reaction", "Edit", "Copy the text", "Delete"]
    assert small_targets(sheet) == []
    sheet.get_by_role("button", name="React with 🎉").tap()
    expect(sheet).to_be_hidden()
    expect(row.locator(".chip-emoji")).to_have_text("🎉")
    assert small_targets(row.locator(".chips")) == []
    finger = {"pointerType": "touch", "bubbles": True, "clientX": 100, "clientY": 300}
    row.locator(".message-body").dispatch_event("pointerdown", finger)
    expect(sheet).to_be_visible()
    row.locator(".message-body").dispatch_event("pointerup", finger)
    sheet.get_by_role("button", name="Edit", exact=True).tap()
    expect(olivia.composer).to_have_value(text)
    assert overflow(olivia.page) <= 0


PLACE = """(box) => {
  const row = [...box.querySelectorAll('.message')].find((one) => one.getBoundingClientRect().top > 100);
  return [row.dataset.key, row.getBoundingClientRect().top];
}"""
FROM_BOTTOM = "(box) => Math.round(box.scrollHeight - box.scrollTop - box.clientHeight)"
IDS = "document.querySelector('chat-app').chat.timeline.messages.map(({ id }) => id)"


def test_what_one_reads_stays_where_it_is_when_reactions_come(visit: Open) -> None:
    olivia = visit("olivia").enter()
    tab = visit("olivia").enter(olivia.create_room())
    for number in range(8):
        say(olivia, f"long {number}" + "\nand more of it" * 12)
    ids = olivia.page.evaluate(IDS)
    scroller = olivia.page.locator(".scroller")
    for message in (ids[-1], ids[-2]):
        tab.command("react", message=message, emoji="👍", on=True)
    expect(olivia.page.locator(".chip-count")).to_have_count(2)
    assert scroller.evaluate(FROM_BOTTOM) == 0
    scroller.evaluate("(box) => { box.scrollTop = box.scrollHeight / 2; }")
    expect(olivia.page.locator(".to-newest")).to_be_visible()
    key, top = scroller.evaluate(PLACE)
    for message in ids[:3]:
        tab.command("react", message=message, emoji="👍", on=True)
    expect(olivia.page.locator(".chip-count")).to_have_count(5)
    now = olivia.page.locator(f'.message[data-key="{key}"]').bounding_box()
    assert now and abs(now["y"] - top) <= 1
