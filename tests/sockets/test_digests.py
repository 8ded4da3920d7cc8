"""Events that come too often: the first of a moment leave at once, the others as a digest at its end."""

import pytest

from chatproject.sockets import digests, publish

from .support import Echo


class Hall(Echo):
    """Everybody is in hall."""

    async def on_connect(self, socket):
        self.server.enter(socket, "hall")


def summed(payloads):
    """One payload for all."""
    return [{"numbers": [payload["number"] for payload in payloads]}]


@pytest.fixture
async def app(stage):
    return await stage.serve(Hall("/"))


@pytest.fixture
async def entry(stage, app):
    return await stage.enter(app)


def tell(numbers, event="news", digest=summed, **options):
    for number in numbers:
        publish(event, {"number": number}, to="hall", digest=digest, **options)


async def test_as_many_as_may_leave_at_once(entry, app):
    tell(range(digests.SINGLY))
    assert len(await entry.received("news")) == digests.SINGLY
    app.server._digests.release()
    assert len(await entry.received("news")) == digests.SINGLY


async def test_what_is_more_leaves_at_the_end_of_the_moment_digested(entry, app):
    tell(range(digests.SINGLY + 3))
    assert len(await entry.received("news")) == digests.SINGLY
    app.server._digests.release()
    more = [digests.SINGLY, digests.SINGLY + 1, digests.SINGLY + 2]
    assert (await entry.received("news"))[digests.SINGLY :] == [{"numbers": more}]
    tell([0])
    assert (await entry.received("news"))[-1] == {"number": 0}


async def test_a_moment_ends_by_itself(entry, monkeypatch):
    monkeypatch.setattr(digests, "MOMENT", 0.01)
    monkeypatch.setattr(digests, "SINGLY", 1)
    tell(range(3))
    assert await entry.receive("news") == {"number": 0}
    assert await entry.receive("news") == {"numbers": [1, 2]}


async def test_one_event_takes_nothing_from_another(entry, monkeypatch):
    monkeypatch.setattr(digests, "SINGLY", 1)
    tell(range(3))
    tell(range(1), event="weather")
    publish("news", {"number": 9}, to="hall")
    assert await entry.received("weather") == [{"number": 0}]
    assert await entry.received("news") == [{"number": 0}, {"number": 9}]


async def test_no_more_is_kept_than_there_is_room_for(entry, app, monkeypatch):
    monkeypatch.setattr(digests, "MOST_KEPT", 5)
    tell(range(100))
    await entry.received("")
    app.server._digests.release()
    await entry.received("")
    assert len(entry.events[-1][1]["numbers"]) == 5
