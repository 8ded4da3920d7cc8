"""The rooms that every signed-in socket joins on the server's own decision."""

import hashlib

DIGEST_LENGTH = 32  # hexadecimal digits, 128 bits


def user_room(user_id: int) -> str:
    """All sockets of a signed-in person."""
    return f"user:{user_id}"


def session_room(digest: str) -> str:
    """All sockets that came with the cookie of one Django session."""
    return f"session:{digest}"


def session_digest(session_key: str) -> str:
    """A public name for a session; its key, which is the cookie, cannot be found from it."""
    return hashlib.sha256(f"session:{session_key}".encode()).hexdigest()[:DIGEST_LENGTH]
