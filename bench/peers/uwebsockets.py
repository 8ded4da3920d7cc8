"""uWebSockets (C++) through socketify: its own publish, and no database. The ceiling, not a chat."""

import itertools
import json
import os
from typing import Any

from socketify import App, OpCode

from bench.peers.messages import now, wire_message

numbers = itertools.count(1)
counters: dict[int, int] = {}


def upgrade(response: Any, request: Any, context: Any) -> None:
    response.upgrade(
        request.get_header("sec-websocket-key"),
        request.get_header("sec-websocket-protocol"),
        request.get_header("sec-websocket-extensions"),
        context,
        {"room": int(request.get_parameter(0)), "person": int(request.get_query("person"))},
    )


def connected(socket: Any) -> None:
    socket.subscribe(f"room:{socket.get_user_data()['room']}")
    socket.send('{"type":"ready"}', OpCode.TEXT)


def received(socket: Any, text: str, opcode: OpCode) -> None:
    command, user = json.loads(text), socket.get_user_data()
    room = user["room"]
    seq = counters[room] = counters.get(room, 0) + 1
    message = json.dumps(
        wire_message(
            number=next(numbers),
            room=room,
            seq=seq,
            client_id=command["client_id"],
            person=user["person"],
            body=command["body"],
            created_at=now(),
        ),
        separators=(",", ":"),
    )
    ack = f'{{"type":"ack","id":{command["id"]},"ok":true,"data":{{"message":{message}}}}}'
    socket.send(ack, OpCode.TEXT)
    posted = f'{{"type":"message_posted","room":{room},"version":{seq},"message":{message}}}'
    socket.publish(f"room:{room}", posted, OpCode.TEXT)


app = App()
app.ws(
    "/chat/:room/",
    {
        "compression": False,
        "max_payload_length": 100_000,
        "idle_timeout": 60,
        "upgrade": upgrade,
        "open": connected,
        "message": received,
    },
)
app.listen({"port": int(os.environ["PORT"]), "host": "127.0.0.1"})
app.run()
