"""Django's own command; whose password was changed by it stands in the audit."""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from accounts.audit import record
from accounts.models import User


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        said: str | None = super().handle(*args, **options)
        user = User.objects.get(username=options["username"] or getpass.getuser())
        record("change_user", actor=None, target=user, after={"password": "changed"})
        return said
