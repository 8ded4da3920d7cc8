"""How pages look and behave at every width, for the keyboard, and in the colours one chose."""

import re
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.visits import NARROW, Visit, Visits, fresh, overflow

pytestmark = pytest.mark.needs("chromium")

Open = Callable[..., Visit]
FINGER = 44  # pixels
SMALLEST_CODE = 13  # pixels
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3


NAME_OF_FOCUSED = """() => {
  const copy = document.activeElement.cloneNode(true);
  copy.querySelectorAll('[aria-hidden]').forEach((hidden) => hidden.remove());
  return copy.ariaLabel ?? copy.textContent.trim().split(/\\s+/).join(' ');
}"""


def small_targets(root: Locator) -> list[str]:
    """What can be pressed and is too small for a finger; links inside text are excused."""
    found: list[str] = root.evaluate(
        """(root, least) => {
          const isSmall = ({ width, height }) => width < least || height < least;
          return [...root.querySelectorAll('button, .icon-button, .room-row a, .menu-item, .button')]
            .filter((one) => one.checkVisibility({ visibilityProperty: true }))
            .filter((one) => isSmall(one.getBoundingClientRect()))
            .map((one) => one.outerHTML.slice(0, 80));
        }""",
        FINGER,
    )
    return found


def test_on_a_phone_one_pane_is_shown_at_a_time(visit: Open) -> None:
    olivia = visit("olivia", size=NARROW, has_touch=True).go("/")
    expect(olivia.room_link("Lobby")).to_be_visible()
    expect(olivia.composer).to_be_hidden()
    olivia.room_link("Lobby").click()
    expect(olivia.composer).to_be_visible()
    expect(olivia.page).to_have_url(re.compile("/rooms/lobby/$"))
    expect(olivia.room_link("Lobby")).to_be_hidden()
    olivia.page.locator("room-header").get_by_role("button", name="people").click()
    expect(olivia.page.locator("people-panel")).to_be_visible()
    olivia.page.keyboard.press("Escape")
    expect(olivia.page.locator("people-panel")).to_be_hidden()
    olivia.page.get_by_role("link", name="Back to the rooms").click()
    expect(olivia.room_link("Lobby")).to_be_visible()
    olivia.page.go_forward()
    expect(olivia.composer).to_be_visible()
    olivia.page.reload()
    expect(olivia.composer).to_be_visible()
    olivia.page.get_by_role("link", name="Back to the rooms").click()
    expect(olivia.room_link("Lobby")).to_be_visible()


def test_a_guest_on_a_phone_lands_where_people_talk(visit: Open) -> None:
    guest = visit(size=NARROW, has_touch=True).go("/").ready()
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("Lobby")
    bar = guest.page.locator(".guest-bar")
    expect(bar.get_by_role("link", name="Log in")).to_be_visible()
    expect(bar.get_by_role("link", name="Sign up")).to_be_visible()
    assert overflow(guest.page) <= 0
    assert small_targets(guest.page.locator("body")) == []
    guest.page.get_by_role("link", name="Back to the rooms").click()
    expect(guest.room_link("Lobby")).to_be_visible()
    expect(guest.page.locator(".guest-links").get_by_role("link", name="Sign up")).to_be_visible()
    guest.room_link("Lobby").click()
    expect(guest.page.get_by_role("heading", level=1)).to_be_visible()


def test_long_words_and_code_stay_within_a_phone(visit: Open) -> None:
    olivia = visit("olivia", size=NARROW).enter()
    olivia.say(LONG_WORD)
    olivia.say(f"```\n{LONG_WORD} {LONG_WORD}\n```")
    expect(olivia.messages.locator("pre").last).to_be_visible()
    assert overflow(olivia.page) <= 0
    bodies = olivia.page.locator(".message-body").all()
    assert all((box := body.bounding_box()) and box["x"] + box["width"] <= NARROW[0] for body in bodies)
    code = olivia.messages.locator("pre").last
    assert code.evaluate("(pre) => pre.scrollWidth > pre.clientWidth"), "code does not scroll by itself"
    code.focus()
    expect(code).to_be_focused()
    size = code.locator("code").evaluate("(code) => parseFloat(getComputedStyle(code).fontSize)")
    assert size >= SMALLEST_CODE


@pytest.mark.parametrize(
    "path",
    ["/", "/rooms/lobby/", "/rooms/", "/staff/", "/accounts/password/", "/no/such/page/"],
)
def test_pages_fit_a_phone_and_a_finger(visit: Open, path: str) -> None:
    olivia = visit("olivia", size=NARROW, has_touch=True)
    olivia.tolerate("status of 404")
    olivia.go(path)
    expect(olivia.page.locator("body")).to_contain_text(re.compile(r"\w"))
    if path in {"/", "/rooms/lobby/"}:
        olivia.page.wait_for_function("() => document.querySelector('chat-app').chat?.synced")
    assert overflow(olivia.page) <= 0
    if path != "/staff/":
        assert small_targets(olivia.page.locator("body")) == []


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/accounts/signup/", "/accounts/guest/", "/rooms/lobby/"]
)
def test_pages_for_visitors_fit_a_phone(visit: Open, path: str) -> None:
    nobody = visit(size=NARROW).go(path)
    expect(nobody.page.locator("main")).to_be_visible()
    assert overflow(nobody.page) <= 0


