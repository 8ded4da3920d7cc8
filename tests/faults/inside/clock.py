"""A wall clock that can jump, for all that asks Python or Django for the time of day."""

import time
from datetime import datetime, timedelta, tzinfo

from django.utils import timezone

_real_time = time.time
_offset = 0.0  # seconds


class _Shifted(datetime):
    """Stands in django.utils.timezone; what it gives are plain times."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(seconds=_offset)


def install() -> None:
    """Time passes as before until it is made to jump; what measures pauses (`monotonic`) never does."""
    time.time = lambda: _real_time() + _offset
    timezone.datetime = _Shifted  # type: ignore[attr-defined]


def jump(offset: float) -> None:
    """From now on it is `offset` seconds later than it is; less than 0: earlier."""
    global _offset
    _offset = offset
