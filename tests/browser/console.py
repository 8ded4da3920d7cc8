"""The live console in front of a browser, for the tests."""

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.browser.visits import Visit
from tests.support.server import Server, manage


def at_console(visit: Visit, place: str = "") -> Visit:
    """Opens the console at a place in it; it is live when this returns."""
    visit.go(f"/staff/#{place}")
    expect(visit.page.locator(".console-state")).to_have_text("Live")
    return visit


def section(staff: Visit, name: str) -> Locator:
    staff.page.get_by_role("navigation", name="Sections").get_by_role("link", name=name).click()
    return staff.page.locator(f'[data-section="{name.lower()}"]')


def staff_person(served: Server, visit: Callable[..., Visit], name: str, group: str = "") -> Visit:
    """A new person of the staff, in a group of those that there are from the start."""
    person = visit(name)
    script = (
        "from accounts.models import User; from django.contrib.auth.models import Group, Permission;"
        f" user = User.objects.get(username={name!r}); user.is_staff = True; user.save();"
        f" group = {group!r};"
        " user.groups.add(Group.objects.get(name=group)) if group else"
        " user.user_permissions.add(Permission.objects.get(codename='use_console'))"
    )
    manage(served.data_dir, "shell", "--verbosity", "0", "--command", script)
    return person
