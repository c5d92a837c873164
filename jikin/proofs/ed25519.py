"""Ed25519 (RFC 8032) by libsodium, whose verification is strict: one signature, one reading.

It refuses an S that is not reduced, keys and points of small order, and encodings that are not canonical: nobody can
make a second valid signature out of a first, or one signature that fits many messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from jikin.errors import ValueRefusedError
from jikin.proofs.scheme import Scheme
from jikin.values import KeyType, PublicKey

SIGNATURE_BYTES = 64
_SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """An Ed25519 key held in memory; never shows its private half."""

    _key: SigningKey = field(repr=False)

    @classmethod
    def generate(cls) -> Ed25519Signer:
        """Return a fresh key, 32 bytes from the system."""
        return cls(SigningKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Ed25519Signer:
        """Return the key of the 32-byte *seed* (RFC 8032, 5.1.5); raises ValueRefusedError for another length."""
        if not isinstance(seed, bytes) or len(seed) != _SEED_BYTES:
            raise ValueRefusedError(f"an Ed25519 seed is {_SEED_BYTES} bytes")
        return cls(SigningKey(seed))

    @property
    def public_key(self) -> PublicKey:
        """Return the public key, 32 bytes."""
        return PublicKey(KeyType.ED25519, bytes(self._key.verify_key))

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over *message*."""
        return bytes(self._key.sign(message).signature)

    def export_seed(self) -> bytes:
        """Return the secret seed, 32 bytes. For the keystore alone: it must not reach a log, a text or an error."""
        return bytes(self._key)


def verify(public: PublicKey, message: bytes, signature: bytes) -> bool:
    """Say whether *signature* over *message* is by *public*; keys of another kind or length are False, not errors."""
    if public.type is not KeyType.ED25519 or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        VerifyKey(public.raw).verify(message, signature)
    except (CryptoError, ValueError, TypeError):  # ValueError: a key that is not 32 bytes
        return False
    return True


SCHEME = Scheme(KeyType.ED25519, "sha256", SIGNATURE_BYTES, verify)
