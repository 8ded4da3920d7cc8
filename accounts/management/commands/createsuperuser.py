"""Django's own command; who is made by it stands in the audit."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser

from accounts.audit import record
from accounts.models import User


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        known = set(User.objects.owners().values_list("pk", flat=True))
        super().handle(*args, **options)
        for user in User.objects.owners().exclude(pk__in=known):
            record("add_user", actor=None, target=user, after={"is_staff": True, "is_superuser": True})
