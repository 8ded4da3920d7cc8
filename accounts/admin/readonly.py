"""Pages of Django's admin to look at."""

from typing import Any

from django.http import HttpRequest


class ReadOnlyAdmin:
    """Nothing is added, changed or deleted, by nobody; for pages and for rows below a page."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
