"""Where Django itself is the caller: each receiver hands over to one operation."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from . import operations
from .models import Session, User

# Saves of anything else (the time of a log-in, for one) take nothing away.
_TAKING = frozenset({"is_active", "is_staff", "password"})


@receiver(post_delete, sender=Session)
def session_deleted(instance: Session, origin: Any, **_: Any) -> None:
    deleted = origin.model if isinstance(origin, QuerySet) else type(origin)
    if deleted is Session:  # not with its person, whose deletion tells all the person's sockets
        operations.session_deleted(session=instance)


@receiver(post_save, sender=User)
def user_saved(
    instance: User, created: bool, raw: bool, update_fields: Collection[str] | None, **_: Any
) -> None:
    if not created and not raw and (update_fields is None or not _TAKING.isdisjoint(update_fields)):
        operations.user_saved(user=instance)


@receiver(post_delete, sender=User)
def user_deleted(instance: User, **_: Any) -> None:
    operations.user_deleted(user=instance)
