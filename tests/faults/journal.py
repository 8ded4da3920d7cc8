"""What one client says that it was acked and shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypedDict


class Ack(TypedDict):
    """One answer to `post_message`; `at` in milliseconds since 1970, `took` in milliseconds."""

    client_id: str
    room: int
    body: str
    id: int
    seq: int
    version: int
    at: float
    took: float


@dataclass
class Journal:
    """`shown` by room id, as on the screen; `times` in `seen` says how often each version was told."""

    user: dict[str, Any]
    acked: list[Ack] = field(default_factory=list)
    added: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    waiting: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)
    disconnects: list[str] = field(default_factory=list)
    returns: int = 0
    shown: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)

    @property
    def codes(self) -> set[str]:
        """Why messages were not acked at the first attempt."""
        return {refusal["code"] for refusal in self.refusals}
