"""What is logged of requests that cannot be answered."""

import io
import logging

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousFileOperation
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from chatproject.logs import Refusals
from chatproject.urls import urlpatterns as product

FORGED = "2026-01-01 ERROR forged"


def posted(request):
    return HttpResponse(len(request.POST))


def answers(status):
    return lambda request: HttpResponse(status=status)


def raises(error):
    def view(request):
        raise error

    return view


urlpatterns = [
    path("posted/", posted),
    path("plain/", answers(400)),
    path("path/", raises(SuspiciousFileOperation(f"The path (/a\n{FORGED}\x1b[2J) is outside"))),
    path("bad/", raises(BadRequest(f"no\r\n{FORGED}"))),
    path("forbidden/", raises(PermissionDenied("no"))),
    path("broken/", raises(ValueError("a real error"))),
    *product,
]

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def console(monkeypatch):
    """What the product's own handler writes."""
    [handler] = [
        handler
        for handler in logging.getLogger().handlers
        if any(isinstance(each, Refusals) for each in handler.filters)
    ]
    written = io.StringIO()
    monkeypatch.setattr(handler, "stream", written)
    return written


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


def logged(console):
    """The lines without their times."""
    return [line.split(" ", 2)[2] for line in console.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("/plain/", 400, "Bad Request: /plain/"),
        ("/path/", 400, f"The path (/a\\n{FORGED}\\x1b[2J) is outside"),
        ("/bad/", 400, f"no\\r\\n{FORGED}: /bad/"),
        ("/forbidden/", 403, "Forbidden (Permission denied): /forbidden/"),
        ("/nothing/%0aforged", 404, "Not Found: /nothing/"),
    ],
)
def test_a_refused_request_is_one_line_of_warning(visitor, console, url, status, said):
    assert visitor.get(url).status_code == status
    [line] = logged(console)
    assert line.startswith("WARNING django.")
    assert said in line


@pytest.mark.parametrize("host", ["evil.example", "evil.example\nforged", "[", "\u0661"])
def test_a_foreign_host_is_one_line_of_warning(visitor, console, host):
    assert visitor.get("/", headers={"host": host}).status_code == 400
    [line] = logged(console)
    assert line.startswith("WARNING django.security.DisallowedHost Invalid HTTP_HOST header: ")


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_a_request_that_is_too_large_is_one_line_of_warning(visitor, console, settings, kind):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    body = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + "b" * 50 + "\r\n--x--\r\n"
    assert visitor.post("/posted/", body, content_type=kind).status_code in {400, 413}
    [line] = logged(console)
    assert line.startswith("WARNING django.security.RequestDataTooBig Request body exceeded")


def test_each_request_has_its_line(visitor, console):
    for _ in range(2):
        visitor.get("/path/")
    assert len(logged(console)) == 2


def test_a_real_error_keeps_its_traceback(visitor, console):
    assert visitor.get("/broken/").status_code == 500
    first, *traceback = console.getvalue().splitlines()
    assert first.endswith("ERROR django.request Internal Server Error: /broken/")
    assert traceback[0].startswith("Traceback")
    assert traceback[-1] == "ValueError: a real error"
