"""Whatever people do and lines lose: who catches up holds what everybody holds, and no more than they may."""

from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from rooms.models import Room
from rooms.operations import catching_up, deleting, reading, versions
from tests.rooms.nothing_lost.machine import Conversation

pytestmark = pytest.mark.django_db

# `--hypothesis-profile=long` takes the profile of that name instead, from tests/conftest.py.
SHORT = settings(max_examples=20, stateful_step_count=25, deadline=None, database=None)


@pytest.fixture
def little_fits(settings):
    """Few changes are many here: answers are cut, rooms do not fit in, and pages start anew."""
    settings.SYNC_LIMIT = 8
    with (
        mock.patch.multiple(catching_up, SYNC_PAGE=2, SYNC_TOTAL=3, PAGE=2),
        mock.patch.object(reading, "PAGE", 4),
        mock.patch.object(deleting, "AT_ONCE", 2),
        mock.patch.object(versions, "TOLD_EACH", 1_000),  # each change is heard of once
    ):
        yield


@pytest.mark.usefixtures("little_fits")
def test_who_catches_up_holds_what_everybody_holds():
    Room.objects.all().delete()  # the one that every new database has
    profile = settings.get_profile("long") if settings.get_current_profile_name() == "long" else SHORT
    run_state_machine_as_test(
        Conversation, settings=settings(profile, suppress_health_check=list(HealthCheck))
    )
