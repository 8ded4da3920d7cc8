"""What one measurement gives."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

# What can be measured, by the names under which figures are kept.
DELIVERIES = "deliveries/s"
MESSAGES = "messages/s"
ACK_P50 = "ack p50, ms"
ACK_P99 = "ack p99, ms"
CPU = "CPU s per million deliveries"
MEMORY = "KB per idle socket"
CONNECTS = "connects/s"
SYNC_P95 = "sync p95, ms"
HISTORY_P95 = "history page p95, ms"

MILLION = 1_000_000


@dataclass(frozen=True)
class Figures:
    """Measured values by name; and of one core, how much the load and the server used."""

    values: dict[str, float] = field(default_factory=dict)
    load: float = 0.0
    server: float = 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank); not a number if there are none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    rank = math.ceil(round(share * len(ordered), 6))  # 0.95 * 100 is a little more than 95
    return ordered[max(rank, 1) - 1]
