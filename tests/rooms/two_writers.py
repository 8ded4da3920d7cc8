"""One process that posts in rooms in a given order, through a write queue of its own: `python -m … id id id`.

Prints what came of its posts, counted, as JSON.
"""

import asyncio
import json
import sys
from collections import Counter
from functools import partial
from uuid import uuid4

import django

django.setup()

from accounts.models import User  # noqa: E402
from chatproject.writes import WriteQueue  # noqa: E402
from rooms.namespaces.locks import take_locks  # noqa: E402
from rooms.operations.messages import post_message  # noqa: E402

ROUNDS = 40


async def post_in(rooms: list[int]) -> Counter[str]:
    queue = WriteQueue()
    author = await User.objects.aget(username="owner")
    outcomes = [outcome for _ in range(ROUNDS) for outcome in await _post_at_once(queue, author, rooms)]
    await queue.drain()
    return Counter(type(outcome).__name__ for outcome in outcomes)


async def _post_at_once(queue: WriteQueue, author: User, rooms: list[int]) -> list[object]:
    posts = [partial(post_message, person=author, room=room, client_id=uuid4(), body="Hi") for room in rooms]
    keys = [[room] for room in rooms]
    asked = [queue.run(post, lock=take_locks, keys=key) for post, key in zip(posts, keys, strict=True)]
    return list(await asyncio.gather(*asked, return_exceptions=True))


if __name__ == "__main__":
    print("ready", flush=True)  # noqa: T201 - both begin in the same moment
    sys.stdin.readline()
    sys.stdout.write(json.dumps(asyncio.run(post_in([int(room) for room in sys.argv[1:]]))))
