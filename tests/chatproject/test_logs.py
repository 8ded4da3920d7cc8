"""What is logged of requests that cannot be answered."""

import asyncio
import io
import logging
import re

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousFileOperation
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from chatproject.logs import Console, Line, Refusals
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


# --- How it is written --------------------------------------------------------------------------
class Pieces(io.StringIO):
    """A stream that keeps what it is given apart."""

    def __init__(self):
        super().__init__()
        self.pieces = []

    def write(self, text):
        self.pieces.append(text)
        return len(text)


@pytest.fixture
def written():
    """A logger that writes through a `Console`, and the pieces that have left."""
    handler = Console()
    handler.stream = Pieces()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("tests.console")
    logger.propagate, logger.handlers = False, [handler]
    logger.setLevel(logging.INFO)
    yield logger, handler.stream.pieces
    logger.handlers = []


def test_without_a_loop_each_line_leaves_at_once(written):
    logger, pieces = written
    logger.info("one")
    assert pieces == ["one\n"]
    logger.info("two")
    assert pieces == ["one\n", "two\n"]


async def test_what_is_logged_in_one_turn_of_a_loop_leaves_together_at_its_end(written):
    logger, pieces = written
    for number in range(3):
        logger.info("line %d", number)
    assert pieces == []
    await asyncio.sleep(0)
    assert pieces == ["line 0\nline 1\nline 2\n"]


async def test_an_error_leaves_at_once_with_all_that_came_before(written):
    logger, pieces = written
    logger.info("before")
    logger.error("error")
    assert pieces == ["before\nerror\n"]
    await asyncio.sleep(0)
    assert pieces == ["before\nerror\n"]


async def test_lines_of_threads_stay_in_their_order_and_are_not_lost(written):
    logger, pieces = written
    logger.info("from the loop")
    await asyncio.to_thread(logger.info, "from a thread")
    assert "".join(pieces) == "from the loop\nfrom a thread\n"


async def test_what_waits_can_be_flushed(written):
    logger, pieces = written
    logger.info("waiting")
    logger.handlers[0].flush()
    assert pieces == ["waiting\n"]


def test_a_line_tells_when_how_bad_and_where():
    def record(created):
        made = logging.LogRecord("a.b", logging.INFO, "", 0, "said %s", ("so",), None)
        made.created, made.msecs = created, created % 1 * 1000
        return made

    line, stock = Line(), logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    for created in (1_000_000_000.5, 1_000_000_000.75, 1_000_000_001.25):
        assert line.format(record(created)) == stock.format(record(created))
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,500 INFO a\.b said so", line.format(record(1_000_000_000.5))
    )


class Broken(io.StringIO):
    """A stream on a full disk."""

    def write(self, text):
        raise OSError(28, "No space left on device")


async def test_what_cannot_be_written_is_lost_and_harms_nobody(written):
    logger, _ = written
    failed = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failed.append(context))
    logger.handlers[0].stream = Broken()
    logger.info("from the loop")
    logger.error("an error")
    await asyncio.to_thread(logger.error, "from a thread")
    await asyncio.sleep(0)
    logger.handlers[0].stream = whole = Pieces()
    logger.info("again")
    await asyncio.sleep(0)
    assert whole.pieces == ["again\n"]
    assert failed == []
