"""Those who moderate keep order in a room; the person concerned is told what holds, until when and why."""

import datetime
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.test_changes import bar_at, offered, say
from tests.browser.visits import BACK, Visit, Visits, fresh

pytestmark = pytest.mark.needs("chromium")

Open = Callable[..., Visit]


def soon(seconds: float) -> str:
    """A time that is near, as a payload says it."""
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)).isoformat()


def member_of(visit: Open, slug: str, name: str = "bob") -> Visit:
    """Somebody new who has joined the room."""
    person = visit(fresh(name)).enter(slug)
    person.page.get_by_role("button", name="Join").click()
    expect(person.composer).to_be_visible()
    return person


def menu_about(olivia: Visit, name: str) -> Locator:
    """The menu with what may be done about somebody in the list of people, opened."""
    row = olivia.page.locator(".person").filter(has_text=name)
    row.hover()
    row.get_by_role("button", name=f"What to do about {name}").click()
    return olivia.page.locator("person-menu")


def give_reason(olivia: Visit, reason: str, yes: str, span: str | None = None) -> None:
    dialog = olivia.page.locator("reason-dialog dialog")
    if span:
        dialog.get_by_label("How long").select_option(span)
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=yes, exact=True).click()
    expect(dialog).to_be_hidden()


def test_a_message_of_somebody_else_is_reported_with_a_reason(visit: Open) -> None:
    bob = visit(fresh("bob")).enter()
    olivia = visit("olivia").enter()
    row = bob.message(say(olivia, fresh("strange ")).inner_text().splitlines()[-1])
    bar_at(row).get_by_role("button", name="Report").click()
    dialog = bob.page.get_by_role("dialog", name="Report the message of olivia")
    dialog.get_by_role("button", name="Report").click()
    expect(dialog.get_by_text("Say why.")).to_be_visible()
    expect(dialog.get_by_label("Reason")).to_be_focused()
    give_reason(bob, "It is unkind.", "Report")
    expect(bob.page.locator(".notice")).to_contain_text("The staff will look at it.")
    expect(olivia.page.locator(".notice")).to_have_count(0)


