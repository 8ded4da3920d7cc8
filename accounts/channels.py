"""The Socket.IO rooms of a person's and of a session's sockets, by the names that the server gives them."""

from chatproject.sockets.channels import DIGEST_LENGTH, session_digest, session_room, user_room

__all__ = ["DIGEST_LENGTH", "session_digest", "session_room", "user_room"]
