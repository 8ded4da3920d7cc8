"""How often a password may be tried, to log in or as the old one, from one network.

So many failures for one name, and more for all names. Who is at another network is not concerned: nobody can
lock a person out of their account.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from chatproject.environment import Rate
from chatproject.errors import RateLimited

from .models import FailedLogIn
from .models.user import USERNAME_LENGTH
from .names import folded

log = logging.getLogger(__name__)

ALL_NAMES = 5  # times as many failures for all names together: a few people may share an address
TOO_MANY = "There were too many failed log-ins from where you are."

# An attempt begins when the one before it from the same network is decided: many at once get no more.
_turns = [Lock() for _ in range(64)]


@contextmanager
def attempt(*, network: str, name: str) -> Iterator[None]:
    """A password is tried within: `ValidationError` is a failure, a good end forgives those of that name.

    Raises `RateLimited`, before anything is tried, if `LOGIN_RATE` is reached.
    """
    rate = settings.LOGIN_RATE
    if rate is None:
        yield  # and nothing is counted: nobody would ever clear it away
        return
    name = folded(name)[:USERNAME_LENGTH]
    with _turns[hash(network) % len(_turns)]:
        _refuse_too_many(rate, network, name)
        try:
            yield
        except ValidationError:
            FailedLogIn.objects.create(network=network, name=name)
            raise
        FailedLogIn.objects.filter(network=network, name=name).delete()


def _refuse_too_many(rate: Rate, network: str, name: str) -> None:
    window = timedelta(seconds=rate.seconds)
    FailedLogIn.objects.filter(at__lte=timezone.now() - window).delete()
    failed = FailedLogIn.objects.filter(network=network)
    wait = max(
        _wait(failed.filter(name=name), rate.count, window),
        _wait(failed, rate.count * ALL_NAMES, window),
    )
    if wait > timedelta():
        log.warning("password not tried network=%s wait=%d", network, wait.total_seconds())
        raise RateLimited(wait.total_seconds(), TOO_MANY)


def _wait(failed: QuerySet[FailedLogIn], most: int, window: timedelta) -> timedelta:
    """How long until fewer than `most` of the failures are younger than `window`; no time if they are now."""
    oldest = failed.order_by("-at").values_list("at", flat=True)[most - 1 : most].first()
    return oldest + window - timezone.now() if oldest else timedelta()
