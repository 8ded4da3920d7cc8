"""Pages of long lists."""

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

MOST = 10_000  # rows that are counted, and can be paged through; a search finds the others


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than `MOST`: counting millions of rows takes longer than showing some of them."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:MOST].count())
