"""The changes of one status epoch, packed as the contract's event carries them (``docs/spec/statements.md``, line 7).

Three bytes a change: entry · 4 + new state, big-endian, entries strictly rising. None at all is a heartbeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jikin.errors import AnchorError

MAX_CHANGES = 40_000
MAX_ENTRIES = 1 << 22
_WIDTH = 3


@dataclass(frozen=True, slots=True)
class Change:
    """Entry *index* of a list gets *state*: 0 valid, 1 revoked, 2 suspended, 3 replaced."""

    index: int
    state: int


def _refuse(message: str) -> AnchorError:
    return AnchorError(message, code="anchor.changes")


def _check(changes: Sequence[Change], entries: int) -> None:
    if len(changes) > MAX_CHANGES:
        raise _refuse(f"an epoch has at most {MAX_CHANGES:,} changes, got {len(changes):,}")
    last = -1
    for change in changes:
        if not 0 <= change.state <= 3:
            raise _refuse(f"entry {change.index} has no state {change.state}; states are 0 to 3")
        if not last < change.index < entries:
            raise _refuse(f"entry {change.index} after {last}: entries rise strictly and stay below {entries:,}")
        last = change.index


def pack(changes: Iterable[Change], entries: int = MAX_ENTRIES) -> bytes:
    """Return *changes* packed, three bytes each; raises AnchorError when order, entry, state or number is wrong."""
    listed = tuple(changes)
    _check(listed, entries)
    return b"".join((change.index * 4 + change.state).to_bytes(_WIDTH, "big") for change in listed)


def unpack(data: bytes, entries: int) -> tuple[Change, ...]:
    """Return the changes of *data* for a list of *entries*; raises AnchorError for what ``pack`` would not write."""
    changes = scan(data)
    _check(changes, entries)
    return changes


def scan(data: bytes) -> tuple[Change, ...]:
    """Return every three bytes of *data* as a change, in whatever order they stand; raises AnchorError for a remainder.

    For the fold: a change that is out of order or beyond the list is void there, and the rest of the epoch stands.
    """
    if len(data) % _WIDTH:
        raise _refuse(f"changes are {_WIDTH} bytes each, got {len(data)} in all")
    words = (int.from_bytes(data[at : at + _WIDTH], "big") for at in range(0, len(data), _WIDTH))
    return tuple(Change(word >> 2, word & 3) for word in words)
