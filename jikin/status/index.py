"""Which entry a credential gets: a keyed permutation, so that entries tell neither order nor volume (SECURITY 2.5).

The key's hash is committed on chain when the list is opened and the key is shown to the auditor, so an issuer cannot
mark anybody by the choice of an entry. Serial numbers 0, 1, 2 … are given out durably; their images are the entries.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256

from jikin.errors import StatusError
from jikin.status.array import MAX_LOG2_ENTRIES, MIN_LOG2_ENTRIES
from jikin.values import Digest

KEY_BYTES = 32
_COMMIT_MAGIC = b"JKI1"
_ROUNDS = 10  # a balanced Feistel network needs more than a few rounds when its halves are this narrow


def new_key() -> bytes:
    """Return a fresh key for one list, 32 bytes from the system's random source."""
    return secrets.token_bytes(KEY_BYTES)


@dataclass(frozen=True, slots=True)
class IndexPermutation:
    """A permutation of 0 … 2^*log2_entries* − 1 under *key* (32 bytes, one for each list).

    A Feistel network with HMAC-SHA-256 as its round function works on an even number of bits; for an odd one the value
    walks on (cycle walking) until it falls into the list, two steps on average.
    """

    key: bytes = field(repr=False)
    log2_entries: int

    def __post_init__(self) -> None:
        """Refuse another length of key and sizes that no list has."""
        if not isinstance(self.key, bytes) or len(self.key) != KEY_BYTES:
            raise StatusError(f"the key of an index permutation has {KEY_BYTES} bytes", code="status.index-key")
        if not MIN_LOG2_ENTRIES <= self.log2_entries <= MAX_LOG2_ENTRIES:
            raise StatusError(
                f"a status list has 2^{MIN_LOG2_ENTRIES} to 2^{MAX_LOG2_ENTRIES} entries, got 2^{self.log2_entries}",
                code="status.entries",
            )

    @property
    def key_hash(self) -> Digest:
        """Return H("JKI1" ‖ u8 log2 entries ‖ key), the *indexKeyHash* that the list is opened with."""
        return Digest(sha256(_COMMIT_MAGIC + bytes([self.log2_entries]) + self.key).digest())

    def entry(self, serial: int) -> int:
        """Return the entry of the credential that is number *serial* in its list; raises StatusError."""
        return self._walk(serial, range(_ROUNDS), backwards=False)

    def serial(self, entry: int) -> int:
        """Return which serial number has *entry*: the inverse, for the auditor; raises StatusError."""
        return self._walk(entry, range(_ROUNDS - 1, -1, -1), backwards=True)

    def _walk(self, value: int, rounds: range, *, backwards: bool) -> int:
        size = 1 << self.log2_entries
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < size:
            raise StatusError(f"a list of {size:,} entries has no number {value!r}", code="status.index")
        half = (self.log2_entries + 1) // 2
        while True:
            left, right = value >> half, value & ((1 << half) - 1)
            for number in rounds:
                if backwards:
                    left, right = right ^ self._round(number, left, half), left
                else:
                    left, right = right, left ^ self._round(number, right, half)
            value = left << half | right
            if value < size:
                return value

    def _round(self, number: int, half_value: int, half: int) -> int:
        """Return *half* bits of HMAC-SHA-256(key, log2 entries ‖ round ‖ u16 half value)."""
        message = bytes([self.log2_entries, number]) + half_value.to_bytes(2, "big")
        return int.from_bytes(hmac.digest(self.key, message, "sha256")[:2], "big") & ((1 << half) - 1)
