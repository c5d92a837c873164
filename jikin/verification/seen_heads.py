"""The newest heads of status lists that were seen here: what an older proof pack is held against (SECURITY 5.1)."""

from __future__ import annotations

from typing import Protocol

from jikin.anchoring.chain import StatusHead
from jikin.values import IssuerId, ListId


class SeenHeads(Protocol):
    """A memory of heads. It only ever gets newer."""

    def newest(self, issuer_id: IssuerId, list_id: ListId) -> StatusHead | None:
        """Return the newest head that was seen of the list, None if none was."""

    def note(self, issuer_id: IssuerId, list_id: ListId, head: StatusHead) -> None:
        """Remember *head* unless a newer one is known."""


class MemoryHeads:
    """Seen heads, for as long as the process lives."""

    def __init__(self) -> None:
        """Begin with none."""
        self._seen: dict[tuple[IssuerId, ListId], StatusHead] = {}

    def newest(self, issuer_id: IssuerId, list_id: ListId) -> StatusHead | None:
        """Return the newest head that was seen of the list, None if none was."""
        return self._seen.get((issuer_id, list_id))

    def note(self, issuer_id: IssuerId, list_id: ListId, head: StatusHead) -> None:
        """Remember *head* unless a newer one is known."""
        known = self._seen.get((issuer_id, list_id))
        if known is None or head.epoch > known.epoch:
            self._seen[issuer_id, list_id] = head
