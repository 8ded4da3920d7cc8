"""How often a password may be tried, and by whom."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.attempts import ALL_NAMES, attempt
from accounts.models import FailedLogIn
from chatproject.environment import Rate
from chatproject.errors import RateLimited
from chatproject.too_many_requests import wait_in_words
from tests.support.server import PASSWORD

pytestmark = pytest.mark.django_db

LOGIN, ADMIN_LOGIN = "/accounts/login/", "/admin/login/"
PASSWORD_PAGE = "/accounts/password/"
COUNT, WINDOW = 3, 300  # failures, seconds
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture(autouse=True)
def rate(settings):
    settings.LOGIN_RATE = Rate(COUNT, WINDOW)


def log_in(username="member", password="wrong", *, page=LOGIN, address=HERE, **headers):
    client = Client(REMOTE_ADDR=address, headers=headers)
    return client.post(page, {"username": username, "password": password})


def fail(times=COUNT, **how):
    for _ in range(times):
        assert log_in(**how).status_code == 200


def backdate(seconds):
    FailedLogIn.objects.update(at=timezone.now() - timedelta(seconds=seconds))


def test_after_so_many_failures_even_the_right_password_is_not_tried(member, caplog):
    fail()
    response = log_in(password=PASSWORD)
    assert f"password not tried network={HERE} wait=" in caplog.text
    assert response.status_code == 429
    assert "sessionid" not in response.cookies
    assert 0 < int(response["Retry-After"]) <= WINDOW
    assert response["Cache-Control"] == "no-store"
    page = response.content.decode()
    assert "Try again in 5 minutes." in page
    assert f'href="{LOGIN}"' in page


def test_one_failure_less_leaves_the_door_open(member):
    fail(COUNT - 1)
    assert log_in(password=PASSWORD).status_code == 302


@pytest.mark.parametrize("username", ["MEMBER", "member "])
def test_the_name_counts_in_any_case(member, username):
    fail()
    assert log_in(username, PASSWORD).status_code == 429


def test_it_is_the_same_for_a_name_that_nobody_has(db):
    fail(username="nobody")
    assert log_in("nobody").status_code == 429


def test_nobody_is_locked_out_from_another_address(member, outsider):
    fail()
    assert log_in(password=PASSWORD).status_code == 429
    assert log_in(password=PASSWORD, address=ELSEWHERE).status_code == 302
    assert log_in("outsider", PASSWORD).status_code == 302


def test_an_address_is_what_the_connection_says_not_a_header(member):
    fail(x_forwarded_for=ELSEWHERE)
    assert log_in(password=PASSWORD, x_forwarded_for="192.0.2.99").status_code == 429
    assert log_in(password=PASSWORD, address=ELSEWHERE).status_code == 302


def test_addresses_of_one_ipv6_network_count_as_one(member):
    for host in range(1, COUNT + 1):
        fail(1, address=f"2001:db8::{host}")
    assert log_in(password=PASSWORD, address="2001:db8::ffff").status_code == 429
    assert log_in(password=PASSWORD, address="2001:db8:0:1::1").status_code == 302


def test_many_names_from_one_address_are_limited_together(member):
    for number in range(COUNT * ALL_NAMES):
        fail(1, username=f"name{number}")
    assert log_in(password=PASSWORD).status_code == 429
    assert log_in(password=PASSWORD, address=ELSEWHERE).status_code == 302


def test_a_success_forgives_the_failures_of_that_name_only(member, outsider):
    fail(COUNT - 1)
    fail(COUNT - 1, username="outsider")
    assert log_in(password=PASSWORD).status_code == 302
    fail(COUNT - 1)
    fail(1, username="outsider")
    assert log_in("outsider", PASSWORD).status_code == 429


def test_it_is_over_when_the_first_of_them_is_old_enough(member):
    fail()
    backdate(WINDOW - 10)
    response = log_in(password=PASSWORD)
    assert response.status_code == 429
    assert int(response["Retry-After"]) <= 10
    backdate(WINDOW)
    assert log_in(password=PASSWORD).status_code == 302


def test_what_is_refused_does_not_make_it_last_longer(member):
    fail()
    before = FailedLogIn.objects.count()
    assert [log_in().status_code for _ in range(3)] == [429] * 3
    assert FailedLogIn.objects.count() == before


def test_old_failures_are_not_kept(member):
    fail(username="nobody", address=ELSEWHERE)
    backdate(WINDOW)
    fail(1)
    assert FailedLogIn.objects.count() == 1


def test_an_empty_form_is_no_attempt(member):
    fail(COUNT + 1, password="")
    fail(COUNT + 1, username="")
    assert log_in(password=PASSWORD).status_code == 302


def test_the_admins_log_in_is_limited_by_the_same_count(staff, member):
    fail(COUNT - 1, username="staff")
    fail(1, username="staff", page=ADMIN_LOGIN)
    assert log_in("staff", PASSWORD, page=ADMIN_LOGIN).status_code == 429
    assert log_in("staff", PASSWORD).status_code == 429
    # Who may not enter there has failed, too, whatever the password.
    fail(page=ADMIN_LOGIN, password=PASSWORD)
    assert log_in(password=PASSWORD).status_code == 429


def test_the_old_password_cannot_be_tried_out_on_a_page_that_was_left_open(member):
    client = Client(REMOTE_ADDR=HERE)
    client.force_login(member)
    new = {"new_password1": "a wholly new one 7", "new_password2": "a wholly new one 7"}
    for _ in range(COUNT):
        assert client.post(PASSWORD_PAGE, {"old_password": "wrong", **new}).status_code == 200
    assert client.post(PASSWORD_PAGE, {"old_password": PASSWORD, **new}).status_code == 429
    assert log_in(password=PASSWORD).status_code == 429
    member.refresh_from_db()
    assert member.check_password(PASSWORD)


def test_the_admin_has_no_other_page_for_passwords(staff, client):
    client.force_login(staff)
    assert client.get("/admin/password_change/")["Location"] == PASSWORD_PAGE


def test_a_program_is_told_as_json(member):
    fail()
    response = log_in(password=PASSWORD, accept="application/json")
    error = response.json()["error"]
    assert response.status_code == 429
    assert error["code"] == "rate_limited"
    assert 0 < error["retry_after"] <= WINDOW


def test_without_a_rate_there_is_no_limit_and_nothing_is_kept(member, settings):
    settings.LOGIN_RATE = None
    fail(COUNT + 1)
    assert not FailedLogIn.objects.exists()
    assert log_in(password=PASSWORD).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_more_attempts():
    def try_password(_):
        try:
            with attempt(network=HERE, name="member"):
                raise ValidationError("wrong")
        except ValidationError:
            return "tried"
        except RateLimited:
            return "refused"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(try_password, range(16)))
    assert outcomes.count("tried") == COUNT


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (59.1, "60 seconds"), (60, "60 seconds"), (61, "2 minutes"), (299, "5 minutes")],
)
def test_a_wait_is_said_in_whole_numbers(seconds, words):
    assert wait_in_words(seconds) == words
