"""Why somebody's sockets are dropped."""

from enum import StrEnum


class Reason(StrEnum):
    """What the event `session_ended` gives as its reason."""

    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    DEACTIVATED = "deactivated"
    BANNED = "banned"
    NOT_STAFF = "not_staff"
    EXPIRED = "expired"
    REVOKED = "revoked"
