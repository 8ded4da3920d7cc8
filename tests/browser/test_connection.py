"""What the page does while the connection, or the session, is gone, and when it is back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visits import BACK, NETWORK_GONE, Visit, fresh
from tests.support.server import PASSWORD, Server

pytestmark = pytest.mark.needs("chromium")

Open = Callable[..., Visit]


def states(visit: Visit) -> list[str | None]:
    return [row.get_attribute("data-state") for row in visit.messages.all()]


def test_what_is_written_without_a_connection_goes_out_later_once_and_in_order(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    watcher = visit("olivia").enter(slug)
    olivia.cut()
    texts = [f"written {number} while away" for number in range(3)]
    for text in texts:
        olivia.say(text)
    expect(olivia.page.locator("connection-line")).to_contain_text(
        "it is kept here and sent when the connection is back"
    )
    assert states(olivia) == ["sending", "queued", "queued"] or states(olivia) == ["queued"] * 3
    expect(watcher.messages).to_have_count(0)
    olivia.mend()
    for text in texts:
        expect(olivia.message(text)).to_have_attribute("data-state", "sent")
    expect(olivia.page.locator("connection-line")).to_be_hidden()
    expect(watcher.messages).to_have_count(3)
    assert [row.inner_text() for row in watcher.page.locator(".message-body").all()] == texts
    expect(olivia.messages).to_have_count(3)


def test_what_was_said_meanwhile_is_there_on_coming_back(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    tab = visit("olivia").enter(slug)
    olivia.say("heard by both")
    expect(tab.message("heard by both")).to_be_visible()
    tab.cut()
    for number in range(4):
        olivia.say(f"missed {number}")
        expect(olivia.message(f"missed {number}")).to_have_attribute("data-state", "sent")
    tab.mend()
    expect(tab.messages).to_have_count(5)
    expect(tab.message("missed 3")).to_be_visible()


def test_a_refused_message_fails_and_can_be_sent_again_or_given_up(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob = visit(fresh("bob")).enter()
    bob.command("join_room", room=slug)
    bob.room_link(slug).click()
    bob.ready()
    bob.cut()
    bob.say("first try")
    bob.say("never mind")
    olivia.command("update_room", room=slug, archived=True)
    bob.mend()
    failed = bob.page.locator('.message[data-state="failed"]')
    expect(failed).to_have_count(2)
    expect(failed.first).to_contain_text("archived")
    expect(bob.page.locator("message-composer")).to_contain_text("archived")
    bob.message("never mind").get_by_role("button", name="Discard").click()
    expect(bob.message("never mind")).to_have_count(0)
    olivia.command("update_room", room=slug, archived=False)
    expect(bob.composer).to_be_visible()
    bob.message("first try").get_by_role("button", name="Retry").click()
    expect(bob.message("first try")).to_have_attribute("data-state", "sent")
    bob.page.reload()
    expect(bob.message("first try")).to_have_count(1)


def test_the_server_may_be_killed_and_started(visit: Open, served: Server) -> None:
    olivia = visit("olivia").enter()
    olivia.tolerate(NETWORK_GONE)
    slug = olivia.create_room()
    olivia.say("before the crash")
    expect(olivia.message("before the crash")).to_have_attribute("data-state", "sent")
    served.kill()
    expect(olivia.page.locator("chat-app")).to_have_attribute("data-connection", "offline")
    olivia.say("during the crash")
    served.start()
    expect(olivia.message("during the crash")).to_have_attribute("data-state", "sent", timeout=BACK)
    olivia.page.reload()
    olivia.ready()
    assert olivia.page.locator(".message-body").all_inner_texts() == ["before the crash", "during the crash"]
    expect(olivia.page).to_have_url(re.compile(slug))


def test_logging_out_in_one_tab_leads_the_others_to_the_log_in(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    tab = visit(bob.name).enter()
    bob.page.get_by_role("button", name="Your menu").click()
    bob.page.get_by_role("button", name="Log out").click()
    expect(bob.page.get_by_role("heading")).to_have_text("You are logged out")
    tab.page.wait_for_url(
        re.compile(r"/accounts/login/\?ended=signed_out&next=%2Frooms%2Flobby%2F$"), timeout=BACK
    )
    expect(tab.page.get_by_text("You logged out in another tab")).to_be_visible()
    tab.page.get_by_label("Username").fill(bob.name)
    tab.page.get_by_label("Password").fill(PASSWORD)
    tab.page.get_by_role("button", name="Log in").click()
    tab.ready()
    expect(tab.page).to_have_url(re.compile("/rooms/lobby/$"))


def test_who_was_logged_out_while_there_was_no_connection_is_told(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    bob.cut()
    bob.page.context.clear_cookies()
    bob.page.context.set_offline(False)
    expect(bob.page.locator(".ended")).to_contain_text("you were logged out", timeout=BACK)
    expect(bob.page).to_have_url(re.compile(r"next=%2Frooms%2Flobby%2F$"))


def test_the_log_in_says_only_reasons_that_it_knows(visit: Open) -> None:
    nobody = visit().go("/accounts/login/?ended=password_changed")
    expect(nobody.page.locator(".ended")).to_have_text("Your password was changed. Log in with the new one.")
    nobody.go("/accounts/login/?ended=%3Cb%3Eyou+won")
    expect(nobody.page.get_by_role("heading")).to_have_text("Log in")
    expect(nobody.page.locator(".ended")).to_have_count(0)
    expect(nobody.page.locator("body")).not_to_contain_text("you won")


def test_a_page_is_told_when_the_last_room_closes_to_guests(visit: Open) -> None:
    olivia = visit("olivia").enter()
    guest = visit().enter()
    olivia.command("update_room", room="lobby", guests_may_read=False, guests_may_post=False)
    try:
        expect(guest.page.get_by_role("heading", name="No room is open to guests")).to_be_visible(
            timeout=BACK
        )
        expect(guest.page.locator(".spinner:visible")).to_have_count(0)
        login = guest.page.locator(".blank").get_by_role("link", name="Log in")
        expect(login).to_be_visible()
        expect(guest.composer).to_be_hidden()
    finally:
        olivia.command("update_room", room="lobby", guests_may_read=True, guests_may_post=True)


def test_two_tabs_of_one_person_do_not_send_what_the_other_holds(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    tab = visit("olivia").enter(slug)
    olivia.composer.fill("a draft")
    expect(tab.composer).to_have_value("")
    tab.say("from the tab")
    expect(olivia.message("from the tab")).to_have_count(1)
    expect(olivia.composer).to_have_value("a draft")
