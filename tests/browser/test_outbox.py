"""What is written reaches the server once, whatever happens to the network, the page and the tabs."""

from typing import Any

import pytest
from playwright.sync_api import Error, expect

from tests.browser.visits import BACK, Visit, Visits, fresh, long_room
from tests.support.server import OWNER

pytestmark = pytest.mark.needs("chromium")

ENTER_AND_GO = """(text) => {
    document.querySelector("#composer-text").value = text;
    document.querySelector("#composer-text").dispatchEvent(new Event("input"));
    document.querySelector("#composer-text").form.requestSubmit();
    location.reload();
}"""
LEAVING = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
NO_DATABASE = "IDBFactory.prototype.open = () => { throw new DOMException('private', 'SecurityError') }"


def talk(visits: Visits) -> tuple[Visit, Visit, str]:
    """Olivia and bob in a room of their own."""
    olivia = visits.open(OWNER).enter()
    slug = olivia.create_room()
    bob = visits.open(fresh("bob")).enter()
    bob.command("join_room", room=slug)
    return olivia, bob.enter(slug), slug


def stored(visit: Visit, slug: str) -> list[str]:
    """What the server holds."""
    messages: list[dict[str, Any]] = visit.command("open_room", room=slug)["messages"]
    return [message["body"] for message in messages]


def id_of(visit: Visit, text: str) -> int:
    """The id of the message that says `text`."""
    found: int = visit.page.evaluate(
        "(text) => document.querySelector('chat-app').chat.timeline.messages"
        ".find(({body}) => body === text).id",
        text,
    )
    return found


def is_sent(visit: Visit, text: str) -> None:
    expect(visit.message(text)).to_have_attribute("data-state", "sent", timeout=BACK)


def test_the_network_is_cut_and_a_page_reloaded_while_two_people_talk_and_edit(visits: Visits) -> None:
    olivia, bob, slug = talk(visits)
    for text in ("plan", "place", "time"):
        olivia.say(text)
    bob.say("agreed")
    is_sent(bob, "agreed")
    is_sent(olivia, "time")
    olivia.cut()
    olivia.say("written away")
    olivia.edit("plan", "plan, changed away")
    olivia.say("doomed typo")
    olivia.edit("doomed typo", "no typo")
    expect(olivia.message("plan, changed away")).to_have_attribute("data-state", "queued")
    bob.say("meanwhile")
    bob.edit("agreed", "agreed, mostly")
    bob.command("react", message=id_of(bob, "time"), emoji="👍", on=True)
    is_sent(bob, "agreed, mostly")
    assert "plan" in bob.bodies and "written away" not in bob.bodies
    olivia.page.context.set_offline(False)
    olivia.page.reload()
    olivia.ready()
    everything = [
        "plan, changed away",
        "place",
        "time",
        "agreed, mostly",
        "meanwhile",
        "written away",
        "no typo",
    ]
    for visit in (olivia, bob):
        for text in everything:
            is_sent(visit, text)
        assert visit.bodies == everything
    assert stored(bob, slug) == everything


def test_a_message_outlives_a_page_that_is_left_right_after_enter(visits: Visits) -> None:
    olivia, bob, slug = talk(visits)
    texts = [f"at the last moment {number}" for number in range(3)]
    for text in texts:
        olivia.cut()
        with pytest.raises(Error, match="INTERNET_DISCONNECTED"), olivia.page.expect_navigation():
            olivia.page.evaluate(ENTER_AND_GO, text)
        olivia.page.context.set_offline(False)
        olivia.enter(slug)
        is_sent(olivia, text)
    expect(bob.messages).to_have_count(3)
    assert bob.bodies == texts
    assert olivia.bodies == texts


NOTED = """async () => {
    const { OutboxStore } = await import("rooms/outbox_store");
    const note = "parley.outbox.somebody.a";
    const write = () => localStorage.setItem(note, JSON.stringify({ client_id: "a" }));
    const ids = async (store) => (await store.load()).map((entry) => entry.client_id);
    const store = new OutboxStore("somebody", { journal: localStorage });
    const opened = indexedDB.open("parley");
    const database = await new Promise((done) => (opened.onsuccess = () => done(opened.result)));

    write();
    const entries = database.transaction("outbox", "readwrite").objectStore("outbox");
    let isHeld = true;
    const hold = () => (entries.get("").onsuccess = () => isHeld && hold());
    hold();
    const loading = ids(store);
    await new Promise((done) => setTimeout(done));
    localStorage.removeItem(note);
    isHeld = false;
    const written = await loading;

    write();
    const broken = new OutboxStore("somebody", { journal: localStorage, factory: null });
    await broken.load().catch(() => {});
    const isNoted = localStorage.getItem(note) !== null;
    const recovered = await ids(store);
    return { written, isNoted, recovered, left: localStorage.getItem(note) };
}"""


def test_what_a_page_left_in_its_journal_is_recovered_unless_the_page_lived_to_write_it(
    visits: Visits,
) -> None:
    found = visits.open(OWNER).enter().page.evaluate(NOTED)
    assert found == {"written": [], "isNoted": True, "recovered": ["a"], "left": None}


