"""Columns that are filled from another field of the row whenever it is written, whoever writes it."""

from typing import TYPE_CHECKING, Any

from django.db import models

from .avatars import colour_of
from .names import folded

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
    NumberField = models.PositiveSmallIntegerField[int, int]
else:
    TextField = models.TextField
    NumberField = models.PositiveSmallIntegerField


class FoldedField(TextField):
    """The field `source` in the form that names are compared in: SQLite knows no case beyond ASCII.

    A save with `update_fields` that names the source has to name this field, too.
    """

    def __init__(self, *, source: str, **options: Any) -> None:
        super().__init__(**(options | {"editable": False}))
        self.source = source

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"source": self.source}

    def pre_save(self, instance: models.Model, add: bool) -> str:
        value = folded(getattr(instance, self.source))
        setattr(instance, self.attname, value)
        return value


class ColourField(NumberField):
    """An index into the palette, chosen from the field `source` when the row is created without one."""

    def __init__(self, *, source: str, **options: Any) -> None:
        super().__init__(**(options | {"editable": False}))
        self.source = source

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"source": self.source}

    def pre_save(self, instance: models.Model, add: bool) -> int:
        if getattr(instance, self.attname) is None:
            setattr(instance, self.attname, colour_of(getattr(instance, self.source)))
        return int(getattr(instance, self.attname))
