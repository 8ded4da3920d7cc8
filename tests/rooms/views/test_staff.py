"""The live console's page: who gets it, and what it offers them."""

import re

import pytest
from django.contrib.auth.models import Permission

from .conftest import browser, guest_browser

pytestmark = pytest.mark.django_db


def offered(page):
    """The permissions that the page goes by."""
    found = re.search(r'data-permissions="([^"]*)"', page.content.decode())
    assert found
    return set(found[1].split())


def test_staff_get_the_console_with_what_they_may_do(staff, lobby):
    page = browser(staff).get("/staff/")
    assert page.status_code == 200
    assert f'data-user-id="{staff.pk}"' in page.content.decode()
    assert offered(page) >= {"moderate_rooms", "ban_users", "view_private_rooms", "use_console", "announce"}
    staff.user_permissions.set(Permission.objects.filter(codename__in=["use_console", "moderate_rooms"]))
    page = browser(staff).get("/staff/")
    assert offered(page) == {"use_console", "moderate_rooms"}
    assert "Reports" in page.content.decode()
    assert "announce-form" not in page.content.decode()


def test_others_are_refused_the_console_and_told_what_to_do(member, lobby):
    page = browser(member).get("/staff/")
    assert page.status_code == 403
    assert "rooms/staff_refused.html" in [template.name for template in page.templates]
    assert "staff" in page.content.decode()


def test_visitors_are_asked_to_log_in_for_the_console(lobby):
    for client in (browser(), guest_browser("Gus")):
        page = client.get("/staff/")
        assert page.status_code == 302
        assert page["Location"].startswith("/accounts/login/?next=/staff/")
