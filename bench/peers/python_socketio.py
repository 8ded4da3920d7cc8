"""python-socketio as it comes, with uvicorn; each message is stored, durably, before anybody hears of it."""

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import socketio
import uvicorn

from bench.peers.messages import as_html, now, wire_message

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE room (id INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL DEFAULT 0);
CREATE TABLE message (
    id INTEGER PRIMARY KEY, room INTEGER NOT NULL REFERENCES room (id), seq INTEGER NOT NULL,
    client_id TEXT NOT NULL, author INTEGER NOT NULL, body TEXT NOT NULL, html TEXT NOT NULL,
    created_at TEXT NOT NULL, UNIQUE (room, seq), UNIQUE (author, client_id)
);
"""

sio = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])
app = socketio.ASGIApp(sio)
# One thread writes, so that messages are broadcast in the order of their numbers.
writer = ThreadPoolExecutor(1)
database = sqlite3.connect(os.environ["DATABASE"], isolation_level=None, check_same_thread=False)
database.executescript(SCHEMA)


def open_room(room: int) -> None:
    database.execute("INSERT INTO room (id) VALUES (?) ON CONFLICT DO NOTHING", (room,))


def store(room: int, person: int, client_id: str, body: str) -> dict[str, Any]:
    created_at = now()
    database.execute("BEGIN IMMEDIATE")
    (seq,) = database.execute(
        "UPDATE room SET last_seq = last_seq + 1 WHERE id = ? RETURNING last_seq", (room,)
    ).fetchone()
    number = database.execute(
        "INSERT INTO message (room, seq, client_id, author, body, html, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (room, seq, client_id, person, body, as_html(body), created_at),
    ).lastrowid
    database.execute("COMMIT")
    return wire_message(
        number=number or 0,
        room=room,
        seq=seq,
        client_id=client_id,
        person=person,
        body=body,
        created_at=created_at,
    )


async def in_thread(function: Any, *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(writer, function, *arguments)


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: dict[str, int]) -> None:
    await in_thread(open_room, auth["room"])
    await sio.save_session(sid, auth)
    await sio.enter_room(sid, f"room:{auth['room']}")


@sio.event
async def post_message(sid: str, payload: dict[str, Any]) -> dict[str, Any]:
    session = await sio.get_session(sid)
    room = session["room"]
    message = await in_thread(store, room, session["person"], payload["client_id"], payload["body"])
    posted = {"room": room, "version": message["version"], "message": message}
    await sio.emit("message_posted", posted, room=f"room:{room}", skip_sid=sid)
    return {"ok": True, "data": {"message": message}}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), loop="uvloop", access_log=False, log_level="warning")
