"""Whatever people write, and whatever they are called, is text wherever it is seen: nothing of it runs."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Dialog, Request, expect

from tests.browser.hostile_people import SLUG
from tests.browser.visits import Visit, overflow
from tests.support.hostile import EVERY, LONG, SHORT, SPOILING
from tests.support.server import Server, manage

pytestmark = pytest.mark.needs("chromium")

Open = Callable[..., Visit]

MOVE_IN = "from tests.browser.hostile_people import move_in; move_in()"
MOST_PAGES = 8  # of messages in the room
FEW_LINES = 80  # pixels

# Runs before the page's own scripts.
WATCH = """
window.__refused = [];
addEventListener('securitypolicyviolation', (event) =>
  window.__refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
FIND = r"""() => {
  const found = window.__refused.map((refused) => `refused: ${refused}`);
  if (window.__xss !== undefined) found.push('a script ran');
  const isOwn = (address) => new URL(address, location.href).origin === location.origin;
  const isCode = (address) => /^(javascript|vbscript|data):/i.test(address.replace(/[\x00-\x20]/g, ''));
  const isData = (script) => ['importmap', 'application/json'].includes(script.type);
  const never = ['iframe, object, embed, base, frame, style, math, marquee, meta[http-equiv=refresh]',
    'svg :is(script, foreignObject, animate, set)', 'template[shadowrootmode]',
    '.message img', '.message-body :is(input, form, video, audio, svg)',
    // The page's own mark opens what an edited message said before.
    '.message-body button:not(.edited-mark[data-act=versions])'].join();
  for (const one of document.querySelectorAll('*')) {
    const tag = one.outerHTML.slice(0, 160);
    if (one.matches(never)) found.push(tag);
    if (one.localName === 'script' && !isData(one) && !(one.src && isOwn(one.src))) found.push(tag);
    if (['img', 'link', 'video', 'audio', 'source', 'image'].includes(one.localName)
      && !isOwn(one.src ?? one.href)) found.push(tag);
    for (const { name, value } of one.attributes) {
      if (name.startsWith('on') || name === 'srcdoc') found.push(tag);
      const isAddress = ['href', 'xlink:href', 'src', 'action', 'formaction', 'data'].includes(name);
      if (isAddress && isCode(value)) found.push(tag);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def moved_in(served: Server) -> dict[str, str]:
    """The hostile people are there: the session of one of them, and that of a guest."""
    printed = manage(served.data_dir, "shell", "--verbosity", "0", "--command", MOVE_IN)
    person, guest = printed.split()
    return {"person": person, "guest": guest}


@pytest.fixture
def watched(visit: Open, served: Server, moved_in: dict[str, str]) -> Iterator[Open]:
    """Opens windows of which none may ask anybody else, open another, or be stopped by a dialog."""
    strange: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith((served.url, served.url.replace("http", "ws"), "data:", "blob:")):
            strange.append(f"asked {request.url}")

    def stopped(dialog: Dialog) -> None:
        strange.append(f"stopped by {dialog.message}")
        dialog.dismiss()

    def open_watched(name: str | None = None, session: str = "", **options: Any) -> Visit:
        window = visit(name, **options)
        context = window.page.context
        context.add_init_script(WATCH)
        if session:
            context.add_cookies([{"name": "sessionid", "value": session, "url": served.url}])
        context.on("request", asked)
        window.page.on("dialog", stopped)
        window.page.on("popup", lambda popup: strange.append(f"opened {popup.url}"))
        return window

    yield open_watched
    assert strange == []


def assert_harmless(window: Visit) -> None:
    """Nothing on the page is more than text, and nothing was kept from running by the policy alone."""
    assert window.page.evaluate(FIND) == [], window.page.url


def read_all(window: Visit) -> None:
    """Scrolls up to the first message of the room."""
    for _ in range(MOST_PAGES):
        before = window.messages.count()
        if before >= 2 * len(EVERY):
            return
        window.page.locator(".scroller").evaluate("(scroller) => { scroller.scrollTop = 0; }")
        window.page.wait_for_function(
            "(before) => document.querySelectorAll('.message').length > before", arg=before
        )


FOUND = [
    "<img src=x onerror=x>",
    "<a href=' jAvascript:x'>x</a>",
    "<svg><set></set></svg>",
    "<iframe></iframe>",
]


def test_the_search_for_what_is_no_text_finds_what_it_looks_for(watched: Open) -> None:
    olivia = watched("olivia").enter()
    olivia.tolerate("Content Security Policy|status of 404")
    assert_harmless(olivia)
    for markup in FOUND:
        olivia.page.evaluate("(markup) => { document.querySelector('h1').innerHTML = markup; }", markup)
        assert olivia.page.evaluate(FIND) != [], markup
    assert len({*SHORT, *LONG}) >= 60


def test_messages_authors_and_rooms_are_text(watched: Open) -> None:
    olivia = watched("olivia").enter(SLUG)
    read_all(olivia)
    expect(olivia.page.locator(".author").filter(has_text=SHORT[0]).first).to_be_visible()
    assert_harmless(olivia)
    assert overflow(olivia.page) <= 0
    assert SHORT[0] in olivia.page.title()
    bodies = olivia.page.locator(".message-body").all_inner_texts()
    for text in (SHORT[0], SHORT[2], SHORT[38]):
        assert text in bodies
    pile = olivia.message("\u0301" * 9).first
    assert pile.evaluate("(row) => row.offsetHeight") <= FEW_LINES
    # Else they would stand over all that was said before and after.
    assert pile.locator(".message-body").evaluate("(body) => getComputedStyle(body).overflow") == "clip"


def test_what_comes_while_one_looks_is_text(watched: Open, moved_in: dict[str, str]) -> None:
    olivia = watched("olivia").enter(SLUG)
    guest = watched(session=moved_in["guest"]).enter(SLUG)
    staff = watched("olivia").go("/staff/#people")
    expect(staff.page.locator("people-section").get_by_text(SHORT[2], exact=True).first).to_be_visible()
    assert_harmless(staff)
    staff.page.get_by_role("link", name="Announce").click()
    for text in (*SHORT[:20], *SPOILING[:2]):
        guest.say(text)
    waiting = guest.page.locator(".message:is([data-state=queued], [data-state=sending])")
    expect(waiting).to_have_count(0, timeout=15_000)
    guest.command("set_typing", room=SLUG, typing=True)
    expect(olivia.page.locator("typing-line")).to_contain_text(SHORT[2])
    mine = olivia.command(
        "post_message", room=SLUG, client_id="0f8fad5b-d9cb-469f-a165-70867728950e", body="mine"
    )
    for text in (*SHORT, *LONG):
        olivia.command("edit_message", message=mine["message"]["id"], body=text)
    olivia.command("update_room", room=SLUG, name=SHORT[4], topic=SHORT[5])
    expect(guest.page.locator("h1")).to_have_text(SHORT[4])
    form = staff.page.locator("announce-form")
    for text in (SHORT[2], LONG[0], SHORT[38]):
        form.get_by_role("textbox").fill(text)
        form.get_by_role("button", name="Announce").click()
        expect(guest.page.locator(".notice").filter(has_text=text)).to_have_count(1)
        expect(form.get_by_role("textbox")).to_have_value("")
    for window in (olivia, guest, staff):
        assert_harmless(window)
        assert overflow(window.page) <= 0
    olivia.command("update_room", room=SLUG, name=SHORT[0], topic=SHORT[2])


def test_dialogs_and_searches_are_text(watched: Open, moved_in: dict[str, str]) -> None:
    olivia = watched("olivia").enter(f"{SLUG}-2")
    field = olivia.page.get_by_label("Add people by name")
    for text in ("<", "xss", SHORT[7]):
        field.fill(text)
        expect(olivia.page.locator(".found .name").first).to_be_visible()
        assert_harmless(olivia)
    olivia.page.locator(".found button").first.click()
    olivia.page.get_by_role("button", name="About this room").click()
    expect(olivia.page.locator("room-settings dialog")).to_be_visible()
    assert_harmless(olivia)
    person = watched(session=moved_in["person"]).enter(SLUG)
    person.page.get_by_role("button", name="Your menu").click()
    assert_harmless(person)
    person.go("/rooms/")
    person.page.get_by_role("searchbox").fill(SHORT[2])
    assert_harmless(person)


def test_reasons_and_the_names_in_what_moderators_do_are_text(
    watched: Open, moved_in: dict[str, str]
) -> None:
    olivia = watched("olivia").enter(SLUG)
    person = watched(session=moved_in["person"]).enter(SLUG)
    for text in (SHORT[2], SHORT[4], SHORT[38], "W" * 500):
        olivia.command("mute_user", room=SLUG, user=person.id, reason=text)
        expect(person.page.locator(".gate-line bdi")).to_have_text(text)
        assert_harmless(person)
        assert overflow(person.page) <= 0
    # What was under way when it began says why it failed.
    person.page.evaluate("document.querySelector('chat-app').chat.post('said too late')")
    expect(person.message("said too late")).to_contain_text("Not sent: you are muted")
    expect(person.page.locator(".notice").first).to_be_visible()
    assert_harmless(person)
    # Exactly: the names of others hold this one.
    row = olivia.page.locator(".person").filter(has=olivia.page.get_by_text(SHORT[2], exact=True)).first
    row.hover()
    row.get_by_role("button").click()
    for name in ("Mute …", "Remove from the room …", "Ban from the room …", "Delete their messages …"):
        menu = olivia.page.locator("person-menu")
        if not menu.is_visible():
            row.get_by_role("button").click()
        expect(menu.locator(".name")).to_have_text(SHORT[2])
        menu.get_by_role("button", name=name).click()
        expect(olivia.page.locator("reason-dialog h2")).to_contain_text(SHORT[2])
        assert_harmless(olivia)
        olivia.page.keyboard.press("Escape")
    user = olivia.page.locator(".person").filter(has_text=SHORT[3]).first.get_attribute("data-id")
    sanction = olivia.command("ban_user", room=SLUG, user=int(user or 0), reason=SHORT[4])["sanction"]
    olivia.enter(SLUG)
    expect(olivia.page.locator(".banned")).to_contain_text(SHORT[4])
    assert_harmless(olivia)
    olivia.command("lift", sanction=sanction["id"])
    person.page.evaluate(
        "(text) => document.querySelector('chat-app').chat.banned({ until: null, text })", LONG[0]
    )
    expect(person.page.locator(".banned-page")).to_contain_text(LONG[0])
    assert_harmless(person)


ADMIN = ["", "rooms/room/", "rooms/message/?all=", "rooms/invitation/", "accounts/user/", "accounts/session/"]


def test_the_administration_is_text(watched: Open) -> None:
    olivia = watched("olivia")
    for path in ADMIN:
        olivia.go(f"/admin/{path}")
        assert_harmless(olivia)
        rows = olivia.page.locator("#result_list tbody th a")
        if rows.count():
            rows.first.click()
            assert_harmless(olivia)
    for text in (SHORT[2], SHORT[4], SHORT[38]):
        olivia.go(f"/admin/rooms/room/?q={quote(text)}")
        assert_harmless(olivia)
    first = olivia.page.request.get("/admin/rooms/message/?o=1")
    assert first.ok


REFLECTING = [
    "/accounts/login/?next={}",
    "/accounts/guest/?next={}",
    "/accounts/signup/?username={}",
    "/rooms/{}/",
    "/invite/{}/",
    "/no/such/page/{}?q={}",
]


def test_what_stands_in_an_address_or_comes_back_in_a_form_is_text(watched: Open) -> None:
    nobody = watched()
    nobody.tolerate("status of 40")
    for text in (SHORT[2], SHORT[4], SHORT[53], SHORT[38]):
        for path in REFLECTING:
            nobody.go(path.format(quote(text, safe=""), quote(text)))
            assert_harmless(nobody)
    for path, field, button in (("/accounts/login/", "username", "Log in"), ("/accounts/guest/", "name", "")):
        nobody.go(path)
        form = nobody.page.locator("main form")
        form.locator(f"[name={field}]").fill(SHORT[4] * 3)
        if button:
            form.locator("[name=password]").fill("wrong")
        form.locator("[type=submit]").first.click()
        nobody.page.wait_for_load_state()
        assert_harmless(nobody)
