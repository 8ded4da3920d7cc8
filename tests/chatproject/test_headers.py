"""What each kind of answer tells a browser to forbid: in plain http, and behind a proxy that speaks https."""

import http.client
import re
import urllib.parse
from http.cookies import SimpleCookie
from typing import Any, NamedTuple

import pytest
from django.test import Client

from accounts.views import people as people_view
from chatproject.importmap import content_hash
from tests.support.server import OWNER, PASSWORD, Server

POLICY = {
    "default-src": {"'self'"},
    "img-src": {"'self'", "data:", "blob:"},
    "media-src": {"'self'", "blob:"},
    "style-src": {"'self'"},
    "object-src": {"'none'"},
    "base-uri": {"'none'"},
    "form-action": {"'self'"},
    "frame-ancestors": {"'none'"},
}
FORBIDDING = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
HSTS = "max-age=31536000; includeSubDomains; preload"
SITE = "https://chat.example.com"
HOST = "chat.example.com"


def policy_of(headers) -> dict[str, set[str]]:
    parts = [part.split() for part in headers["content-security-policy"].split(";") if part.strip()]
    return {name: set(sources) for name, *sources in parts}


def assert_forbidding(headers, map_hash=None):
    """The headers that every answer has; a server process is asked what its own import map is."""
    assert {name: headers.get(name) for name in FORBIDDING} == FORBIDDING
    policy = policy_of(headers)
    scripts = policy.pop("script-src")
    assert policy == POLICY
    assert "'self'" in scripts
    (other,) = scripts - {"'self'"}
    assert other == map_hash or (map_hash is None and re.fullmatch(r"'sha256-[A-Za-z0-9+/=]{44}'", other))


# --- Plain --------------------------------------------------------------------------------------
KINDS = {
    # name: (who asks, path, status)
    "chat, a guest": (None, "/", 200),
    "chat, a member": ("member", "/rooms/lobby/", 200),
    "rooms": ("member", "/rooms/", 200),
    "log-in": (None, "/accounts/login/", 200),
    "sign-up": (None, "/accounts/signup/", 200),
    "password": ("member", "/accounts/password/", 200),
    "guest's name": (None, "/accounts/guest/", 200),
    "console": ("staff", "/staff/", 200),
    "console, refused": ("member", "/staff/", 403),
    "admin": ("staff", "/admin/", 200),
    "admin's log-in": (None, "/admin/login/", 200),
    "admin, people": ("staff", "/admin/accounts/user/", 200),
    "a redirection": (None, "/staff/", 302),
    "not found": ("member", "/rooms/nowhere/", 404),
    "no address": (None, "/nowhere/", 404),
    "JSON": ("member", "/accounts/people/?q=x", 200),
    "JSON, refused": (None, "/accounts/people/", 401),
    "health": (None, "/healthz", 200),
}


@pytest.fixture
def cast(lobby, member, staff) -> dict[str, Any]:
    return {"member": member, "staff": staff}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_forbids_what_no_page_needs(cast, kind):
    who, path, status = KINDS[kind]
    client = Client()
    if who:
        client.force_login(cast[who])
    response = client.get(path)
    assert response.status_code == status
    assert_forbidding(response.headers, content_hash())
    assert "strict-transport-security" not in response.headers  # it would lock a site without https out
    # Django's admin keeps its data in scripts of a type that is not run.
    assert not re.search(rb"<script(?![^>]*(?:src|type)=)", response.content)
    assert not re.search(rb"<[^>]*\s(?:on[a-z]+|style)=[\"']", response.content)


@pytest.mark.django_db
def test_so_do_the_pages_of_errors(member, outsider, monkeypatch):
    def fail(*args):
        raise RuntimeError("on purpose")

    client = Client(raise_request_exception=False)
    client.force_login(member)
    monkeypatch.setattr(people_view, "_found_person", fail)
    failed = client.get("/accounts/people/?q=outsider")
    assert failed.status_code == 500
    forged = Client(enforce_csrf_checks=True).post("/accounts/login/")
    assert forged.status_code == 403
    foreign = client.get("/", headers={"host": "evil.example"})
    assert foreign.status_code == 400
    for response in (failed, forged, foreign):
        assert_forbidding(response.headers, content_hash())


# --- Behind a proxy that speaks https -----------------------------------------------------------
class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    text: str

    def cookie(self, name: str) -> Any:
        """The morsel of a cookie that was set."""
        cookies: SimpleCookie = SimpleCookie()
        for value in self.headers.get_all("set-cookie") or []:
            cookies.load(value)
        return cookies[name]


