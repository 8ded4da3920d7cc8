"""What the Python peers say over the wire: the fields of our own server's messages."""

import html
from datetime import UTC, datetime
from typing import Any

COLOURS = 12


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def as_html(body: str) -> str:
    return f"<p>{html.escape(body, quote=False)}</p>\n"


def wire_message(
    *, number: int, room: int, seq: int, client_id: str, person: int, body: str, created_at: str
) -> dict[str, Any]:
    """A message as clients get it."""
    return {
        "id": number,
        "room": room,
        "seq": seq,
        "version": seq,
        "client_id": client_id,
        "author": {
            "id": person,
            "name": f"person{person}",
            "avatar": {"colour": person % COLOURS, "url": None},
            "guest": False,
        },
        "body": body,
        "html": as_html(body),
        "created_at": created_at,
        "edited_at": None,
        "deleted_at": None,
        "reply_to": None,
        "mentions": [],
        "reactions": [],
        "attachments": [],
    }
