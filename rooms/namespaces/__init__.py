"""The Socket.IO namespaces: `/` for everybody, `/admin` for staff."""

from rooms.namespaces.chat import ChatNamespace
from rooms.namespaces.staff import StaffNamespace

__all__ = ["ChatNamespace", "StaffNamespace"]