def ask(
    server: Server, path: str, *, proto: str = "https", form: dict[str, str] | None = None, **headers: Any
) -> Answer:
    """A request as the proxy passes it on."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    sent = {"Host": HOST, "X-Forwarded-Proto": proto, "X-Forwarded-For": "203.0.113.9", **headers}
    body = None
    if form is not None:
        body = urllib.parse.urlencode(form)
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        connection.request("GET" if form is None else "POST", path, body, sent)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode())
    finally:
        connection.close()


def open_socket(server: Server, **headers: Any) -> int:
    """The status with which a WebSocket is answered: 101 if it is opened."""
    upgrade: dict[str, Any] = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    return ask(server, "/socket.io/?EIO=4&transport=websocket", **upgrade, **headers).status


@pytest.fixture(scope="module")
def proxied(new_server):
    """Where a proxy on this machine is trusted."""
    with new_server(SITE_URL=SITE, TRUSTED_PROXIES="127.0.0.1") as server:
        yield server


@pytest.fixture(scope="module")
def unproxied(new_server):
    """Where no proxy is trusted, though the site is said to be https."""
    with new_server(SITE_URL=SITE) as server:
        yield server


def test_https_pages_ask_for_https_for_a_year_and_keep_their_cookies_to_it(proxied):
    page = ask(proxied, "/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "username": OWNER, "kind": "open"}
    form |= {"password1": PASSWORD, "password2": PASSWORD}
    if code := re.search(r"Code for the first run.*: (\S+)$", proxied.log(), re.MULTILINE):
        form["code"] = code[1]
    cookie = f"csrftoken={page.cookie('csrftoken').value}"
    signed_in = ask(proxied, "/", form=form, Origin=SITE, Cookie=cookie)
    assert signed_in.status == 302, signed_in.text
    session, csrf = signed_in.cookie("sessionid"), signed_in.cookie("csrftoken")
    assert (session["secure"], session["httponly"], session["samesite"]) == (True, True, "Lax")
    assert (csrf["secure"], csrf["samesite"]) == (True, "Lax")
    here: dict[str, Any] = {"Cookie": f"sessionid={session.value}"}
    for path in ("/", "/rooms/lobby/", "/staff/", "/admin/", "/accounts/people/", "/nowhere/", "/healthz"):
        answer = ask(proxied, path, **here)
        assert answer.status == (404 if path == "/nowhere/" else 200), path
        assert answer.headers["strict-transport-security"] == HSTS
        assert_forbidding(answer.headers)
        assert "server" not in answer.headers
    static = re.search(r'href="(/static/[^"]+\.css)"', page.text)
    assert static
    sheet = ask(proxied, static[1])
    assert sheet.status == 200
    assert sheet.headers["x-content-type-options"] == "nosniff"
    assert sheet.headers["strict-transport-security"] == HSTS


def test_http_is_sent_on_to_https_but_for_the_probe_of_this_machine(proxied):
    answer = ask(proxied, "/rooms/lobby/", proto="http")
    assert (answer.status, answer.headers["location"]) == (301, f"{SITE}/rooms/lobby/")
    assert "strict-transport-security" not in answer.headers
    assert ask(proxied, "/healthz", proto="http").status == 200


def test_a_form_of_another_site_is_refused_also_under_https(proxied):
    page = ask(proxied, "/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "username": "nobody", "password": "wrong"}
    cookie = f"csrftoken={page.cookie('csrftoken').value}"
    assert ask(proxied, "/accounts/login/", form=form, Origin=SITE, Cookie=cookie).status == 200
    for origin in ("https://evil.example", f"http://{HOST}", "null"):
        assert ask(proxied, "/accounts/login/", form=form, Origin=origin, Cookie=cookie).status == 403


def test_the_sites_own_pages_open_sockets_through_the_proxy_and_no_others_do(proxied):
    assert open_socket(proxied, Origin=SITE) == 101
    assert open_socket(proxied) == 101  # a program
    for origin in ("https://evil.example", f"http://{HOST}", "null", f"{SITE}:444"):
        assert open_socket(proxied, Origin=origin) == 403
    assert open_socket(proxied, Origin="https://evil.example", Host="evil.example") == 403
    claimed = {"X-Forwarded-Host": "evil.example", "X_Forwarded_Host": "evil.example"}
    assert open_socket(proxied, Origin="https://evil.example", **claimed) == 403


def test_a_proxy_that_is_not_trusted_changes_nothing_and_the_log_says_what_is_missing(unproxied):
    # The site's own origin is among those that are trusted, so its pages talk all the same.
    assert open_socket(unproxied, Origin=SITE) == 101
    local = f"127.0.0.1:{unproxied.port}"
    assert open_socket(unproxied, Host=local, Origin=f"https://{local}") == 403
    refused = unproxied.wait_for_log(r"turned_away address=(\S+) why=(\S+)$")
    assert refused.groups() == ("127.0.0.1", "origin_https_without_forwarded_proto")
    assert ask(unproxied, "/accounts/login/").status == 301  # for all it knows, this came by http
