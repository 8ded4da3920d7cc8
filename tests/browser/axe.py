"""What axe-core finds on a page."""

from functools import cache

from playwright.sync_api import Page

from tests.support import machine

FAULTS = """
axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`)))
"""


@cache
def _axe() -> str:
    return machine.AXE.read_text()


def faults_of(page: Page) -> list[str]:
    """The serious and critical faults of a page: each as its rule and where it is."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found: list[str] = page.evaluate(FAULTS)
    return found
