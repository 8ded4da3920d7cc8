"""`manage.py collectstatic`, which can also leave alone what is up to date."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.management.commands import collectstatic
from django.core.management.base import CommandParser

STAMP = ".collected"  # in STATIC_ROOT: the fingerprint of the sources that were collected


class Command(collectstatic.Command):
    help = collectstatic.Command.help + " With --if-changed, only after a source has changed."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--if-changed", action="store_true", help="Do nothing while no source changed.")

    def handle(self, *, if_changed: bool = False, **options: Any) -> str | None:
        stamp = Path(settings.STATIC_ROOT) / STAMP
        current = fingerprint()
        if if_changed and stamp.exists() and stamp.read_text() == current:
            return None
        said = super().handle(**options)
        if not options.get("dry_run"):
            stamp.write_text(current)
        return said


def fingerprint() -> str:
    """A digest of each source file's path, size and time of change, and of where they are collected to."""
    lines = [str(settings.STATIC_ROOT), str(settings.STORAGES["staticfiles"])]
    for finder in get_finders():
        for name, storage in finder.list([]):
            file = Path(storage.path(name)).stat()
            lines.append(f"{storage.path(name)} {file.st_size} {file.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