def test_who_is_muted_keeps_the_draft_and_writes_again_when_it_is_over(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob, carol = member_of(visit, slug), member_of(visit, slug, "carol")
    said = say(bob, "buy my things")
    bob.composer.fill("half written")
    bar_at(olivia.message("buy my things")).get_by_role("button", name="What to do about the author").click()
    expect(olivia.page.get_by_role("button", name="Mute …")).to_be_focused()
    olivia.page.keyboard.press("Enter")
    give_reason(olivia, "No advertising.", "Mute", "10 minutes")
    line = bob.page.locator(".gate-line")
    expect(line).to_have_text(re.compile(r"You are muted in this room until .*\d.*: No advertising\."))
    expect(bob.composer).not_to_be_editable()
    expect(bob.composer).to_have_value("half written")
    expect(bob.page.locator(".notice")).to_contain_text("You were muted in")
    assert offered(bar_at(said)) == ["Delete"]
    expect(carol.composer).to_be_editable()
    expect(carol.page.locator(".notice")).to_have_count(0)
    expect(olivia.page.locator(".person .muted:visible")).to_have_attribute(
        "title", re.compile("No advertising")
    )
    menu_about(olivia, bob.name).get_by_role("button", name="Lift the mute").click()
    expect(bob.composer).to_be_editable()
    expect(bob.page.locator(".notice").last).to_contain_text("was lifted")
    expect(olivia.page.locator(".person .muted:visible")).to_have_count(0)
    olivia.command("mute_user", room=slug, user=bob.id, until=soon(2), reason="For a moment.")
    expect(line).to_contain_text("For a moment.")
    # Nobody says so: its time is over.
    expect(bob.composer).to_be_editable(timeout=BACK)
    expect(bob.composer).to_have_value("half written")
    bob.composer.press("Enter")
    expect(carol.message("half written")).to_have_count(1)


def test_what_waits_to_be_sent_fails_while_one_is_muted_and_is_sent_later(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob = member_of(visit, slug)
    bob.cut()
    bob.say("what I said")
    sanction = olivia.command("mute_user", room=slug, user=bob.id, reason="Too loud.")["sanction"]
    bob.page.context.set_offline(False)
    row = bob.message("what I said")
    expect(row).to_contain_text("Not sent: you are muted until somebody lifts it: Too loud.", timeout=BACK)
    expect(bob.composer).not_to_be_editable()
    olivia.command("lift", sanction=sanction["id"])
    expect(bob.composer).to_be_editable()
    row.get_by_role("button", name="Retry").click()
    expect(olivia.message("what I said")).to_have_count(1)


def test_in_slow_mode_one_waits_for_ones_turn_and_keeps_the_text(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob = member_of(visit, slug)
    olivia.page.get_by_role("button", name="About this room").click()
    dialog = olivia.page.locator("room-settings dialog")
    dialog.get_by_label("Slow mode").select_option("5 s")
    dialog.get_by_role("button", name="Save").click()
    expect(bob.page.locator(".room-head .slow-mark")).to_have_attribute("title", re.compile("every 5 s"))
    line = bob.page.locator(".gate-line")
    expect(line).to_have_text("Slow mode: one message every 5 s")
    say(bob, "the first")
    expect(line).to_contain_text(re.compile(r"in \d s"))
    bob.composer.fill("the second")
    bob.composer.press("Enter")
    expect(bob.composer).to_have_value("the second")
    send = bob.page.get_by_role("button", name="Send")
    expect(send).to_be_disabled()
    # What is edited is no message more.
    bar_at(bob.message("the first")).get_by_role("button", name="Edit").click()
    bob.composer.fill("the first one")
    bob.composer.press("Enter")
    expect(olivia.message("the first one")).to_have_count(1)
    expect(send).to_be_enabled(timeout=BACK)
    bob.composer.press("Enter")
    expect(olivia.message("the second")).to_have_count(1)
    # Owners do not wait.
    expect(olivia.page.locator(".gate-line")).to_be_hidden()
    say(olivia, "at once")
    say(olivia, "and again")


def test_what_was_deleted_comes_back_when_it_is_undone(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob = member_of(visit, slug)
    own = say(bob, "mine after all")
    key = own.get_attribute("data-key")
    own.hover()
    own.get_by_role("button", name="Delete").click()
    bob.page.get_by_role("button", name="Delete", exact=True).last.click()
    expect(olivia.message("This message was deleted.")).to_have_count(1)
    bob.page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(bob.page.locator(f'.message[data-key="{key}"]')).to_contain_text("mine after all")
    expect(olivia.message("mine after all")).to_have_count(1)
    say(bob, "and this")
    menu_about(olivia, bob.name).get_by_role("button", name="Delete their messages").click()
    dialog = olivia.page.locator("reason-dialog dialog")
    dialog.get_by_label("Messages of").select_option("The last 10 minutes")
    dialog.get_by_role("button", name="Delete").click()
    expect(bob.message("This message was deleted.")).to_have_count(2)
    done = olivia.page.locator(".notice").filter(has_text="2 messages were deleted.")
    done.get_by_role("button", name="Undo").click()
    for window in (olivia, bob):
        expect(window.message("mine after all")).to_have_count(1)
        expect(window.message("and this")).to_have_count(1)


def test_who_is_banned_from_a_room_does_not_find_it_until_it_is_lifted(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob = member_of(visit, slug)
    menu_about(olivia, bob.name).get_by_role("button", name="Ban from the room").click()
    give_reason(olivia, "Enough.", "Ban", "Until it is lifted")
    expect(bob.page.get_by_text("You are no longer in this room")).to_be_visible()
    expect(bob.page.locator(".notice")).to_contain_text("Enough.")
    banned = olivia.page.locator(".banned").filter(has_text=bob.name)
    expect(banned).to_contain_text("until somebody lifts it: Enough.")
    banned.get_by_role("button", name="Lift").click()
    expect(bob.page.locator(".notice").last).to_contain_text("was lifted: you may come back.")
    expect(banned).to_have_count(0)
    bob.enter(slug)


def test_an_owner_makes_a_moderator_who_reaches_members_and_not_owners(visit: Open) -> None:
    olivia = visit("olivia").enter()
    slug = olivia.create_room()
    bob, carol = member_of(visit, slug), member_of(visit, slug, "carol")
    say(carol, "what carol says")
    say(olivia, "what olivia says")
    expect(bob.page.locator(".person [data-action=more]:visible")).to_have_count(0)
    menu_about(olivia, bob.name).get_by_role("button", name="Make moderator").click()
    olivia.page.get_by_role("button", name="Make moderator", exact=True).last.click()
    expect(olivia.page.locator(".person").filter(has_text=bob.name).locator(".tag")).to_have_text("moderator")
    bar = bar_at(bob.message("what carol says"))
    author = "What to do about the author"
    expect(bar.get_by_role("button", name=author)).to_be_visible()
    assert offered(bar) == ["Add a reaction", "Report", author, "Delete"]
    assert offered(bar_at(bob.message("what olivia says"))) == ["Add a reaction", "Report", "Delete"]
    expect(
        bob.page.locator(".person").filter(has_text=carol.name).locator("[data-action=more]")
    ).to_have_count(1)


def test_who_is_banned_is_told_in_every_tab_and_none_comes_back(visit: Open, visits: Visits) -> None:
    bob = visit(fresh("bob")).enter()
    tab = visits.tab(bob).enter()
    user = bob.id
    olivia = visit("olivia").go("/staff/")
    expect(olivia.page.locator("staff-console")).to_have_attribute("data-connection", "online")
    olivia.page.evaluate(
        "(payload) => document.querySelector('staff-console').staff.request('ban_user', payload)",
        {"user": user, "reason": "Again and again.", "until": soon(86_400)},
    )
    for window in (bob, tab):
        expect(window.page.get_by_role("heading", name="You are banned")).to_be_visible()
        expect(window.page.locator(".banned-page")).to_contain_text("This account is banned until")
        expect(window.page.locator(".banned-page")).to_contain_text("Again and again.")
    tab.page.reload()
    expect(tab.page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(bob.page.get_by_role("heading", name="You are banned")).to_be_visible()
