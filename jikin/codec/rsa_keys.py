"""RSA public keys: of which length they count, and their bytes as one text that all notations lead to (RFC 8017).

Such a key verifies what others signed; nothing here signs with one. Its bytes are the DER of SubjectPublicKeyInfo
(RFC 5280, section 4.1.2.7), because RSA has no Multikey here.
"""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from jikin.errors import CodecError
from jikin.values import KeyType, PublicKey

MIN_BITS, MAX_BITS = 2048, 8192
_MAX_DER = 2048
_MAX_PEM = 8192
_MAX_EXPONENT = 1 << 32  # a longer one makes a check cost whatever its maker likes


def of_numbers(modulus: int, exponent: int) -> PublicKey:
    """Return the key of *modulus* and *exponent*; raises CodecError as ``of`` does."""
    if not MIN_BITS <= modulus.bit_length() <= MAX_BITS:
        raise _of_another_length()
    try:
        return of(rsa.RSAPublicNumbers(exponent, modulus).public_key())
    except ValueError as error:
        raise _refused(str(error)) from error


def of_pem(text: str) -> PublicKey:
    """Return the key of a PEM *text* (RFC 7468); raises CodecError as ``of`` does."""
    try:
        return of(load_pem_public_key(text.encode("ascii") if len(text) <= _MAX_PEM else b""))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _refused("the text is no public key in PEM") from error


def of(key: object) -> PublicKey:
    """Return the key that ``cryptography`` read.

    Raises CodecError: ``codec.rsa.length`` for one of less than 2048 or more than 8192 bits, ``codec.rsa`` for one of
    another kind, whose exponent has more than 32 bits, or whose modulus is even.
    """
    if not isinstance(key, rsa.RSAPublicKey):
        raise _refused("it is of another kind")
    if not MIN_BITS <= key.key_size <= MAX_BITS:
        raise _of_another_length()
    numbers = key.public_numbers()
    if numbers.e >= _MAX_EXPONENT or numbers.n % 2 == 0:
        raise _refused("the exponent of an RSA key has at most 32 bits, and its modulus is odd")
    return PublicKey(KeyType.RSA, key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def opened(key: PublicKey) -> rsa.RSAPublicKey:
    """Return *key* as ``cryptography`` uses it; raises CodecError (``codec.rsa``) for bytes that are no RSA key."""
    try:
        found = load_der_public_key(key.raw if len(key.raw) <= _MAX_DER else b"")
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _refused("the bytes are no SubjectPublicKeyInfo") from error
    if not isinstance(found, rsa.RSAPublicKey) or of(found) != key:
        raise _refused("the bytes are no RSA key in its one DER form")
    return found


def _of_another_length() -> CodecError:
    return CodecError(f"an RSA key that counts has {MIN_BITS} to {MAX_BITS} bits", code="codec.rsa.length")


def _refused(why: str) -> CodecError:
    return CodecError(f"this is no RSA key that counts: {why}", code="codec.rsa")
