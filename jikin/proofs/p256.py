"""ECDSA on P-256 with SHA-256 (FIPS 186-5); signatures are r and s, 32 bytes each, as in JOSE and Data Integrity."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jikin.errors import ValueRefusedError
from jikin.proofs.scheme import Scheme
from jikin.values import KeyType, PublicKey

SIGNATURE_BYTES = 64
_HALF = 32
_CURVE = ec.SECP256R1()
_ALGORITHM = ec.ECDSA(hashes.SHA256())
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class P256Signer:
    """A P-256 key held in memory; never shows its private half."""

    _key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> P256Signer:
        """Return a fresh key."""
        return cls(ec.generate_private_key(_CURVE))

    @classmethod
    def from_secret(cls, secret: bytes) -> P256Signer:
        """Return the key of the 32-byte *secret* scalar; raises ValueRefusedError for what is none."""
        number = int.from_bytes(secret, "big") if isinstance(secret, bytes) and len(secret) == _HALF else 0
        if not 0 < number < _ORDER:
            raise ValueRefusedError(f"a P-256 secret is {_HALF} bytes, a number below the order of the curve")
        return cls(ec.derive_private_key(number, _CURVE))

    @classmethod
    def of(cls, key: object) -> P256Signer:
        """Return the signer of a private key that was read by ``cryptography``.

        Raises ValueRefusedError for a key of another kind or curve.
        """
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != _CURVE.name:
            raise ValueRefusedError("the private key is not of the curve P-256")
        return cls(key)

    @property
    def public_key(self) -> PublicKey:
        """Return the public key: the compressed point, 33 bytes."""
        raw = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        return PublicKey(KeyType.P256, raw)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over *message* (r, then s)."""
        r, s = decode_dss_signature(self._key.sign(message, _ALGORITHM))
        return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")

    def export_secret(self) -> bytes:
        """Return the secret scalar, 32 bytes. For a vault or keystore alone: never for a log, a text or an error."""
        return self._key.private_numbers().private_value.to_bytes(_HALF, "big")


def verify(public: PublicKey, message: bytes, signature: bytes) -> bool:
    """Say whether *signature* (r, s) over *message* is by *public*; keys of another kind or length are False."""
    if public.type is not KeyType.P256 or len(signature) != SIGNATURE_BYTES:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:_HALF], signature[_HALF:]))
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public.raw)
        key.verify(encode_dss_signature(r, s), message, _ALGORITHM)
    except (InvalidSignature, ValueError):  # ValueError: the bytes are no point of the curve
        return False
    return True


SCHEME = Scheme(KeyType.P256, "sha256", SIGNATURE_BYTES, verify)
