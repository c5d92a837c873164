"""Signatures of Ethereum accounts, r ‖ s ‖ v over a 32-byte digest: which key, and which account, can have made one.

An account is known by its address alone, the last 20 bytes of keccak-256 of its public key, so a signature is checked
by recovering the one key that can have made it. Of the two signatures that fit, (r, s) and (r, −s), only the one with
the low s counts (EIP-2): nobody can make a second signature out of a first.
"""

from __future__ import annotations

from coincurve import PublicKey as Point

from jikin.values import keccak256

SIGNATURE_BYTES = 65
DIGEST_BYTES = 32
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FIRST_V = 27  # v is 27 or 28; the library counts from 0


def address_of(point: bytes) -> bytes:
    """Return the 20-byte address of the public key *point* (33 bytes compressed, or 65); ValueError for no point."""
    return keccak256(Point(point).format(compressed=False)[1:])[-20:]


def is_canonical(signature: bytes) -> bool:
    """Say whether *signature* has the one form that counts: 65 bytes, low s, v 27 or 28."""
    if len(signature) != SIGNATURE_BYTES or signature[-1] not in (FIRST_V, FIRST_V + 1):
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return 0 < r < ORDER and 0 < s <= ORDER // 2


def recover(digest: bytes, signature: bytes) -> bytes | None:
    """Return the compressed public key (33 bytes) by which *signature* is over *digest*, None when there is none."""
    if len(digest) != DIGEST_BYTES or not is_canonical(signature):
        return None
    counted = signature[:-1] + bytes([signature[-1] - FIRST_V])
    try:
        return Point.from_signature_and_message(counted, digest, hasher=None).format()
    except ValueError:  # r is the abscissa of no point
        return None
