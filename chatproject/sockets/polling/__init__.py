"""Long-polling besides WebSocket, for networks that let no WebSocket through.

What a client says comes by POST, and what it is told waits for its next GET; when it can, it moves on to a
WebSocket, and is then served like any other. Lines, pings, limits and checks are those of `Engine`: nothing
here knows python-engineio. Sessions are in the memory of one process: several processes need a proxy that
sends all requests of one session to the same.
"""

from chatproject.sockets.polling.engine import PollingEngine

__all__ = ["PollingEngine"]
