"""Who is asked for the code of the first run."""

import pytest

from accounts.models import User
from rooms.firstrun import needs_code
from rooms.forms import FirstRunForm
from tests.support.server import PASSWORD

HERE = {"REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "localhost"}


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded",
        "Via",
        "X-Real-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "CF-Connecting-IP",
        "True-Client-IP",
        "X-Forwarded-For",
        "X-Forwarded-Server",
        "X-Forwarded-Port",
        "X-Forwarded-Anything",
    ],
)
def test_whatever_came_through_a_proxy_may_be_from_elsewhere(rf, header):
    assert not needs_code(rf.get("/", **HERE))
    assert not needs_code(rf.get("/", **HERE, headers={"X-Forward": "1", "Accept": "*/*"}))
    assert needs_code(rf.get("/", **HERE, headers={header: "127.0.0.1"}))


@pytest.mark.django_db
def test_the_owner_may_have_a_name_that_nobody_else_signs_up_by():
    answer = {"username": "admin", "password1": PASSWORD, "password2": PASSWORD, "kind": "open"}
    assert not User.objects.exists()
    assert FirstRunForm(answer, with_code=False).is_valid()
