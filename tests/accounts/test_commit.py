"""Nobody is told of what has not happened yet, or never will."""

import pytest
from django.db import transaction

from .conftest import session_of, signed_in

pytestmark = pytest.mark.django_db


def test_sockets_are_dropped_after_the_commit(member, django_capture_on_commit_callbacks):
    client = signed_in(member)
    with django_capture_on_commit_callbacks() as callbacks:
        client.post("/accounts/logout/")
    assert len(callbacks) == 1


def test_nothing_is_told_when_the_transaction_fails(member, django_capture_on_commit_callbacks):
    client = signed_in(member)
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        session_of(client).delete()
        transaction.set_rollback(True)
    assert callbacks == []
    assert session_of(client).user == member
