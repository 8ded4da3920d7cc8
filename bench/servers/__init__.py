"""Who is measured: our server, and its peers."""

from .chat import Chat
from .contender import Contender
from .peers import CHANNELS, NODE, PYTHON_SOCKETIO, UWEBSOCKETS

OURS: Contender = Chat()
PEERS: tuple[Contender, ...] = (NODE, UWEBSOCKETS, PYTHON_SOCKETIO, CHANNELS)
ALL: tuple[Contender, ...] = (OURS, *PEERS)

__all__ = ["ALL", "CHANNELS", "NODE", "OURS", "PEERS", "PYTHON_SOCKETIO", "UWEBSOCKETS", "Contender"]
