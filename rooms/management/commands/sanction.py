"""`manage.py sanction`: mutes, bans and lifts; whoever has the server's shell is asked for no rights."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from chatproject.errors import DomainError
from rooms.models import Sanction
from rooms.operations.sanctions import ban_user, lift, mute_user

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Command(BaseCommand):
    help = (
        "Mutes or bans somebody, in a room or everywhere, or lifts all that holds there. The audit says that"
        " it was done on the command line. Sockets that are open feel the end of a session within"
        " SESSION_CHECK_INTERVAL, a ban from a room when they come in again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["mute", "ban", "lift"])
        parser.add_argument("username")
        parser.add_argument("--room", metavar="SLUG", help="only in this room")
        parser.add_argument(
            "--until", type=_moment, help="a time (2026-03-01T09:30Z) or how long (30m, 2h, 7d, 4w)"
        )
        parser.add_argument("--reason", default="Decided by whoever runs the server.")

    def handle(
        self, *, action: str, username: str, room: str | None, until: datetime | None, reason: str, **_: Any
    ) -> None:
        user = User.objects.named(username).first()
        if user is None:
            raise CommandError("There is no such person.")
        try:
            done = self._lift(user, room) if action == "lift" else [_set(action, user, room, until, reason)]
        except DomainError as error:
            raise CommandError(str(error)) from None
        for sanction in done:
            self.stdout.write(f"{sanction}: {'holds' if sanction.is_active else 'lifted'}")

    def _lift(self, user: User, room: str | None) -> list[Sanction]:
        held = Sanction.objects.active().filter(user=user)
        held = held.filter(room__slug=room) if room else held.filter(room=None)
        if not held:
            raise CommandError("Nothing holds there.")
        return [lift(by=None, sanction=sanction.pk) for sanction in held]


def _set(action: str, user: User, room: str | None, until: datetime | None, reason: str) -> Sanction:
    operation = mute_user if action == "mute" else ban_user
    return operation(by=None, user=user.pk, room=room, until=until, reason=reason)


def _moment(text: str) -> datetime:
    """A time, in UTC unless it has a zone, or how long from now."""
    if span := re.fullmatch(r"(\d{1,4})([mhdw])", text):
        return timezone.now() + timedelta(**{UNITS[span[2]]: int(span[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("a time, or how long, is expected") from None
    return moment if moment.tzinfo else timezone.make_aware(moment)
