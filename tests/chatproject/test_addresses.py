"""Whose connections are counted: the real client's, behind trusted proxies; nobody's own word."""

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

PROXY, OTHER = "127.0.0.1", "127.0.0.9"
PATH = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture(scope="module")
def proxied(new_server):
    """A server that believes two proxies, and lets each address connect twice in an hour."""
    with new_server(TRUSTED_PROXIES=f"{PROXY},10.0.0.0/8", CONNECT_RATE="2/3600") as server:
        yield server


def status(server, forwarded, source=PROXY):
    """How a connection is answered that comes from `source`, for somebody at `forwarded`."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    url = f"ws://127.0.0.1:{server.port}{PATH}"
    try:
        with connect(url, additional_headers=headers, compression=None, source_address=(source, 0)):
            return 101, {}
    except InvalidStatus as refused:
        return refused.response.status_code, refused.response.headers


@pytest.mark.parametrize(
    ("asked", "logged"),
    [
        (["192.0.2.1", "192.0.2.1", "192.0.2.1"], "192.0.2.1"),
        (["1.1.1.1, 192.0.2.2", "2.2.2.2, 192.0.2.2", "x, 192.0.2.2"], "192.0.2.2"),
        (["192.0.2.3, 10.0.0.7", "9.9.9.9, 192.0.2.3, 10.0.0.8, ::ffff:10.0.0.7", "192.0.2.3"], "192.0.2.3"),
        (["2001:db8::1", "2001:db8::2", "2001:db8::3"], "2001:db8::/64"),
        (["::ffff:192.0.2.4", "192.0.2.4", "192.0.2.4:5000"], "192.0.2.4"),
        (["garbage code=ok", "unknown", "1.2.3"], "0.0.0.0"),
    ],
    ids=["one proxy", "spoofed in front", "several proxies", "one IPv6 network", "IPv4 in IPv6", "garbage"],
)
def test_an_address_is_the_last_one_that_no_trusted_proxy_has(proxied, asked, logged):
    assert [status(proxied, forwarded)[0] for forwarded in asked] == [101, 101, 429]
    proxied.wait_for_log(rf"turned_away address={logged} why=rate_limited$")
    assert "without completing handshake" not in proxied.log()


def test_who_is_no_trusted_proxy_is_not_believed(proxied):
    answers = [status(proxied, f"192.0.2.{n}", OTHER) for n in range(100, 103)]
    assert [code for code, _ in answers] == [101, 101, 429]
    assert 0 < int(answers[-1][1]["Retry-After"]) <= 3600
    proxied.wait_for_log(rf"turned_away address={OTHER} why=rate_limited$")
