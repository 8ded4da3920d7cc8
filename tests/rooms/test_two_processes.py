"""Two processes on one database: they write in the same rooms, act on one person, and never collide."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.rooms.two_writers import ROUNDS
from tests.support.postgresql import new_database
from tests.support.server import ROOT, environment, manage

ROOMS = 8
TIMEOUT = 60  # seconds

SETUP = f"""
from tests.support.people import person, room
owner, member = person("owner"), person("member")
for number in range({ROOMS}):
    room(f"room-{{number}}", owner=owner)
"""


def writer(data_dir: Path, url: str, rooms: list[int]) -> subprocess.Popen[str]:
    """A process that waits for a line before it posts in `rooms`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.rooms.two_writers", *map(str, rooms)],
        cwd=ROOT,
        env=environment(data_dir, DATABASE_URL=url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begin_together(writers: list[subprocess.Popen[str]]) -> None:
    for each in writers:
        assert each.stdout and each.stdout.readline() == "ready\n"
    for each in writers:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()


@pytest.mark.needs("postgresql")
def test_two_processes_that_lock_the_same_rooms_in_opposite_orders_do_not_wait_for_each_other(tmp_path):
    with new_database() as url:
        manage(tmp_path, "migrate", "--verbosity", "0", DATABASE_URL=url)
        manage(tmp_path, "shell", "-c", SETUP, DATABASE_URL=url)
        with psycopg.connect(url) as database:
            ids = [
                pk
                for (pk,) in database.execute(
                    "SELECT id FROM rooms_room WHERE slug LIKE 'room-%' ORDER BY id"
                )
            ]
            assert len(ids) == ROOMS
            writers = [writer(tmp_path, url, order) for order in (ids, ids[::-1])]
            begin_together(writers)
            ended = [each.communicate(timeout=TIMEOUT) for each in writers]
            for said, log in ended:
                assert json.loads(said) == {"Message": ROUNDS * ROOMS, "Sanction": ROUNDS}, log
                assert "one by one" not in log
            held = "SELECT count(*), count(DISTINCT room_id) FROM rooms_sanction WHERE lifted_at IS NULL"
            assert database.execute(held).fetchone() == (ROOMS, ROOMS)
            numbers = "SELECT count(*), max(number) FROM accounts_auditentry WHERE action = 'mute_user'"
            assert database.execute(numbers).fetchone() == (2 * ROUNDS, 2 * ROUNDS)
            rows = database.execute(
                "SELECT room_id, array_agg(seq ORDER BY seq) FROM rooms_message GROUP BY room_id"
            )
            assert dict(rows.fetchall()) == {pk: list(range(1, 2 * ROUNDS + 1)) for pk in ids}
