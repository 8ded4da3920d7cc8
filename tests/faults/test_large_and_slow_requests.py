"""Requests and frames that are far too large, or take for ever to come: refused, closed, and cheap."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Iterator
from time import monotonic

import pytest

from tests.conftest import NewServer
from tests.support.server import Server, Visitor

from .raw import TEXT, Raw, frame, memory

REQUEST_TIMEOUT = 0.8  # seconds; the product's own is 10
BODY_PACE = 500  # bytes a second that are fast enough
AT_LEAST_BY = REQUEST_TIMEOUT + 3  # seconds; a loaded machine may add some
MEGABYTE = 2**20
MORE_MEMORY = 5 * MEGABYTE
PIECES = 3_200  # of 64 KB: 200 MB
CLOCKS = 0.05  # second by which two clocks may differ
LAG = 0.1  # seconds that the server may take for what is done at once
BUSY = 10  # times as long may it take where all takes long
USUAL = 10  # looks before
LOOK = 0.02  # seconds between two looks at that
DEFLATED = 0x40  # the bit of a frame that is compressed


@pytest.fixture(scope="module")
def bounded(new_server: NewServer) -> Iterator[Server]:
    """The product, with little patience for those who do not finish their requests."""
    with new_server(REQUEST_TIMEOUT=str(REQUEST_TIMEOUT)) as server:
        server.first_run()
        Visitor(server.url).post("/accounts/login/", username="nobody")  # what is made once is there
        yield server


@contextlib.asynccontextmanager
async def quick(server: Server) -> AsyncIterator[None]:
    """All the while a bystander is answered at once, and hardly any memory is taken."""
    async with Raw(server.port) as bystander:
        await bystander.enter()
        usual = max([await _lag(bystander) for _ in range(USUAL)])
        before = memory(server.pid)
        lags: list[float] = []
        most = [before]
        watching = asyncio.create_task(_watch(bystander, server.pid, lags, most))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])
        most.append(memory(server.pid))
        lags.sort()
        assert lags[(len(lags) - 1) * 95 // 100] <= max(LAG, BUSY * usual), lags[-5:]
        assert max(most) - before <= MORE_MEMORY


async def _watch(bystander: Raw, pid: int, lags: list[float], most: list[int]) -> None:
    while True:
        lags.append(await _lag(bystander))
        most.append(memory(pid))
        await asyncio.sleep(LOOK)


async def _lag(bystander: Raw) -> float:
    """The seconds that the server takes to say that there is no such command."""
    began = monotonic()
    bystander.say('421["nothing"]')
    while text := await bystander.text():
        if text.startswith("431["):
            return monotonic() - began
    raise AssertionError("cut off")


async def drip(raw: Raw, data: bytes, every: float) -> None:
    """Sends a byte now and then, until it is all there or nobody is left."""
    for byte in data:
        if raw.writer.is_closing():
            return
        raw.send(bytes([byte]))
        await asyncio.sleep(every)


async def pour(raw: Raw, piece: bytes, count: int) -> None:
    """Sends a piece again and again, as fast as it is taken, until nobody is left."""
    with contextlib.suppress(OSError):
        for _ in range(count):
            if raw.writer.is_closing():
                return
            raw.send(piece)
            await raw.writer.drain()


# --- Heads --------------------------------------------------------------------------------------
BEGINNING = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
SLOW_HEADS = [
    b"",
    b"\r\n" * 100,
    b"GET /" + b"x" * 500,
    BEGINNING + b"X: y\r\n" * 100,
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nUpgrade: websocket\r\n" + b"X: y\r\n" * 100,
]


async def expect_timeout(slow: Raw, data: bytes, *answers: int) -> None:
    """Sent byte by byte, the request is given up when its time is over."""
    began = monotonic()
    dripping = asyncio.create_task(drip(slow, data, 0.01))
    assert await slow.status() in answers
    assert monotonic() - began + CLOCKS >= REQUEST_TIMEOUT
    await slow.ended()
    assert monotonic() - began <= AT_LEAST_BY
    dripping.cancel()


async def test_a_head_that_takes_too_long_ends_its_connection(bounded):
    async def begin(head: bytes) -> None:
        async with Raw(bounded.port) as slow:
            await expect_timeout(slow, head, 408 if head else 0)

    async def begin_again() -> None:
        async with Raw(bounded.port) as slow:
            slow.send(BEGINNING + b"\r\n")
            assert await slow.status() == 200
            await expect_timeout(slow, b"GET /healthz", 408)

    async with quick(bounded):
        await asyncio.gather(begin_again(), *map(begin, SLOW_HEADS))


LARGE_HEADS = [
    b"GET /healthz?" + b"x" * 100_000 + BEGINNING[12:],
    BEGINNING + b"X: " + b"x" * 100_000 + b"\r\n",
    BEGINNING + b"X: y\r\n" * 20_000,
]


async def test_a_head_that_is_too_large_is_refused(bounded):
    async def ask(head: bytes, piece: int) -> None:
        async with Raw(bounded.port) as large:
            for start in range(0, len(head), piece):
                large.send(head[start : start + piece])
                await asyncio.sleep(0)
            assert await large.status() == 431
            await large.ended()

    async with quick(bounded):
        whole = (ask(head + b"\r\n", len(head)) for head in LARGE_HEADS)
        unfinished = (ask(head, 5_000) for head in LARGE_HEADS)
        await asyncio.gather(*whole, *unfinished)


async def test_headers_that_never_stop_are_not_kept(bounded):
    async with quick(bounded), Raw(bounded.port) as large:
        large.send(BEGINNING)
        answer = asyncio.create_task(large.status())
        await pour(large, b"X: " + b"y" * 65_536 + b"\r\n", PIECES)
        assert await answer in {0, 431}  # 0: gone before it could be read


# --- Bodies -------------------------------------------------------------------------------------
PATHS = ["/accounts/login/", "/healthz", "/socket.io/?EIO=4&transport=polling"]
FORM = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"


def post(path: str, header: str) -> bytes:
    """The head of a request with a body."""
    return f"POST {path} HTTP/1.1\r\n{FORM}{header}\r\n\r\n".encode()


async def test_a_body_that_says_it_is_too_large_is_not_waited_for(bounded):
    async with quick(bounded), Raw(bounded.port) as large:
        large.send(post("/accounts/login/", "Content-Length: 200000000"))
        assert await large.status() == 413
        await large.ended()


async def test_a_body_of_200_megabytes_that_does_not_say_so_is_cut_off(bounded):
    async with quick(bounded):
        for path in PATHS:
            async with Raw(bounded.port) as large:
                large.send(post(path, "Transfer-Encoding: chunked"))
                answer = asyncio.create_task(large.status())
                await pour(large, b"10000\r\n" + b"x" * 65_536 + b"\r\n", PIECES)
                assert await answer in {0, 400, 405, 413}, path  # what is refused anyhow is not read


async def test_a_body_has_to_get_on(bounded):
    async def send_slowly() -> None:
        async with Raw(bounded.port) as slow:
            slow.send(post("/accounts/login/", "Content-Length: 100000"))
            await expect_timeout(slow, b"x" * 300, 408)

    async def send_steadily() -> None:
        size, pieces = BODY_PACE * 4, 10
        async with Raw(bounded.port) as steady:
            steady.send(post("/accounts/login/", f"Content-Length: {size}"))
            for _ in range(pieces):
                steady.send(b"x" * (size // pieces))
                await asyncio.sleep(REQUEST_TIMEOUT * 2 / pieces)
            assert await steady.status() == 403  # by Django: it holds no token

    async with quick(bounded):
        await asyncio.gather(send_slowly(), send_steadily())


# --- WebSocket frames ---------------------------------------------------------------------------
async def test_a_frame_over_the_limit_is_closed_with_1009(bounded):
    async with quick(bounded):
        for size in (100_001, 1_000_000, 17_000_000):
            async with Raw(bounded.port) as large:
                await large.enter()
                head = frame("4" * size)[:65_536]
                answer = asyncio.create_task(large.close_code())
                await pour(large, head, 1)
                await pour(large, b"x" * 65_536, size // 65_536)
                assert await answer in {0, 1009}  # 0: gone before it could be read


async def test_an_event_over_the_limit_is_told_so(bounded):
    async with quick(bounded), Raw(bounded.port) as large:
        await large.enter()
        large.say('421["sync",{"rooms":"' + "x" * 65_536 + '"}]')
        while (answer := await large.text()) and not answer.startswith("431"):
            pass
        assert '"too_large"' in answer


async def test_pieces_of_a_message_are_counted_together(bounded):
    async with quick(bounded), Raw(bounded.port) as large:
        await large.enter()
        large.send(frame("42[", TEXT, flags=0))
        answer = asyncio.create_task(large.close_code())
        await pour(large, frame("x" * 60_000, 0, flags=0), 300)  # 18 MB
        assert await answer in {0, 1009}


async def test_what_is_compressed_is_not_unpacked(bounded):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b"x" * 50_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)
    async with quick(bounded), Raw(bounded.port) as bomb:
        await bomb.open(Sec_WebSocket_Extensions="permessage-deflate")
        bomb.send(frame(packed, flags=0x80 | DEFLATED))
        assert await bomb.close_code() == 1002