def test_a_browser_that_keeps_nothing_says_so_and_asks_before_it_loses_something(visits: Visits) -> None:
    olivia = visits.open(OWNER)
    olivia.page.add_init_script(NO_DATABASE)
    olivia.enter()
    slug = olivia.create_room()
    olivia.cut()
    expect(olivia.page.locator("connection-line")).to_contain_text("leave this page open")
    olivia.say("only here")
    assert olivia.page.evaluate(LEAVING) is True
    olivia.mend()
    is_sent(olivia, "only here")
    assert olivia.page.evaluate(LEAVING) is False
    assert stored(olivia, slug) == ["only here"]


def test_tabs_share_what_waits_and_the_one_that_is_left_sends_it(visits: Visits) -> None:
    olivia, bob, slug = talk(visits)
    tab = visits.tab(olivia).enter(slug)
    olivia.cut()
    tab.is_connected("offline")
    olivia.say("from one tab")
    expect(tab.message("from one tab")).to_have_attribute("data-state", "queued")
    tab.say("from the other")
    expect(olivia.messages).to_have_count(2)
    tab.edit("from one tab", "from one tab, put right in the other")
    expect(olivia.message("put right")).to_have_count(1)
    assert olivia.page.evaluate(LEAVING) is False
    olivia.page.close()
    expect(bob.messages).to_have_count(0)
    tab.mend()
    is_sent(tab, "from the other")
    expect(bob.messages).to_have_count(2)
    assert bob.bodies == tab.bodies == stored(bob, slug)
    assert bob.bodies == ["from one tab, put right in the other", "from the other"]


def test_another_person_at_the_same_browser_neither_sees_nor_sends_it(visits: Visits) -> None:
    olivia, bob, slug = talk(visits)
    bob.cut()
    name = bob.name
    bob.say("bob's own words")
    bob.page.goto("about:blank")
    bob.page.context.set_offline(False)
    visits.sign_in(bob, OWNER).enter(slug)
    assert olivia.id == bob.id
    olivia.say("later marker")
    expect(bob.message("later marker")).to_be_visible()
    assert bob.bodies == ["later marker"]
    visits.sign_in(bob, name).enter(slug)
    is_sent(bob, "bob's own words")
    expect(olivia.messages).to_have_count(2)
    assert stored(olivia, slug) == ["later marker", "bob's own words"]


WATCH = """() => {
    const rows = [...document.querySelectorAll(".message")];
    const scroller = document.querySelector(".scroller");
    const edge = scroller.getBoundingClientRect().top;
    const anchor = rows.find((row) => row.getBoundingClientRect().bottom > edge);
    const place = () => anchor.getBoundingClientRect().top;
    const top = place();
    window.watched = { rows, anchor, top, moved: 0, removed: 0, fewest: rows.length };
    new MutationObserver((changes) => {
        const gone = changes.flatMap(({ removedNodes }) => [...removedNodes]);
        watched.removed += gone.filter((node) => node.matches?.(".message, .day")).length;
        watched.fewest = Math.min(watched.fewest, document.querySelectorAll(".message").length);
    }).observe(document.querySelector(".days"), { childList: true, subtree: true });
    const look = () => {
        watched.moved = Math.max(watched.moved, Math.abs(place() - top));
        requestAnimationFrame(look);
    };
    look();
}"""


UNDER_THE_LINE = """() => {
    const line = document.querySelector("connection-line").getBoundingClientRect().bottom;
    const days = [...document.querySelectorAll(".day")];
    const day = days.findLast((day) => day.getBoundingClientRect().top < line);
    return day.querySelector(".day-line span").getBoundingClientRect().top - line;
}"""


def test_who_reads_back_sees_nothing_move_when_the_line_and_what_was_missed_come_and_go(
    visits: Visits,
) -> None:
    slug = long_room(visits.served, 120)
    olivia = visits.open(OWNER).enter(slug)
    other = visits.open(OWNER).enter(slug)
    scroller = olivia.page.locator(".scroller")
    scroller.evaluate("(box) => { box.scrollTop -= 1_500; }")
    expect(olivia.page.locator(".to-newest")).to_be_visible()
    olivia.page.evaluate(WATCH)
    olivia.cut()
    line = olivia.page.locator("connection-line")
    expect(line).to_be_visible()
    assert olivia.page.evaluate(UNDER_THE_LINE) >= 0
    above, below = olivia.page.evaluate(
        "() => { const at = watched.rows.indexOf(watched.anchor);"
        " const {messages} = document.querySelector('chat-app').chat.timeline;"
        " return [messages[at - 1].id, messages[at + 2].id]; }"
    )
    for message in (above, below):
        longer = "edited meanwhile, and longer than before " * 12
        other.command("edit_message", message=message, body=longer)
    for number in range(3):
        other.say(f"missed {number}")
        is_sent(other, f"missed {number}")
    olivia.mend()
    expect(olivia.message("missed 2")).to_be_attached()
    expect(olivia.message("edited meanwhile")).to_have_count(2)
    expect(line).to_be_hidden()
    olivia.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    watched = olivia.page.evaluate(
        "() => ({ ...watched, rows: watched.rows.filter((row) => !row.isConnected).length, anchor: null })"
    )
    assert watched["rows"] == watched["removed"] == 0
    assert watched["moved"] <= 1
    assert watched["fewest"] >= 50
