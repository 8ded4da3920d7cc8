"""What the operations refuse is said on the admin site's pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect

from chatproject.errors import DomainError

if TYPE_CHECKING:
    Pages = admin.ModelAdmin[Any]
else:
    Pages = object


class RefusalsAsMessages(Pages):
    """Where an operation raises a `DomainError`, nothing is saved, and the page says why."""

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return self._saying(request, super().changeform_view, *args, **options)

    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return self._saying(request, super().delete_view, *args, **options)

    def changelist_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return self._saying(request, super().changelist_view, *args, **options)

    def _saying(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], *args: Any, **options: Any
    ) -> HttpResponseBase:
        try:
            return view(request, *args, **options)
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
