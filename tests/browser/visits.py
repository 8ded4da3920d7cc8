"""People in front of browsers."""

import itertools
import re
import uuid
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.support.server import OWNER, Cookies, Server, manage

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 10_000  # milliseconds
BACK = 20_000  # milliseconds in which a page that lost its server has found it again
WIDE = (1280, 800)
NARROW = (360, 740)

# What the browser itself says when the network is gone; the page cannot keep it from saying so.
NETWORK_GONE = r"WebSocket connection to .* failed|net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED)"

_numbers = itertools.count(1)


def fresh(name: str) -> str:
    """A name that no other test uses."""
    return f"{name}{next(_numbers)}{uuid.uuid4().hex[:4]}"


class Visit:
    """One person's browser window."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.complaints: list[str] = []
        self.tolerated: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def tolerate(self, pattern: str) -> None:
        """A complaint that this test provokes."""
        self.tolerated.append(pattern)

    def unexpected(self) -> list[str]:
        return [
            text for text in self.complaints if not any(re.search(known, text) for known in self.tolerated)
        ]

    @property
    def id(self) -> int:
        """The person's id."""
        found: int = self.page.evaluate("Number(document.querySelector('chat-app').dataset.userId)")
        return found

    # --- What a person does ---------------------------------------------------------------------
    def go(self, path: str) -> "Visit":
        self.page.goto(path)
        return self

    def enter(self, slug: str = "lobby") -> "Visit":
        """Opens a room and waits until it is there and what is new has been fetched."""
        self.go(f"/rooms/{slug}/")
        return self.ready()

    def ready(self) -> "Visit":
        self.page.wait_for_function(
            "() => { const {chat} = document.querySelector('chat-app');"
            " return chat?.synced && chat.place.state === 'ready'; }"
        )
        return self

    def say(self, text: str) -> None:
        self.composer.fill(text)
        self.composer.press("Enter")

    def edit(self, text: str, anew: str) -> None:
        """Makes the message that says `text` say something else."""
        self.page.evaluate(
            "([text, anew]) => { const {chat} = document.querySelector('chat-app');"
            " const held = chat.timeline.messages.find((message) => message.body === text);"
            " const waiting = chat.outbox.of(chat.room.id).find((entry) => entry.body === text);"
            " return chat.edit(held ?? { ...waiting, id: null }, anew); }",
            [text, anew],
        )

    def cut(self) -> None:
        """Takes the network from this browser."""
        self.tolerate(NETWORK_GONE)
        self.page.context.set_offline(True)
        self.is_connected("offline")

    def mend(self) -> None:
        self.page.context.set_offline(False)
        self.is_connected("online")

    def is_connected(self, state: str) -> None:
        expect(self.page.locator("chat-app")).to_have_attribute("data-connection", state, timeout=BACK)

    def command(self, command: str, /, **payload: Any) -> Any:
        """Sends a command over the page's own connection; its ack's data."""
        return self.page.evaluate(
            "(sent) => document.querySelector('chat-app').chat.connection.request(...sent)",
            [command, payload],
        )

    def create_room(self, **fields: Any) -> str:
        """Creates a room and goes there; its slug."""
        room = self.command("create_room", name=fresh("room"), **fields)["room"]
        self.room_link(room["name"]).click()
        self.ready()
        expect(self.page).to_have_url(re.compile(room["slug"]))
        return str(room["slug"])

    # --- What stands on the page ----------------------------------------------------------------
    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer-text")

    @property
    def messages(self) -> Locator:
        return self.page.locator(".message")

    @property
    def bodies(self) -> list[str]:
        """What the messages on the page say, in their order; not that they were edited."""
        return [
            text.removesuffix(" (edited)") for text in self.page.locator(".message-body").all_inner_texts()
        ]

    def message(self, text: str) -> Locator:
        """The row of the message that holds `text`."""
        return self.messages.filter(has_text=text)

    def room_link(self, name: str) -> Locator:
        return self.page.locator(".room-row").filter(has_text=name).locator("a")

    def unread(self, name: str) -> Locator:
        return self.room_link(name).locator(".count")


class Visits:
    """Everybody who looks at the server in one test."""

    def __init__(self, browser: Browser, served: Server, known: dict[str, Cookies]) -> None:
        self._browser = browser
        self.served = served
        self._known = known
        self._open: list[Visit] = []

    def open(self, name: str | None = None, *, size: tuple[int, int] = WIDE, **options: Any) -> Visit:
        """A new window: of `olivia`, who owns the place, of a new person called `name`, or of nobody."""
        width, height = size
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            base_url=self.served.url,
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(TIMEOUT)
        if name:
            cookies = self._cookies(name)
            context.add_cookies(
                [{"name": key, "value": value, "url": self.served.url} for key, value in cookies.items()]
            )
        visit = Visit(context.new_page(), name or "")
        self._open.append(visit)
        return visit

    def tab(self, visit: Visit) -> Visit:
        """One more tab in the same browser window: it shares cookies and what the browser keeps."""
        tab = Visit(visit.page.context.new_page(), visit.name)
        tab.tolerated = visit.tolerated
        self._open.append(tab)
        return tab

    def sign_in(self, visit: Visit, name: str) -> Visit:
        """Makes another person sit down at the same browser."""
        visit.page.context.clear_cookies()
        cookies = self._cookies(name).items()
        visit.page.context.add_cookies(
            [{"name": key, "value": value, "url": self.served.url} for key, value in cookies]
        )
        visit.name = name
        return visit

    def _cookies(self, name: str) -> Cookies:
        """The same session for the same person: more windows are more tabs."""
        if name not in self._known:
            self._known[name] = self.served.sign_in(name) if name == OWNER else self.served.sign_up(name)
        return self._known[name]

    def close(self) -> None:
        unexpected = {visit.name or "nobody": found for visit in self._open if (found := visit.unexpected())}
        for visit in self._open:
            visit.page.context.close()
        assert not unexpected, f"consoles complained: {unexpected}"


FILL = """
import datetime, uuid
from django.db import transaction
from django.utils import timezone
from accounts.models import User
from rooms.models import Message
from rooms.operations import messages, rooms
owner = User.objects.get(username={owner!r})
room = rooms.create_room(person=owner, name={name!r})
with transaction.atomic():
    for number in range(1, {count} + 1):
        text = f"message {{number}} of many" + " and more of it" * (number % 7 * 4)
        messages.post_message(person=owner, room=room.pk, client_id=uuid.uuid4(), body=text)
for message in Message.objects.filter(room=room):
    age = datetime.timedelta(minutes=({count} - message.seq) * 20)
    Message.objects.filter(pk=message.pk).update(created_at=timezone.now() - age)
print(room.slug)
"""


def long_room(served: Server, count: int) -> str:
    """A room of olivia's with `count` messages over some days, made beside the server; its slug."""
    script = FILL.format(owner=OWNER, name=fresh("long"), count=count)
    return manage(served.data_dir, "shell", "--verbosity", "0", "--command", script).strip()


def overflow(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return width
