"""What the environment says is checked when the settings are read."""

import subprocess

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatproject import environment
from tests.support.server import manage


@pytest.mark.parametrize("value", [0.001, 10.0, 3600.0])
def test_a_time_is_taken_as_it_is(value):
    assert environment.seconds("PING_INTERVAL", value) == value


@pytest.mark.parametrize("value", [0.0, -0.0, -1.0, float("nan"), float("inf")])
def test_a_time_that_cannot_be_watched_is_refused_by_the_settings_name(value):
    with pytest.raises(ImproperlyConfigured, match=r"^PING_TIMEOUT: has to be more than 0 seconds\.$"):
        environment.seconds("PING_TIMEOUT", value)


def test_a_time_that_nobody_has_to_keep_may_be_nothing_but_not_less():
    assert environment.seconds("CONNECT_TIMEOUT", 0.0, may_be_none=True) == 0
    for value in (-1.0, float("nan")):
        with pytest.raises(ImproperlyConfigured, match=r"^CONNECT_TIMEOUT: "):
            environment.seconds("CONNECT_TIMEOUT", value, may_be_none=True)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PING_INTERVAL", "0"),
        ("PING_TIMEOUT", "-1"),
        ("CONNECT_TIMEOUT", "-1"),
        ("SESSION_CHECK_INTERVAL", "0"),
        ("REQUEST_TIMEOUT", "0"),
        ("BODY_BYTES", "-1"),
        ("CSRF_TRUSTED_ORIGINS", "https://chat.example,*"),
    ],
)
def test_the_chat_does_not_start_with_such_a_setting(tmp_path, setting, value):
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        manage(tmp_path, "check", **{setting: value})
    last_line = refusal.value.stderr.splitlines()[-1]
    assert last_line.startswith(f"django.core.exceptions.ImproperlyConfigured: {setting}: ")


def test_the_chat_starts_without_a_time_to_enter_a_namespace(tmp_path):
    assert "no issues" in manage(tmp_path, "check", CONNECT_TIMEOUT="0")


@pytest.mark.parametrize(
    ("value", "expected"), [("20/10", (20, 10.0)), ("1/0.5", (1, 0.5)), ("100/3600", (100, 3600.0))]
)
def test_a_rate_is_a_number_of_times_in_a_number_of_seconds(value, expected):
    rate = environment.rate("MESSAGE_RATE", value)
    assert rate
    assert (rate.count, rate.seconds) == expected


def test_a_rate_of_0_is_no_limit():
    assert environment.rate("MESSAGE_RATE", "0") is None


@pytest.mark.parametrize(
    "value", ["", "20", "20/", "/10", "0/10", "20/0", "-1/10", "20/-1", "20/nan", "20/1e3", "1/2/3", "²/1"]
)
def test_what_is_no_rate_is_refused_by_the_settings_name(value):
    with pytest.raises(ImproperlyConfigured, match=r"^EVENT_RATE: .* like 20/10, or 0 for no limit\.$"):
        environment.rate("EVENT_RATE", value)


def test_a_number_of_things_may_be_0_for_no_limit_but_not_less():
    assert [environment.count("SOCKETS_PER_PERSON", value) for value in (0, 20)] == [0, 20]
    with pytest.raises(ImproperlyConfigured, match=r"^SOCKETS_PER_PERSON: "):
        environment.count("SOCKETS_PER_PERSON", -1)


def test_proxies_are_addresses_or_networks_and_ipv4_ones_are_known_inside_ipv6_too():
    assert environment.networks("TRUSTED_PROXIES", ["10.0.0.1/8", " 2001:db8::1"]) == [
        "10.0.0.0/8", "2001:db8::1/128", "::ffff:10.0.0.0/104",
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["*", "proxy.example", "10.0.0.0/33", ""])
def test_what_is_no_address_is_not_trusted(value):
    with pytest.raises(ImproperlyConfigured, match=r"^TRUSTED_PROXIES: "):
        environment.networks("TRUSTED_PROXIES", [value])


def test_at_least_one_event_is_read():
    assert environment.at_least_one("PENDING_EVENTS", 1) == 1
    with pytest.raises(ImproperlyConfigured, match=r"^PENDING_EVENTS: "):
        environment.at_least_one("PENDING_EVENTS", 0)
