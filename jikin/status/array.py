"""The status array: two bits for each entry of a list (``docs/spec/statements.md``, line 6).

Entry *i* is bits 2·(i mod 4) and the one above of byte ⌊i/4⌋, least significant first. A list has 2^17 … 2^22 entries
for ever: the smallest is the herd that the Bitstring Status List asks for, the largest still fits in one MiB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from jikin.errors import StatusError

MIN_LOG2_ENTRIES = 17
MAX_LOG2_ENTRIES = 22
ENTRIES_PER_BYTE = 4
_SIZES = frozenset(1 << power for power in range(MIN_LOG2_ENTRIES, MAX_LOG2_ENTRIES + 1))


class State(IntEnum):
    """What an entry says of its credential; the value is the two bits."""

    VALID = 0
    REVOKED = 1
    SUSPENDED = 2
    REPLACED = 3


REVOKED_STATES = frozenset({State.REVOKED, State.REPLACED})  # the W3C purpose "revocation"
SUSPENDED_STATES = frozenset({State.SUSPENDED})  # the W3C purpose "suspension"


def check_entries(entries: int) -> None:
    """Refuse with StatusError a number of entries that no list has."""
    if isinstance(entries, bool) or not isinstance(entries, int) or entries not in _SIZES:
        raise StatusError(
            f"a status list has 2^{MIN_LOG2_ENTRIES} to 2^{MAX_LOG2_ENTRIES} entries, a power of two; got {entries!r}",
            code="status.entries",
        )


def check_index(index: int, entries: int) -> None:
    """Refuse with StatusError an entry that a list of *entries* does not have."""
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < entries:
        raise StatusError(f"a list of {entries:,} entries has no entry {index!r}", code="status.index")


@dataclass(frozen=True, slots=True)
class StatusArray:
    """The states of all entries of one list; *raw* is the packed array."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a length that no list has."""
        check_entries(len(self.raw) * ENTRIES_PER_BYTE)

    @classmethod
    def all_valid(cls, entries: int) -> StatusArray:
        """Return a list of *entries* as it is when opened; raises StatusError for a size that no list has."""
        check_entries(entries)
        return cls(bytes(entries // ENTRIES_PER_BYTE))

    @property
    def entries(self) -> int:
        """Return how many entries the list has."""
        return len(self.raw) * ENTRIES_PER_BYTE

    def state(self, index: int) -> State:
        """Return the state of entry *index*; raises StatusError for an entry that the list does not have."""
        check_index(index, self.entries)
        return State(self.raw[index >> 2] >> (2 * (index & 3)) & 3)

    def with_states(self, states: Mapping[int, State]) -> StatusArray:
        """Return the array in which the entries of *states* have been set, by no rule at all; raises StatusError.

        Which moves are allowed is for the fold to say.
        """
        raw = bytearray(self.raw)
        for index, state in states.items():
            check_index(index, self.entries)
            shift = 2 * (index & 3)
            raw[index >> 2] = raw[index >> 2] & ~(3 << shift) & 0xFF | int(state) << shift
        return StatusArray(bytes(raw))

    def bits(self, states: frozenset[State]) -> bytes:
        """Return one bit an entry, 1 where its state is among *states*, entry 0 the highest bit of the first byte.

        That is the order of the W3C Bitstring Status List (section 2.2); the result has entries / 8 bytes.
        """
        nibbles = self.raw.translate(_nibble_table(states))
        high, low = nibbles[0::2], nibbles[1::2]
        joined = int.from_bytes(high, "big") << 4 | int.from_bytes(low, "big")
        return joined.to_bytes(len(high), "big")


def _nibble_table(states: frozenset[State]) -> bytes:
    """Return for each packed byte (four entries) the four bits of its entries, the first entry highest."""
    table = bytearray(256)
    for packed in range(256):
        for place in range(ENTRIES_PER_BYTE):
            if packed >> (2 * place) & 3 in states:
                table[packed] |= 8 >> place
    return bytes(table)
