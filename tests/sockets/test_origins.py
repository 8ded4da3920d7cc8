"""Which pages may open a socket."""

import pytest

from chatproject.sockets.origins import has_allowed_host, is_own_or_trusted, is_proxied_https
from chatproject.sockets.testing import Closed

from .support import Echo, left_over


@pytest.fixture(autouse=True)
def site(settings):
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["chat.example", "127.0.0.1", "[::1]", ".wild.example"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]


def scope(*, host="chat.example", origin=None, scheme="ws", more=()):
    headers = [("host", host)] if host is not None else []
    if origin is not None:
        headers.append(("origin", origin))
    sent = [(name.encode(), value.encode("latin-1")) for name, value in [*headers, *more]]
    return {"type": "websocket", "scheme": scheme, "headers": sent}


# --- Hosts --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "host",
    ["chat.example", "chat.example:8000", "CHAT.example", "127.0.0.1:8000", "[::1]:8000", "a.wild.example"],
)
def test_our_hosts_are_ours(host):
    assert has_allowed_host(scope(host=host))


@pytest.mark.parametrize(
    "host",
    ["evil.example", "chat.example.evil.example", "evilchat.example", "chat.example@evil.example", "", " ",
     "chat.example, evil.example", "chat.example/", "chat.example:80:80", "chat_example", "é",
     "127.0.0.1.evil.example"],
)  # fmt: skip
def test_other_hosts_are_not(host):
    assert not has_allowed_host(scope(host=host))


def test_exactly_one_host_is_asked_for():
    assert not has_allowed_host(scope(host=None))
    assert not has_allowed_host(scope(more=[("host", "chat.example")]))
    assert not has_allowed_host(scope(host="evil.example", more=[("x-forwarded-host", "chat.example")]))


def test_while_debugging_the_own_machine_is_allowed_and_nothing_else(settings):
    settings.ALLOWED_HOSTS = []
    assert not has_allowed_host(scope(host="localhost"))
    settings.DEBUG = True
    assert has_allowed_host(scope(host="localhost:8000"))
    assert not has_allowed_host(scope(host="chat.example"))


# --- Origins ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "request_",
    [
        scope(origin="http://chat.example"),
        scope(host="chat.example:8000", origin="http://chat.example:8000"),
        scope(host="127.0.0.1:8000", origin="http://127.0.0.1:8000"),
        scope(scheme="wss", origin="https://chat.example"),
        scope(scheme="https", origin="https://chat.example"),
        scope(origin="https://trusted.example"),
        scope(scheme="wss", origin="https://trusted.example"),
        scope(),  # no browser
    ],
    ids=lambda request_: str(request_["headers"]),
)
def test_pages_of_this_site_and_of_trusted_origins_may_connect(request_):
    assert is_own_or_trusted(request_)


@pytest.mark.parametrize(
    "request_",
    [
        scope(origin="http://evil.example"),
        scope(origin="null"),
        scope(origin=""),
        scope(origin="*"),
        scope(origin="chat.example"),
        scope(origin="http://chat.example:8001"),
        scope(origin="http://chat.example.evil.example"),
        scope(origin="http://evil.example/http://chat.example"),
        scope(origin="http://chat.example, http://evil.example"),
        scope(origin="http://chat.example", more=[("origin", "http://evil.example")]),
        scope(origin="http://evil.example", more=[("origin", "http://chat.example")]),
        scope(origin="http://chat.example", more=[("origin", "http://chat.example")]),
        scope(origin="http://localhost", host="127.0.0.1"),
        scope(origin="https://chat.example"),
        scope(scheme="wss", origin="http://chat.example"),
        scope(origin="http://trusted.example"),
        scope(origin="https://a.trusted.example"),
        scope(origin="https://trusted.example:444"),
        scope(origin="http://evil.example", more=[("x-forwarded-host", "evil.example")]),
        scope(origin="http://evil.example", more=[("x_forwarded_host", "evil.example")]),
        scope(origin="https://chat.example", more=[("x-forwarded-proto", "https")]),
    ],
    ids=lambda request_: str(request_["headers"]),
)
def test_no_other_page_may(request_):
    assert not is_own_or_trusted(request_)


def test_an_empty_list_of_trusted_origins_switches_nothing_off(settings):
    settings.CSRF_TRUSTED_ORIGINS = []
    assert not is_own_or_trusted(scope(origin="https://trusted.example"))
    assert is_own_or_trusted(scope(origin="http://chat.example"))


def test_an_https_page_whose_request_seems_to_have_come_by_http_is_told_apart():
    assert is_proxied_https(scope(origin="https://chat.example"))
    assert not is_proxied_https(scope(origin="https://evil.example"))
    assert not is_proxied_https(scope(origin="http://chat.example"))


# --- At the door --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"origin": "http://evil.example"}, "origin"),
        ({"origin": "null"}, "origin"),
        ({"origin": "http://evil.example", "x-forwarded-host": "evil.example"}, "origin"),
        ({"origin": "http://evil.example", "x_forwarded_host": "evil.example"}, "origin"),
        ({"host": "evil.example", "origin": "http://evil.example"}, "host"),
        ({"host": "evil.example"}, "host"),
        ({"host": "evil.example", "x-forwarded-host": "chat.example"}, "host"),
        ({"origin": "https://chat.example"}, "origin_https_without_forwarded_proto"),
    ],
    ids=str,
)
async def test_who_may_not_connect_is_turned_away_quietly_before_anything_is_made(stage, log, headers, why):
    app = await stage.serve(Echo("/"))
    with pytest.raises(Closed) as closed:
        await stage.open(app, headers={"host": "chat.example", **headers}, cookies={"sessionid": "x"})
    assert not closed.value.accepted
    assert log.lines() == [f"turned_away address=127.0.0.1 why={why}"]
    assert left_over(app.server) == {}


async def test_two_origins_are_turned_away(stage, log):
    app = await stage.serve(Echo("/"))
    origins = [("origin", "http://chat.example"), ("origin", "http://chat.example")]
    with pytest.raises(Closed):
        await stage.open(app, headers={"host": "chat.example"}, more_headers=origins)
    assert len(log.lines("turned_away")) == 1


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        ("ws", {"origin": "http://chat.example"}),
        ("wss", {"origin": "https://chat.example"}),
        ("ws", {"origin": "https://trusted.example"}),
        ("ws", {}),
        # This one claims another host besides.
        ("ws", {"origin": "http://chat.example", "x-forwarded-host": "evil.example"}),
    ],
    ids=str,
)
async def test_who_may_connect_does(stage, scheme, headers):
    app = await stage.serve(Echo("/"))
    entry = await stage.enter(app, scheme=scheme, headers={"host": "chat.example", **headers})
    assert (await entry.call("echo", {"text": "hi"}))["ok"]


async def test_what_a_proxy_might_have_said_is_not_kept(stage):
    app = await stage.serve(Echo("/"))
    claimed = {"x_forwarded_for": "10.0.0.1", "x-forwarded-for": "10.0.0.1", "x_forwarded_proto": "https"}
    wire = await stage.open(app, headers={"host": "chat.example", **claimed})
    (line,) = app.server.eio.lines.values()
    assert line.headers == [(b"host", b"chat.example")]
    assert line.address == "127.0.0.1"
    assert not wire.closed.done()
