"""`manage.py verify_audit`: checks the audit's chain, and prints its head to be kept elsewhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import Head, verify


class Command(BaseCommand):
    help = (
        "Reads the whole audit and prints its head, number:hash. Keep that where nobody who can write to the"
        " database can: with --expect it shows later that nothing up to it was changed. Faults go to stderr,"
        " and the exit status is then 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expect", type=Head.read, metavar="NUMBER:HASH", help="a head that was printed before"
        )

    def handle(self, *args: Any, expect: Head | None, **options: Any) -> None:
        verdict = verify(expected=expect)
        self.stdout.write(str(verdict.head))
        if verdict.faults:
            raise CommandError("\n".join(verdict.faults))
