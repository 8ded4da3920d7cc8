"""Rooms and the people in them, as the page offers them; and guests."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visit, fresh

pytestmark = pytest.mark.needs("chromium")

Open = Callable[..., Visit]


def test_a_room_is_created_in_a_dialog_that_says_what_is_wrong(visit: Open) -> None:
    olivia = visit("olivia").enter()
    olivia.page.get_by_role("button", name="Create a room").click()
    dialog = olivia.page.get_by_role("dialog", name="Create a room")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_role("button", name="Create room").click()
    expect(dialog.get_by_role("alert").filter(has_text="A room needs a name.")).to_be_visible()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    name = fresh("Gärtnerei ")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Topic").fill("Tomatoes, mostly")
    dialog.get_by_role("button", name="Create room").click()
    expect(dialog).to_be_hidden()
    expect(olivia.page.get_by_role("heading", level=1)).to_have_text(name)
    expect(olivia.page.locator(".topic")).to_have_text("Tomatoes, mostly")
    expect(olivia.page.locator(".beginning")).to_have_text(f"This is where {name} begins.Say hello.")
    expect(olivia.room_link(name)).to_have_attribute("aria-current", "page")
    olivia.page.reload()
    expect(olivia.page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_private_room_is_seen_only_by_who_was_added(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    olivia = visit("olivia").enter()
    slug = olivia.create_room(kind="private")
    olivia.say("between us")
    expect(bob.room_link(slug)).to_have_count(0)
    olivia.page.get_by_label("Add people by name").fill(bob.name)
    olivia.page.locator(".found").get_by_role("button", name=bob.name).click()
    expect(bob.room_link(slug)).to_be_visible()
    bob.room_link(slug).click()
    expect(bob.message("between us")).to_be_visible()
    row = olivia.page.locator(".person").filter(has_text=bob.name)
    row.hover()
    row.get_by_role("button", name=f"What to do about {bob.name}").click()
    olivia.page.get_by_role("button", name="Remove from the room").click()
    olivia.page.get_by_label("Reason").fill("It was about somebody else.")
    olivia.page.get_by_role("button", name="Remove", exact=True).click()
    expect(bob.page.locator(".notice")).to_contain_text("It was about somebody else.")
    expect(bob.room_link(slug)).to_have_count(0)
    expect(bob.page.get_by_text("You are no longer in this room")).to_be_visible()
    expect(bob.messages).to_have_count(0)
    expect(row).to_have_count(0)


def test_what_is_changed_in_a_room_reaches_everybody_in_it(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob = visit(fresh("bob")).enter(slug)
    olivia.page.get_by_role("button", name="About this room").click()
    dialog = olivia.page.locator("room-settings dialog")
    name = fresh("Renamed ")
    dialog.get_by_label("Name").fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("A room needs a name.")).to_be_visible()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Topic").fill("<b>not bold</b>")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    for window in (olivia, bob):
        expect(window.page.get_by_role("heading", level=1)).to_have_text(name)
        expect(window.page.locator(".topic")).to_have_text("<b>not bold</b>")
    bob.page.get_by_role("button", name="About this room").click()
    about = bob.page.locator("room-settings dialog")
    expect(about.get_by_role("button", name="Save")).to_be_hidden()
    bob.page.keyboard.press("Escape")
    expect(about).to_be_hidden()


def test_a_room_is_made_read_only_and_opened_again(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob = visit(fresh("bob")).enter()
    bob.command("join_room", room=slug)
    bob.room_link(slug).click()
    expect(bob.composer).to_be_visible()
    dialog = olivia.page.locator("room-settings dialog")
    for wanted in (True, False):
        olivia.page.get_by_role("button", name="About this room").click()
        dialog.get_by_label("Read-only").set_checked(wanted)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_be_hidden()
        for window in (olivia, bob):
            expect(window.composer).to_be_visible(visible=not wanted)
    olivia.say("open again")
    expect(bob.message("open again")).to_be_visible()


def test_people_are_added_only_where_not_everybody_belongs(visit: Open) -> None:
    olivia = visit("olivia").enter()
    field = olivia.page.get_by_label("Add people by name")
    expect(olivia.page.locator(".person").first).to_be_visible()
    expect(field).to_be_hidden()
    bob = visit(fresh("bob")).enter()
    olivia.create_room()
    field.fill(bob.name)
    found = olivia.page.locator(".found button")
    expect(found).to_have_count(1)
    expect(found.locator(".name")).to_have_text(bob.name)
    expect(found.locator("small")).to_have_count(0)


def test_one_reads_along_joins_and_leaves_a_public_room(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob = visit(fresh("bob")).go("/rooms/")
    bob.page.get_by_role("searchbox").fill(slug)
    expect(bob.page.locator(".room-card:visible")).to_have_count(1)
    bob.page.get_by_role("link", name=f"Open {slug}").click()
    bob.ready()
    olivia.say("said to who listens")
    expect(bob.message("said to who listens")).to_be_visible()
    expect(bob.composer).to_be_hidden()
    bob.page.get_by_role("button", name="Join the room").click()
    bob.say("now I am in")
    expect(olivia.message("now I am in")).to_be_visible()
    expect(olivia.page.locator(".person").filter(has_text=bob.name)).to_be_visible()
    bob.page.get_by_role("button", name="About this room").click()
    bob.page.get_by_role("button", name="Leave room").click()
    bob.page.get_by_role("button", name="Leave", exact=True).click()
    expect(bob.page.get_by_text("You are no longer in this room")).to_be_visible()
    expect(bob.room_link(slug)).to_have_count(0)
    expect(olivia.page.locator(".person").filter(has_text=bob.name)).to_have_count(0)
    bob.page.get_by_role("link", name="Go to my rooms").click()
    expect(bob.page.get_by_role("heading", level=1)).to_have_text("Lobby")


def test_a_room_that_is_not_there_leads_back(visit: Open) -> None:
    olivia = visit("olivia").enter()
    olivia.page.evaluate("document.querySelector('chat-app').go('no-such-room')")
    expect(olivia.page.get_by_text("There is no such room", exact=True)).to_be_visible()
    expect(olivia.composer).to_be_hidden()
    olivia.page.go_back()
    expect(olivia.page.get_by_role("heading", level=1)).to_have_text("Lobby")
    expect(olivia.composer).to_be_visible()


# --- Guests -------------------------------------------------------------------------------------
def test_a_guest_says_a_name_and_talks(visit: Open) -> None:
    olivia = visit("olivia").enter()
    guest = visit().enter()
    guest.tolerate("status of 400")
    expect(guest.composer).to_be_hidden()
    field = guest.page.get_by_label("Say who you are, and join in:")
    field.fill("\u200b")
    guest.page.get_by_role("button", name="Start writing").click()
    expect(guest.page.get_by_text("Enter a name that can be seen.")).to_be_visible()
    name = fresh("Gus")
    field.fill(name)
    guest.page.get_by_role("button", name="Start writing").click()
    expect(guest.composer).to_be_focused()
    text = fresh("hello from outside ")
    guest.say(text)
    expect(guest.message(text)).to_have_attribute("data-state", "sent")
    row = olivia.message(text)
    expect(row.locator(".author")).to_have_text(name)
    expect(row.locator(".tag")).to_have_text("guest")
    olivia.say(f"welcome, {name}")
    expect(guest.message(f"welcome, {name}")).to_be_visible()
    guest.page.reload()
    guest.ready()
    expect(guest.composer).to_be_visible()
    expect(guest.page.locator(".me")).to_contain_text(name)


def test_a_guest_sees_only_what_is_open_to_guests(visit: Open) -> None:
    olivia = visit("olivia").enter()
    closed = olivia.create_room()
    reading = olivia.create_room(guests_may_read=True)
    olivia.say("for all to read")
    guest = visit().enter()
    expect(guest.room_link(reading)).to_be_visible()
    expect(guest.room_link(closed)).to_have_count(0)
    guest.room_link(reading).click()
    expect(guest.message("for all to read")).to_be_visible()
    expect(guest.composer).to_be_hidden()
    login = guest.page.locator("message-composer").get_by_role("link", name="Log in")
    expect(login).to_have_attribute("href", re.compile("next="))
    guest.go(f"/rooms/{closed}/")
    expect(guest.page).to_have_url(re.compile("/accounts/login/"))
