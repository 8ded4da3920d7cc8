"""`manage.py serve`: the product in one process, pages and sockets on one port."""

import errno
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.module_loading import import_string

from chatproject.logs import leave_out_unread
from chatproject.serving import base_url, listen, serve

FIRST_RUN_CODE = "Code for the first run, asked for unless the browser is on this machine"
REASONS = {
    errno.EADDRINUSE: "something else listens there; choose another with PORT=… or --port",
    errno.EACCES: "ports below 1024 need more rights; choose another with PORT=… or --port",
    errno.EADDRNOTAVAIL: "this machine does not have that address; choose another with HOST=… or --host",
}


class Command(BaseCommand):
    help = "Serves pages and sockets on HOST and PORT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (%(default)s)")
        parser.add_argument(
            "--port", default=settings.PORT, type=int, help="port; 0: a free one (%(default)s)"
        )

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        leave_out_unread()
        try:
            sockets = listen(host, port)
        except OSError as error:
            reason = REASONS.get(error.errno or 0, error.strerror or str(error))
            raise CommandError(f"Cannot serve on {host} port {port}: {reason}.") from None
        code = self._first_run_code()
        if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
            raise CommandError("The static files are not collected: run `manage.py collectstatic`.")
        application = import_string(settings.ASGI_APPLICATION)

        def announce() -> None:
            self.stdout.write(f"Serving on {base_url(host, sockets[0])}")
            if code:
                self.stdout.write(f"Nobody owns this chat yet. {FIRST_RUN_CODE}: {code}")
            self.stdout.flush()

        serve(application, sockets, announce)

    def _first_run_code(self) -> str | None:
        # Imported late, because only a composer's own start may ask the rooms app for anything.
        from rooms.firstrun import first_run_code  # noqa: PLC0415

        try:
            return first_run_code()
        except DatabaseError as error:
            raise CommandError(f"The database is not ready ({error}): run `manage.py migrate`.") from None
