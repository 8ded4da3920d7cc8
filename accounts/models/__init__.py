from .audit import AuditEntry, AuditHead
from .failed_log_in import FailedLogIn
from .session import Session
from .user import User

__all__ = ["AuditEntry", "AuditHead", "FailedLogIn", "Session", "User"]
