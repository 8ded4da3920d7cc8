"""Django's own hook for changed passwords: it is told by every page, command and call that sets one."""

from typing import Any

from . import operations


class PasswordChangeWatcher:
    """Stands among the password validators and accepts every password."""

    def validate(self, password: str, user: Any = None) -> None:
        return

    def get_help_text(self) -> str:
        return "Changing your password later signs you out everywhere else."

    def password_changed(self, password: str, user: Any = None) -> None:
        operations.password_changed(user=user)
