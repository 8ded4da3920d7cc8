"""Makes the pictures of the README: `python -m tests.browser.pictures`. Not a test."""

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.visits import ARGUMENTS, NARROW, WIDE
from tests.support import machine
from tests.support.server import ROOT, Server, manage, running

IMAGES = ROOT / "docs" / "images"


def page_of(browser: Browser, server: Server, username: str, size: tuple[int, int], scheme: str) -> Page:
    """A window of a person, in the colours of `scheme`."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        base_url=server.url,
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    cookies = server.sign_in(username)
    context.add_cookies([{"name": key, "value": value, "url": server.url} for key, value in cookies.items()])
    return context.new_page()


def take(browser: Browser, server: Server) -> None:
    """Takes all pictures of a server with people in it."""
    for username in ("amara", "mei", "noor"):
        page_of(browser, server, username, WIDE, "light").goto("/rooms/garden-plan/")
    chat = page_of(browser, server, "olivia", WIDE, "light")
    chat.goto("/rooms/garden-plan/")
    chat.get_by_text("The gate needs a hinge").wait_for()
    chat.get_by_text(re.compile("Online . 4")).wait_for()
    chat.screenshot(path=IMAGES / "chat.png")
    phone = page_of(browser, server, "priya", NARROW, "dark")
    phone.goto("/rooms/garden-plan/")
    phone.get_by_text("The gate needs a hinge").wait_for()
    phone.screenshot(path=IMAGES / "phone.png")
    staff = page_of(browser, server, "olivia", WIDE, "light")
    staff.goto("/staff/#activity")
    staff.locator(".feed").get_by_text("connected").first.wait_for()
    jonas = page_of(browser, server, "jonas", WIDE, "light")
    jonas.goto("/rooms/lobby/")
    for text in ("Then I take it until one.", "Thanks!"):
        jonas.locator("#composer-text").fill(text)
        jonas.keyboard.press("Enter")
        staff.locator(".feed").get_by_text("Jonas Weber wrote").first.wait_for()
    staff.get_by_role("link", name="People").click()
    staff.locator("people-section").get_by_role("link", name="Jonas Weber").click()
    staff.locator("person-detail").get_by_text("127.0.0.1").first.wait_for()
    staff.screenshot(path=IMAGES / "staff.png")
    staff.goto("/admin/rooms/room/")
    staff.screenshot(path=IMAGES / "admin.png")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template"
        template.mkdir()
        manage(template, "migrate", "--verbosity", "0")
        manage(template, "collectstatic", "--noinput", "--verbosity", "0")
        with running(template, Path(folder) / "data") as server, sync_playwright() as playwright:
            server.first_run()
            talk = "from tests.browser.conversation import talk; talk()"
            manage(server.data_dir, "shell", "--verbosity", "0", "--command", talk)
            browser = playwright.chromium.launch(executable_path=machine.chromium(), args=ARGUMENTS)
            take(browser, server)
            browser.close()


if __name__ == "__main__":
    main()
