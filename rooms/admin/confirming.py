"""Bulk actions that are confirmed: as those of people are, with a reason that is told."""

from typing import Any

from accounts.admin import confirming
from accounts.admin.confirming import Confirming, NothingToSay, counted, listed

__all__ = ["Confirming", "NothingToSay", "ReasonForm", "counted", "listed"]


class ReasonForm(confirming.ReasonForm):
    """Why something is done to somebody, who is told."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].help_text = "It is shown to whom it concerns, and kept in the audit."
