"""ECDSA on secp256k1 with SHA-256 by libsecp256k1 (RFC 8812, ES256K); signatures are r and s, 32 bytes each.

Only the lower of the two possible s is a signature here: otherwise anybody could make a second one out of a first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from coincurve import PrivateKey
from coincurve import PublicKey as CurvePublicKey
from coincurve.ecdsa import cdata_to_der, der_to_cdata, deserialize_compact, serialize_compact

from jikin.errors import ValueRefusedError
from jikin.proofs.scheme import Scheme
from jikin.values import KeyType, PublicKey

SIGNATURE_BYTES = 64
_SECRET_BYTES = 32
_POINT_BYTES = 33


@dataclass(frozen=True, slots=True)
class Secp256k1Signer:
    """A secp256k1 key held in memory; never shows its private half."""

    _key: PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Secp256k1Signer:
        """Return a fresh key."""
        return cls(PrivateKey())

    @classmethod
    def from_secret(cls, secret: bytes) -> Secp256k1Signer:
        """Return the key of the 32-byte *secret* scalar; raises ValueRefusedError for what is none."""
        if not isinstance(secret, bytes) or len(secret) != _SECRET_BYTES:
            raise ValueRefusedError(f"a secp256k1 secret is {_SECRET_BYTES} bytes")
        try:
            return cls(PrivateKey(secret))
        except ValueError:
            # without the cause: what went wrong is a secret
            raise ValueRefusedError("a secp256k1 secret is a number below the order of the curve") from None

    @property
    def public_key(self) -> PublicKey:
        """Return the public key: the compressed point, 33 bytes."""
        return PublicKey(KeyType.SECP256K1, self._key.public_key.format())

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over *message* (r, then the lower s)."""
        signature: bytes = serialize_compact(der_to_cdata(self._key.sign(message)))
        return signature

    def export_secret(self) -> bytes:
        """Return the secret scalar, 32 bytes. For a vault or keystore alone: never for a log, a text or an error."""
        return self._key.secret


def verify(public: PublicKey, message: bytes, signature: bytes) -> bool:
    """Say whether *signature* (r, low s) over *message* is by *public*; keys of another kind or length are False."""
    if public.type is not KeyType.SECP256K1 or len(public.raw) != _POINT_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        # libsecp256k1 itself refuses a high s
        return CurvePublicKey(public.raw).verify(cdata_to_der(deserialize_compact(signature)), message)
    except ValueError:  # no point of the curve, or r or s beyond its order
        return False


SCHEME = Scheme(KeyType.SECP256K1, "sha256", SIGNATURE_BYTES, verify)
