"""Whether the bytes of a public key can be one: points lie on their curve, in the group that signatures are made in.

SEC 1, section 2.3.4 (P-256, P-384, secp256k1), RFC 8032, section 5.1.3 (Ed25519), and the compressed form of BLS12-381.
The libraries are loaded when the first key of their kind is met.
"""

from __future__ import annotations

from functools import lru_cache

from jikin.errors import CodecError
from jikin.values import KeyType, PublicKey

_COMPRESSED, _UNCOMPRESSED = 33, 65
_REMEMBERED = 4096  # keys; a check takes up to two milliseconds, and the same issuer's key is met again and again
_INFINITY = 0x40  # the flag in the first byte of a BLS12-381 point


@lru_cache(_REMEMBERED)
def check(key: PublicKey) -> None:
    """Return if the bytes of *key* can be a key of its kind; raises CodecError (``codec.point``).

    An RSA key is of a length that counts. For ML-DSA-44 and Ethereum accounts every text of the right length can be
    one.
    """
    try:
        fits = _CHECKS[key.type](key.raw) if key.type in _CHECKS else True
    except ValueError:
        fits = False
    if not fits:
        raise CodecError(f"the bytes of a {key.type.value} key are no key: no such point", code="codec.point")


def compressed(type: KeyType, raw: bytes) -> PublicKey:
    """Return the secp256k1 or P-256 key of a point of 33 or 65 bytes; raises CodecError (``codec.point``).

    For another *type* the bytes stay as they are. Compressed is how Multikey carries a point, and how keys compare.
    """
    if type in (KeyType.SECP256K1, KeyType.P256) and len(raw) == _UNCOMPRESSED and raw[0] == 4:
        written, raw = raw, bytes([2 + (raw[-1] & 1)]) + raw[1:_COMPRESSED]
        if uncompressed(PublicKey(type, raw)) != written:
            raise CodecError(f"the bytes of a {type.value} key are no key: no such point", code="codec.point")
    key = PublicKey(type, raw)
    check(key)
    return key


def uncompressed(key: PublicKey) -> bytes:
    """Return the 65 bytes of a secp256k1 or P-256 *key*, 04 in front; raises CodecError (``codec.point``)."""
    check(key)
    if key.type is KeyType.SECP256K1:
        from coincurve import PublicKey as Point

        return Point(key.raw).format(compressed=False)
    from cryptography.hazmat.primitives.asymmetric import ec

    if key.type is not KeyType.P256:
        raise CodecError(f"a {key.type.value} key has no uncompressed form here", code="codec.point")
    numbers = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.raw).public_numbers()
    return b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


@lru_cache(_REMEMBERED)
def x25519_of(key: PublicKey) -> bytes:
    """Return the X25519 key, 32 bytes, that an Ed25519 *key* agrees on secrets with (RFC 7748, 4.1).

    Raises CodecError (``codec.point``) for bytes that are no key.
    """
    from nacl.bindings import crypto_sign_ed25519_pk_to_curve25519
    from nacl.exceptions import CryptoError

    try:
        return bytes(crypto_sign_ed25519_pk_to_curve25519(key.raw))
    except (CryptoError, ValueError) as error:
        raise CodecError("the bytes of an Ed25519 key are no key: no such point", code="codec.point") from error


def _is_ed25519(raw: bytes) -> bool:
    from nacl.bindings import crypto_core_ed25519_is_valid_point

    return len(raw) == 32 and bool(crypto_core_ed25519_is_valid_point(raw))


def _is_p256(raw: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec

    return len(raw) == _COMPRESSED and bool(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw))


def _is_p384(raw: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec

    return len(raw) == 49 and bool(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), raw))


def _is_p521(raw: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec

    return len(raw) == 67 and bool(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP521R1(), raw))


def _is_secp256k1(raw: bytes) -> bool:
    from coincurve import PublicKey as Point

    return len(raw) == _COMPRESSED and bool(Point(raw))


def _is_bls12_381_g2(raw: bytes) -> bool:
    from py_arkworks_bls12381 import G2Point

    # The library reads whatever follows the flag of infinity as that point, which is nobody's key.
    return len(raw) == 96 and not raw[0] & _INFINITY and bool(G2Point.from_compressed_bytes(raw))


def _is_rsa(raw: bytes) -> bool:
    from jikin.codec import rsa_keys

    try:
        return bool(rsa_keys.opened(PublicKey(KeyType.RSA, raw)))
    except CodecError:
        return False


_CHECKS = {
    KeyType.ED25519: _is_ed25519,
    KeyType.P256: _is_p256,
    KeyType.P384: _is_p384,
    KeyType.P521: _is_p521,
    KeyType.SECP256K1: _is_secp256k1,
    KeyType.BLS12_381_G2: _is_bls12_381_g2,
    KeyType.RSA: _is_rsa,
}
