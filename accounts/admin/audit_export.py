"""The audit as a file: read a part at a time, and sent while the rest is still to be read."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator, Callable, Iterable
from io import StringIO
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from accounts.models import AuditEntry

PERMISSION = "rooms.export_data"
CHUNK = 1000  # entries in memory at once
# What a spreadsheet would take for a formula, in the ordinary and in the wide form.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
COLUMNS = [field.attname for field in AuditEntry._meta.concrete_fields]


class Format(NamedTuple):
    """How entries are written: what comes first, and then each part."""

    content_type: str
    head: str
    write: Callable[[Iterable[AuditEntry]], str]


def response(entries: QuerySet[AuditEntry], name: str) -> StreamingHttpResponse:
    """A file of all `entries`, the newest first, in the format of this name."""
    form = FORMATS[name]
    answer = StreamingHttpResponse(_stream(entries, form), content_type=f"{form.content_type}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="audit-{timezone.now():%Y-%m-%d}.{name}"'
    return answer


async def _stream(entries: QuerySet[AuditEntry], form: Format) -> AsyncIterator[str]:
    if form.head:
        yield form.head
    part = await sync_to_async(_part)(entries)
    while part:
        yield form.write(part)
        # By number: no cursor, and no snapshot, is kept open for a reader who takes their time.
        part = await sync_to_async(_part)(entries.filter(number__lt=part[-1].number))


def _part(entries: QuerySet[AuditEntry]) -> list[AuditEntry]:
    return list(entries.order_by("-number")[:CHUNK])


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _csv_of(entries: Iterable[AuditEntry]) -> str:
    return _csv([_cell(getattr(entry, name)) for name in COLUMNS] for entry in entries)


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value.isoformat() if hasattr(value, "isoformat") else value


def _lines_of(entries: Iterable[AuditEntry]) -> str:
    """The sealed text of each, with its hash added: whoever takes that out again can check it."""
    return "".join(f'{entry.sealed_text()[:-1]},"hash":"{entry.hash}"}}\n' for entry in entries)


FORMATS = {
    "csv": Format("text/csv", _csv([COLUMNS]), _csv_of),
    "jsonl": Format("application/jsonl", "", _lines_of),
}