def test_lists_of_the_administration_show_all_their_columns(visit: Open) -> None:
    olivia = visit("olivia").enter()
    room = olivia.command("create_room", name=fresh("W" * 60))["room"]
    post = {"room": room["id"], "client_id": str(uuid.uuid4()), "body": "x" * 300}
    olivia.command("post_message", **post)
    for path in ("rooms/room", "rooms/message", "accounts/user"):
        olivia.go(f"/admin/{path}/")
        hidden = olivia.page.locator(".results").evaluate("(list) => list.scrollWidth - list.clientWidth")
        assert hidden <= 0, path


def test_the_chosen_colours_are_there_from_the_first_paint_on(visit: Open) -> None:
    olivia = visit("olivia", color_scheme="light").enter()
    light = olivia.page.evaluate("getComputedStyle(document.body).backgroundColor")
    olivia.page.get_by_role("button", name="Your menu").click()
    olivia.page.get_by_text("Dark", exact=True).click()
    dark = olivia.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    olivia.page.keyboard.press("Escape")
    page = olivia.page.request.get("/rooms/lobby/").text()
    assert 'data-theme="dark"' in page
    olivia.go("/rooms/")
    expect(olivia.page.locator("html")).to_have_attribute("data-theme", "dark")
    olivia.page.get_by_text("System", exact=True).click()
    assert "data-theme" not in olivia.page.request.get("/rooms/lobby/").text()


def test_the_keyboard_reaches_everything(visit: Open) -> None:
    olivia = visit("olivia").enter()
    olivia.create_room()
    heading = olivia.page.get_by_role("heading", level=1)
    expect(heading).not_to_have_text("Lobby")
    here = heading.inner_text()
    expect(olivia.room_link(here)).to_be_visible()
    names = olivia.page.locator(".room-row .name").all_inner_texts()
    olivia.page.keyboard.press("Alt+ArrowUp")
    expect(heading).to_have_text(names[names.index(here) - 1])
    olivia.page.locator("body").press("Tab")
    reached = set()
    for _ in range(40):
        olivia.page.keyboard.press("Tab")
        reached.add(olivia.page.evaluate(NAME_OF_FOCUSED))
    wanted = {
        "Browse public rooms",
        "Create a room",
        "Your menu: olivia",
        "About this room",
        "Messages",
        "Message",
    }
    assert wanted <= reached
    outline = olivia.page.evaluate(
        "() => { const one = document.querySelector('.list-head button'); one.focus({ focusVisible: true });"
        " return getComputedStyle(one).outlineStyle; }"
    )
    assert outline != "none"


def test_just_typing_writes_a_message(visit: Open) -> None:
    olivia = visit("olivia").enter()
    olivia.page.locator(".scroller").focus()
    olivia.page.keyboard.type("hey")
    expect(olivia.composer).to_have_value("hey")


def test_new_messages_are_announced_and_older_ones_are_not(visit: Open) -> None:
    olivia = visit("olivia").enter()
    log = olivia.page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(olivia.page.get_by_role("textbox", name="Message")).to_be_visible()
    text = fresh("announced ")
    olivia.say(text)
    expect(log.get_by_role("article").filter(has_text=text)).to_have_attribute(
        "aria-label", re.compile("^olivia, ")
    )


def test_a_name_cannot_turn_the_text_around_it(visit: Open) -> None:
    olivia = visit("olivia").enter()
    guest = visit().enter()
    guest.page.get_by_label("Say who you are, and join in:").fill("سارة")
    guest.page.get_by_role("button", name="Start writing").click()
    guest.say("مرحبا")
    row = olivia.message("مرحبا").last
    expect(row.locator(".author")).to_have_text("سارة")
    assert row.locator(".author").evaluate("(name) => getComputedStyle(name).unicodeBidi") == "isolate"
    assert row.locator(".message-body").get_attribute("dir") == "auto"


def test_a_policy_keeps_foreign_scripts_out(visit: Open) -> None:
    olivia = visit("olivia").enter()
    olivia.tolerate("Content Security Policy")
    ran = olivia.page.evaluate(
        """() => new Promise((resolve) => {
          const script = document.createElement('script');
          script.textContent = 'window.ran = true';
          document.addEventListener('securitypolicyviolation', () => resolve(window.ran ?? false));
          document.body.append(script);
        })"""
    )
    assert ran is False


def test_the_first_visitor_owns_the_place(visits: Visits) -> None:
    # The server of these tests has an owner: the page that made one is gone for good.
    nobody = visits.open().go("/accounts/signup/")
    expect(nobody.page.get_by_role("heading")).to_have_text("Sign up")
