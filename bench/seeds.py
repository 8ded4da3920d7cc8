"""Data folders of our server with people, sessions, rooms and messages in them; made once, then kept."""

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .layout import Layout
from .places import CACHE, ROOT
from .progress import say

TOO_LARGE_TO_COPY = 100_000  # messages: such a folder is served as it is, and only read from
KEPT = 24 * 3600  # seconds
MADE = "people.json"  # written last
# What a seed depends on, besides its layout.
SOURCES = ("bench/seeding/*.py", "accounts/migrations/*.py", "rooms/migrations/*.py")


def seeded(layout: Layout) -> Path:
    """The folder for `layout`, made if there is none yet."""
    folder = _store() / layout.name
    if not (folder / MADE).exists():
        say(f"preparing {layout.messages:,} messages for {layout.people:,} people")
        _make(folder, layout)
    return folder


def copied(layout: Layout, folder: Path) -> Path:
    """A data folder for one run of the server, below `folder`."""
    source = seeded(layout)
    if layout.messages >= TOO_LARGE_TO_COPY:
        return source
    return Path(shutil.copytree(source, folder / "data"))


def _make(folder: Path, layout: Layout) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    base = _base()
    shutil.copytree(base, folder)
    _django(folder, "-m", "bench.seeding", str(layout.rooms), str(layout.size), str(layout.messages))


def _base() -> Path:
    """An empty database and the collected static files, which take longer than all else."""
    folder = _store() / "base"
    if not (folder / "static" / "staticfiles.json").exists():
        say("preparing the database")
        shutil.rmtree(folder, ignore_errors=True)
        _django(folder, "manage.py", "migrate", "--verbosity", "0")
        _django(folder, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    return folder


def _django(data: Path, *arguments: str) -> None:
    data.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "chatproject.settings"}
    environment.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)


@functools.cache
def _store() -> Path:
    """The folder of all seeds made by this version of the code; those of others are removed after a day."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.read_bytes())
    store = CACHE / "seeds" / digest.hexdigest()[:16]
    store.mkdir(parents=True, exist_ok=True)
    store.touch()
    for other in store.parent.iterdir():
        if time.time() - other.stat().st_mtime > KEPT:
            shutil.rmtree(other)
    return store
