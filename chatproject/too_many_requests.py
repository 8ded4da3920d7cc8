"""How a page says that something was asked for too often."""

import math
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from chatproject.errors import RateLimited

MINUTE = 60  # seconds


class TooManyRequests(MiddlewareMixin):
    """Middleware: what a view raises as `RateLimited` is answered by 429, with a page or with JSON."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, RateLimited):
            return None
        response = _answer(request, error)
        response["Retry-After"] = str(math.ceil(error.details["retry_after"]))
        response["Cache-Control"] = "no-store"
        return response


def _answer(request: HttpRequest, error: RateLimited) -> HttpResponse:
    status = HTTPStatus.TOO_MANY_REQUESTS
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"error": error.payload()}, status=status)
    context = {"message": str(error), "wait": wait_in_words(error.details["retry_after"])}
    return render(request, "429.html", context, status=status)


def wait_in_words(seconds: float) -> str:
    """`40 seconds`, `1 minute`, `5 minutes`: rounded up, and never none."""
    if seconds <= MINUTE:
        count, unit = max(1, math.ceil(seconds)), "second"
    else:
        count, unit = math.ceil(seconds / MINUTE), "minute"
    return f"{count} {unit}{'' if count == 1 else 's'}"
