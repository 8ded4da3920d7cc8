"""A page of another site that a signed-in person opens: what it asks for in their name, it does not get."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.server import OWNER, Server
from tests.support.waiting import wait_for

pytestmark = pytest.mark.needs("chromium")

# Each way to ask, and what came of it. JSONP is what a script element would run.
ASK = """
async (site) => {
  const url = `${site}/socket.io/?EIO=4&transport=polling`;
  const tell = (response) => response.text().then((text) => `${response.status} ${text}`);
  const ask = (address, options) =>
    fetch(address, { credentials: "include", ...options }).then(tell, () => "blocked");
  const plain = { method: "POST", body: "40", headers: { "content-type": "text/plain" } };
  const script = document.createElement("script");
  window.___eio = [() => (window.ran = true)];
  const heard = {
    get: await ask(url),
    simple: await ask(url, { mode: "no-cors" }),
    post: await ask(url, { mode: "no-cors", ...plain }),
    page: await ask(`${site}/`),
    people: await ask(`${site}/accounts/people/?q=o`),
    script: await new Promise((done) => {
      script.onload = () => done("loaded");
      script.onerror = () => done("blocked");
      script.src = `${url}&j=0`;
      document.head.append(script);
    }),
    socket: await new Promise((done) => {
      const socket = new WebSocket(`${site.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
      socket.onmessage = ({ data }) => done(data);
      socket.onclose = () => done("closed");
    }),
  };
  return { ...heard, ran: window.ran ?? false };
}
"""

SEND_FORM = """
([address, kind, fields]) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: address, enctype: kind });
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}
"""


class EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Kittens</title>")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def other_site() -> Iterator[str]:
    """The address of a site that is not ours: for cookies, too, `localhost` is another than 127.0.0.1."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://localhost:{httpd.server_port}"
        httpd.shutdown()


@pytest.fixture(scope="module")
def polled(new_server: Any) -> Iterator[Server]:
    """A server that takes long-polling, too: there are more ways to ask it."""
    with new_server(POLLING="true") as server:
        server.first_run()
        yield server


@pytest.fixture
def person(browser: Browser, polled: Server) -> Iterator[BrowserContext]:
    """The browser of somebody who is signed in."""
    context = browser.new_context()
    cookies = polled.sign_in(OWNER)
    context.add_cookies([{"name": key, "value": cookies[key], "url": polled.url} for key in cookies])
    yield context
    context.close()


def refusals(server: Server) -> list[str]:
    return re.findall(r"turned_away address=127\.0\.0\.1 why=(\S+)", server.log())


def refusals_since(server: Server, before: int, *, count: int) -> list[str]:
    """What was refused after the first `before`; its line may come a little later than the answer does."""
    wait_for(lambda: len(refusals(server)) >= before + count)
    return refusals(server)[before:]


def arrive(context: BrowserContext, site: str) -> Page:
    page = context.new_page()
    page.goto(site)
    return page


def test_another_site_gets_nothing(person: BrowserContext, polled: Server, other_site: str) -> None:
    own = arrive(person, polled.url)
    allowed = own.evaluate(ASK, polled.url)
    assert allowed["get"].startswith("200 0{")  # so this is how one would get something
    assert allowed["socket"].startswith("0{")
    assert OWNER in allowed["page"]
    own.close()
    before = len(refusals(polled))

    page = arrive(person, other_site)
    heard = page.evaluate(ASK, polled.url)
    assert heard.pop("simple") in {"0 ", "blocked"}  # opaque: it is told nothing
    assert heard.pop("post") in {"0 ", "blocked"}
    assert heard == {
        "get": "blocked", "page": "blocked", "people": "blocked", "script": "blocked", "socket": "closed",
        "ran": False,
    }  # fmt: skip
    # All five that were for the socket came to the server, with or without cookie, and went no further.
    assert refusals_since(polled, before, count=5) == ["origin"] * 5

    with page.expect_response("**/socket.io/**") as answer:
        page.evaluate(
            SEND_FORM, [f"{polled.url}/socket.io/?EIO=4&transport=polling", "text/plain", {"40": ""}]
        )
    assert answer.value.status == 403
    assert refusals_since(polled, before, count=6) == ["origin"] * 6


def test_a_form_of_another_site_changes_nothing(
    person: BrowserContext, polled: Server, other_site: str
) -> None:
    for path, fields in [
        ("/accounts/logout/", {}),
        ("/accounts/guest/", {"name": "Mallory"}),
        ("/accounts/session/", {}),
        ("/accounts/login/", {"username": "mallory", "password": "x"}),
    ]:
        page = arrive(person, other_site)
        kind = "application/x-www-form-urlencoded"
        with page.expect_response(f"**{path}") as answer:
            page.evaluate(SEND_FORM, [polled.url + path, kind, fields])
        assert answer.value.status == 403, path
        assert "set-cookie" not in answer.value.headers
        page.close()
    own = arrive(person, polled.url)
    assert own.locator("chat-app").get_attribute("data-user-id")
