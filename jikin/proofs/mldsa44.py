"""ML-DSA-44 (FIPS 204), "pure", with the empty context string: a signature that a quantum computer cannot forge.

Signing is hedged (FIPS 204, 3.4: fresh randomness in each signature), so two signatures over one message differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from jikin.errors import ValueRefusedError
from jikin.proofs.scheme import Scheme
from jikin.values import KeyType, PublicKey

SIGNATURE_BYTES = 2420
_SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Mldsa44Signer:
    """An ML-DSA-44 key held in memory; never shows its private half."""

    _key: MLDSA44PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Mldsa44Signer:
        """Return a fresh key, 32 bytes from the system."""
        return cls(MLDSA44PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Mldsa44Signer:
        """Return the key of the 32-byte *seed* (FIPS 204, algorithm 6); raises ValueRefusedError for another length."""
        if not isinstance(seed, bytes) or len(seed) != _SEED_BYTES:
            raise ValueRefusedError(f"an ML-DSA-44 seed is {_SEED_BYTES} bytes")
        return cls(MLDSA44PrivateKey.from_seed_bytes(seed))

    @property
    def public_key(self) -> PublicKey:
        """Return the public key, 1312 bytes."""
        return PublicKey(KeyType.ML_DSA_44, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return a 2420-byte signature over *message*, another one each time."""
        return self._key.sign(message)

    def export_seed(self) -> bytes:
        """Return the secret seed, 32 bytes. For the keystore alone: it must not reach a log, a text or an error."""
        return self._key.private_bytes_raw()


def verify(public: PublicKey, message: bytes, signature: bytes) -> bool:
    """Say whether *signature* over *message* is by *public*; keys of another kind or length are False, not errors."""
    if public.type is not KeyType.ML_DSA_44 or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        MLDSA44PublicKey.from_public_bytes(public.raw).verify(signature, message)
    except (InvalidSignature, ValueError):  # ValueError: a key that is not 1312 bytes
        return False
    return True


SCHEME = Scheme(KeyType.ML_DSA_44, "sha256", SIGNATURE_BYTES, verify)
