"""Serves named files of npm packages, and nothing else of `node_modules`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage


class _PackageStorage(FileSystemStorage):
    """`node_modules`, with the files of `PACKAGE_FILES` under the names they are served by."""

    def path(self, name: str) -> str:
        return super().path(settings.PACKAGE_FILES[name])


class PackageFileFinder(BaseFinder):
    """Finds the files of the setting `PACKAGE_FILES`: served name -> path below `node_modules`."""

    def __init__(self) -> None:
        self.storage = _PackageStorage(location=settings.BASE_DIR / "node_modules")

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        file = self.storage.path(path) if path in settings.PACKAGE_FILES else None
        found = [file] if file and Path(file).is_file() else []
        return found if find_all else (found[0] if found else None)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for name in settings.PACKAGE_FILES:
            if not matches_patterns(name, list(ignore_patterns or [])):
                yield name, self.storage
