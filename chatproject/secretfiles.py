"""Secrets that are made once, kept in a file, and the same in all processes."""

import os
from pathlib import Path


def kept_secret(path: Path, fresh: str) -> str:
    """The secret in `path`, readable by its owner only; `fresh` is written there if there is none yet."""
    if not path.exists():
        # Written aside and linked into place, so that two first processes agree on one whole secret.
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(fresh)
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text().strip()
