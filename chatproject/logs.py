"""What goes into the log of requests that cannot be answered because of what was sent."""

import logging
from http import HTTPStatus

_DJANGO = ("django.request", "django.security.")


class Refusals(logging.Filter):
    """Makes one line of warning of a refused request: no traceback, no line breaks of the visitor's.

    Errors of the server keep their traceback.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not record.name.startswith(_DJANGO):
            return True
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        record.msg, record.args = _printable(record.getMessage()), ()
        record.exc_info = record.exc_text = None
        return _is_first(record)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _is_first(record: logging.LogRecord) -> bool:
    """Whether nothing was said of this request yet: after the reason Django logs the answer, too."""
    request = getattr(record, "request", None)
    if request is None:
        return True
    said, request.refusal_said = getattr(request, "refusal_said", False), True
    return not said
