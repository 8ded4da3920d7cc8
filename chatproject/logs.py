"""How the log is written, and what goes into it of requests that cannot be answered."""

import asyncio
import atexit
import logging
import time
from contextlib import suppress
from http import HTTPStatus
from typing import TextIO

_DJANGO = ("django.request", "django.security.")


def leave_out_unread() -> None:
    """Has the logging module not look for what no line of ours tells: file, thread, process and task."""
    logging._srcfile = None  # noqa: SLF001 - by the module's own documentation, under "Optimization"
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    if hasattr(logging, "logAsyncioTasks"):  # since Python 3.12
        logging.logAsyncioTasks = False


class Console(logging.StreamHandler[TextIO]):
    """Writes to standard error; what is logged in one turn of an event loop leaves in one piece, at its end.

    Errors, and what is logged where no loop runs, leave at once, with all that came before.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        atexit.register(self._write)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.append(self.format(record))
        except Exception:
            self.handleError(record)
            return
        loop = None if record.levelno >= logging.ERROR else _running_loop()
        if loop is None:
            self._write()
        elif len(self._lines) == 1:
            loop.call_soon(self._write)

    def flush(self) -> None:
        """Writes what has not been written yet."""
        self._write()

    def _write(self) -> None:
        self.acquire()
        try:
            lines, self._lines = self._lines, []
            # The disk is full, or the reader is gone: there is nobody left to be told.
            with suppress(Exception):
                if lines:
                    self.stream.write("\n".join(lines) + "\n")
                    self.stream.flush()
        finally:
            self.release()


class Line(logging.Formatter):
    """`2026-01-31 12:00:00,123 LEVEL logger message`; the second is made once for all its lines."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._second = 0
        self._made = ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        second = int(record.created)
        if second != self._second:
            self._second, self._made = second, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
        return f"{self._made},{int(record.msecs):03d}"


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


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _is_first(record: logging.LogRecord) -> bool:
    """Whether nothing was said of this request yet: after the reason Django logs the answer, too."""
    request = getattr(record, "request", None)
    if request is None:
        return True
    said, request.refusal_said = getattr(request, "refusal_said", False), True
    return not said
