"""From octets to scalars and points (RFC 9380): both expanders, and the random-oracle hash to G1 and G2."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeAlias

from jikin.errors import ProofError
from jikin.proofs.bbs.curve import FIELD, G1, G2, Curve

Expand: TypeAlias = Callable[[bytes, bytes, int], bytes]

_DIGEST, _BLOCK = 32, 64  # of SHA-256, bytes
_SECURITY_BITS = 128
_MAX_TAG = 255
_ELEMENT = 64  # L: bytes that become one element of the field (section 8.8)


def expand_message_xmd(message: bytes, dst: bytes, length: int) -> bytes:
    """Return *length* uniform bytes of *message* under the tag *dst*, by SHA-256 (RFC 9380, section 5.3.1).

    Raises ProofError for no tag, and for more than 255 × 32 bytes.
    """
    blocks = -(-length // _DIGEST)
    if not 0 < blocks <= 255:
        raise _refuse_length(length)
    tag = _tag(dst, lambda long: hashlib.sha256(long).digest())
    first = hashlib.sha256(bytes(_BLOCK) + message + length.to_bytes(2, "big") + b"\0" + tag).digest()
    uniform = [hashlib.sha256(first + b"\1" + tag).digest()]
    for index in range(2, blocks + 1):
        mixed = int.from_bytes(first, "big") ^ int.from_bytes(uniform[-1], "big")
        uniform.append(hashlib.sha256(mixed.to_bytes(_DIGEST, "big") + bytes([index]) + tag).digest())
    return b"".join(uniform)[:length]


def expand_message_xof(message: bytes, dst: bytes, length: int) -> bytes:
    """Return *length* uniform bytes of *message* under the tag *dst*, by SHAKE-256 (RFC 9380, section 5.3.2).

    Raises ProofError for no tag, and for more than 65,535 bytes.
    """
    if not 0 < length < 1 << 16:
        raise _refuse_length(length)
    tag = _tag(dst, lambda long: hashlib.shake_256(long).digest(2 * _SECURITY_BITS // 8))
    return hashlib.shake_256(message + length.to_bytes(2, "big") + tag).digest(length)


def hash_to_g1(curve: Curve[G1, G2], expand: Expand, message: bytes, dst: bytes) -> G1:
    """Return the point of G1 that *message* is hashed to under the tag *dst* (RFC 9380, sections 3 and 8.8.1)."""
    one, other = (curve.map1(element) for element in _elements(expand, message, dst, 2))
    return curve.add(one, other)


def hash_to_g2(curve: Curve[G1, G2], expand: Expand, message: bytes, dst: bytes) -> G2:
    """Return the point of G2 that *message* is hashed to under the tag *dst* (RFC 9380, sections 3 and 8.8.2)."""
    real0, imaginary0, real1, imaginary1 = _elements(expand, message, dst, 4)
    return curve.add2(curve.map2((real0, imaginary0)), curve.map2((real1, imaginary1)))


def _elements(expand: Expand, message: bytes, dst: bytes, count: int) -> list[int]:
    """Return *count* elements of the field (section 5.2)."""
    uniform = expand(message, dst, count * _ELEMENT)
    parts = (uniform[start : start + _ELEMENT] for start in range(0, len(uniform), _ELEMENT))
    return [int.from_bytes(part, "big") % FIELD for part in parts]


def _tag(dst: bytes, shorten: Callable[[bytes], bytes]) -> bytes:
    """Return the tag with its length, a long one hashed first (section 5.3.3)."""
    if not dst:
        raise ProofError("hashing needs a domain separation tag", code="proof.bbs")
    tag = dst if len(dst) <= _MAX_TAG else shorten(b"H2C-OVERSIZE-DST-" + dst)
    return tag + bytes([len(tag)])


def _refuse_length(length: int) -> ProofError:
    return ProofError(f"a message cannot be expanded to {length} bytes", code="proof.bbs")
