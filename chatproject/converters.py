"""What may stand in an address."""

from django.urls.converters import StringConverter


class TextConverter(StringConverter):
    """Text that can be looked up: PostgreSQL would fail on NUL, instead of finding nothing."""

    regex = r"[^/\0]+"
