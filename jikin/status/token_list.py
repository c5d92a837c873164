"""The IETF Token Status List: our lists for SD-JWT VCs, and strangers' lists for us (draft-ietf-oauth-status-list).

A list is the claims of a signed JWT (``typ`` TYPE), which whoever serves or fetches it signs or verifies. Entries have
1, 2, 4 or 8 bits, least significant first: as in our status array, whose state "replaced" is written as "revoked"
(``docs/spec/statements.md``, line 6), since the value 3 has no meaning that strangers share.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.codec import multibase
from jikin.errors import MultibaseError, StatusError
from jikin.status.array import State, StatusArray
from jikin.values import Json, JsonObject

TYPE = "statuslist+jwt"
"""``typ`` of the JWT (section 5.1)."""

MEDIA_TYPE = f"application/{TYPE}"
VALID, INVALID, SUSPENDED = 0, 1, 2
"""The values that everybody reads alike (section 7.1)."""

_SIZES = (1, 2, 4, 8)
_OUR_BITS = 2
_MAX_LIST_BYTES = 1 << 22
_MAX_INSTANT = 253_402_300_800  # the year 10000


def list_claims(
    array: StatusArray, *, url: str, issued_at: int, expires: int | None = None, ttl_seconds: int = 300
) -> JsonObject:
    """Return the claims of the list token at *url* (section 5.1); instants are Unix seconds."""
    lasts = {} if expires is None else {"exp": expires}
    packed = zlib.compress(list_bytes(array), level=9)
    lst = multibase.encode_base64url(packed)
    return {
        "sub": url,
        "iat": issued_at,
        **lasts,
        "ttl": ttl_seconds,
        "status_list": {"bits": _OUR_BITS, "lst": lst},
    }


def list_bytes(array: StatusArray) -> bytes:
    """Return *array* as a list token carries it before packing: two bits an entry, "replaced" written as "revoked"."""
    return array.raw.translate(_table())


def status_claim(url: str, index: int) -> JsonObject:
    """Return the claim ``status`` of a credential with the entry *index* in the list at *url* (section 6.2)."""
    return {"status_list": {"idx": index, "uri": url}}


@dataclass(frozen=True, slots=True)
class TokenList:
    """A list as strangers write it: *size* bits an entry, *raw* as unpacked; instants are Unix seconds."""

    url: str
    size: int
    raw: bytes = field(repr=False)
    issued_at: int
    expires: int | None
    ttl_seconds: int | None

    @classmethod
    def parse(cls, claims: JsonObject, url: str) -> TokenList:
        """Return the list of *claims* fetched from *url*, of a token whose type and signature were checked.

        Raises StatusError (``status.list``) for claims that section 5.1 does not allow, a list made for another URL, or
        one that cannot be unpacked within four MiB. Whether it is too old is for the caller to say.
        """
        if claims.get("sub") != url:
            raise _refused(f"sub of the list is {str(claims.get('sub'))[:80]!r}, and it was fetched for another URL")
        listed = claims.get("status_list")
        if not isinstance(listed, Mapping):
            raise _refused("a list token has an object status_list")
        size, lst = listed.get("bits"), listed.get("lst")
        if isinstance(size, bool) or not isinstance(size, int) or size not in _SIZES:
            raise _refused(f"bits of the list is 1, 2, 4 or 8, got {str(size)[:40]!r}")
        issued_at = _number(claims, "iat")
        if issued_at is None:
            raise _refused("a list token says when it was issued (iat)")
        return cls(url, size, _unpacked(lst), issued_at, _number(claims, "exp"), _number(claims, "ttl"))

    @property
    def entries(self) -> int:
        """Return how many entries the list has."""
        return len(self.raw) * 8 // self.size

    def get(self, index: int) -> int:
        """Return the value of entry *index*; raises StatusError (``status.index``) for one that the list has not."""
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < self.entries:
            raise StatusError(f"a list of {self.entries:,} entries has no entry {index!r}", code="status.index")
        position = index * self.size
        return self.raw[position >> 3] >> (position & 7) & ((1 << self.size) - 1)


def _table() -> bytes:
    """Return for each packed byte (four states) what is written for it."""
    table = bytearray(256)
    for packed in range(256):
        for shift in range(0, 8, _OUR_BITS):
            state = State(packed >> shift & 3)
            table[packed] |= (INVALID if state is State.REPLACED else int(state)) << shift
    return bytes(table)


def _unpacked(lst: Json) -> bytes:
    # Deflate never adds more than a little: a longer text is not a list of this size.
    if not isinstance(lst, str) or len(lst) > _MAX_LIST_BYTES * 2:
        raise _refused("lst is base64url text of a list of at most four MiB")
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(multibase.decode_base64url(lst), _MAX_LIST_BYTES + 1)
        if len(data) <= _MAX_LIST_BYTES and not reader.eof:
            data += reader.decompress(reader.unconsumed_tail, 1)
    except (MultibaseError, zlib.error) as error:
        raise _refused(f"the list cannot be unpacked: {error}") from error
    if len(data) > _MAX_LIST_BYTES:
        raise _refused("a list of more than four MiB is not unpacked")
    if not reader.eof or reader.unused_data:
        raise _refused("the list is cut off, or bytes stand behind its end")
    return data


def _number(claims: JsonObject, name: str) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MAX_INSTANT:
        raise _refused(f"{name} of the list is a number of seconds, got {str(value)[:40]!r}")
    return int(value)


def _refused(message: str) -> StatusError:
    return StatusError(message, code="status.list")
