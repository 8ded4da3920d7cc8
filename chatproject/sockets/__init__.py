"""Socket.IO for Django: namespaces with middlewares, checked events, targets, and `publish` after commit.

Knows Django and python-socketio, and no app.
"""

from chatproject.sockets.publishing import publish

__all__ = ["publish"]
