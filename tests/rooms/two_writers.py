"""One process that posts in rooms in a given order, and mutes the same person in each, all through a write
queue of its own: `python -m … id id id`.

Prints what came of it, counted, as JSON.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import django

django.setup()

from accounts.models import User  # noqa: E402
from chatproject.writes import WriteQueue  # noqa: E402
from rooms.namespaces.locks import LockKey, PersonOf, take_locks  # noqa: E402
from rooms.operations.messages import post_message  # noqa: E402
from rooms.operations.sanctions import mute_user  # noqa: E402

ROUNDS = 40


async def post_in(rooms: list[int]) -> Counter[str]:
    queue = WriteQueue()
    author, member = [await User.objects.aget(username=name) for name in ("owner", "member")]
    outcomes = [
        outcome
        for number in range(ROUNDS)
        for outcome in await _at_once(queue, author, member, rooms, rooms[number % len(rooms)])
    ]
    await queue.drain()
    return Counter(type(outcome).__name__ for outcome in outcomes)


async def _at_once(
    queue: WriteQueue, author: User, member: User, rooms: list[int], muted_in: int
) -> list[object]:
    mute = partial(mute_user, by=author, user=member.pk, room=muted_in, reason="Flooding")
    acts: list[tuple[Callable[[], object], list[LockKey]]] = [
        (partial(post_message, person=author, room=room, client_id=uuid4(), body="Hi"), [room])
        for room in rooms
    ]
    acts.append((mute, [muted_in, PersonOf(member.pk)]))
    asked = [queue.run(act, lock=take_locks, keys=keys) for act, keys in acts]
    return list(await asyncio.gather(*asked, return_exceptions=True))


if __name__ == "__main__":
    print("ready", flush=True)  # noqa: T201 - both begin in the same moment
    sys.stdin.readline()
    sys.stdout.write(json.dumps(asyncio.run(post_in([int(room) for room in sys.argv[1:]]))))
