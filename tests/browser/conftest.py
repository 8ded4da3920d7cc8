"""Browsers for the tests: Debian's Chromium, one visitor per context, and no complaint in any console."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.visits import ARGUMENTS, Visit, Visits
from tests.support import machine
from tests.support.server import Cookies, Server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one module: Playwright's loop must be gone before tests of async code run."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=machine.chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sessions() -> dict[str, Cookies]:
    """Who has logged in to the module's server: logging in is slow on purpose."""
    return {}


@pytest.fixture
def visits(browser: Browser, served: Server, sessions: dict[str, Cookies]) -> Iterator[Visits]:
    """Opens pages as people; at the end, none of them may have complained in its console."""
    visits = Visits(browser, served, sessions)
    yield visits
    visits.close()


@pytest.fixture
def visit(visits: Visits) -> Callable[..., Visit]:
    return visits.open
