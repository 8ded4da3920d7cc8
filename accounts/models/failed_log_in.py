"""Log-ins that failed a short while ago, to be counted."""

from django.db import models
from django.utils import timezone

from .session import ADDRESS_LENGTH
from .user import USERNAME_LENGTH


class FailedLogIn(models.Model):
    """Somebody at `network` did not know the password that goes with `name`, if there is such a person."""

    network = models.CharField(max_length=ADDRESS_LENGTH)
    name = models.CharField(max_length=USERNAME_LENGTH)  # folded, and cut
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "failed log-in"
        indexes = [
            models.Index(fields=["network", "-at"], name="failed_log_in_of_network"),
            models.Index(fields=["at"], name="failed_log_in_at"),
        ]

    def __str__(self) -> str:
        return f"{self.name or 'nobody'} from {self.network}"
