"""Socket.IO for Django: namespaces with middlewares, checked events, targets, `publish` after commit,
and who is there now.

Knows Django and python-socketio, and no app.
"""

from chatproject.sockets.live import people_here, people_in, sockets_in
from chatproject.sockets.publishing import publish

__all__ = ["people_here", "people_in", "publish", "sockets_in"]
