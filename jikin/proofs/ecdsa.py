"""ECDSA on the NIST curves (FIPS 186-5), what P-256 and P-384 share; signatures are r, then s, as in JOSE.

The secret number of a signature follows from key and message (RFC 6979): no weak source of randomness can give the key
away, and a message signed twice has one signature.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jikin.errors import ValueRefusedError
from jikin.proofs.scheme import HashName, Scheme
from jikin.values import KeyType, PublicKey

_HASHES: dict[HashName, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class Curve:
    """A curve, and the hash of its strength."""

    def __init__(self, key_type: KeyType, curve: ec.EllipticCurve, hash_name: HashName) -> None:
        """Name the parts; *key_type* is the kind of key that lies on *curve*."""
        self.key_type = key_type
        self.curve = curve
        self.half = (curve.key_size + 7) // 8
        self.signature_bytes = 2 * self.half
        self.signing = ec.ECDSA(_HASHES[hash_name], deterministic_signing=True)
        self._verifying = ec.ECDSA(_HASHES[hash_name])
        self.scheme = Scheme(key_type, hash_name, self.signature_bytes, self.verify)

    def verify(self, public: PublicKey, message: bytes, signature: bytes) -> bool:
        """Say whether *signature* over *message* is by *public*; keys of another kind or length are False."""
        return self.verify_all(public, ((message, signature),))

    def verify_all(self, public: PublicKey, signed: Iterable[tuple[bytes, bytes]]) -> bool:
        """Say whether of all messages and signatures in *signed* each signature is by *public*; True where none is.

        The key is read once, which is a third of the work for a single signature.
        """
        if public.type is not self.key_type or len(public.raw) != 1 + self.half:
            return False
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(self.curve, public.raw)
            for message, signature in signed:
                if len(signature) != self.signature_bytes:
                    return False
                r, s = (int.from_bytes(half, "big") for half in (signature[: self.half], signature[self.half :]))
                key.verify(encode_dss_signature(r, s), message, self._verifying)
        except (InvalidSignature, ValueError):  # ValueError: the bytes are no point of the curve
            return False
        return True


@dataclass(frozen=True, slots=True)
class EcdsaSigner:
    """A key held in memory; never shows its private half. Subclasses say on which curve."""

    curve: ClassVar[Curve]

    _key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """Return a fresh key."""
        return cls(ec.generate_private_key(cls.curve.curve))

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """Return the key of the *secret* scalar, 32 bytes (P-256) or 48 (P-384).

        Raises ValueRefusedError for what is none.
        """
        curve = cls.curve
        number = int.from_bytes(secret, "big") if isinstance(secret, bytes) and len(secret) == curve.half else 0
        if not 0 < number < curve.curve.group_order:
            right = f"{curve.half} bytes, a number below the order of the curve"
            raise ValueRefusedError(f"a {curve.key_type.value} secret is {right}")
        return cls(ec.derive_private_key(number, curve.curve))

    @classmethod
    def of(cls, key: object) -> Self:
        """Return the signer of a private key that was read by ``cryptography``.

        Raises ValueRefusedError for a key of another kind or curve.
        """
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != cls.curve.curve.name:
            raise ValueRefusedError(f"the private key is not of the curve {cls.curve.key_type.value}")
        return cls(key)

    @property
    def public_key(self) -> PublicKey:
        """Return the public key: the compressed point, 33 bytes (P-256) or 49 (P-384)."""
        raw = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        return PublicKey(self.curve.key_type, raw)

    def sign(self, message: bytes) -> bytes:
        """Return the signature over *message*: r, then s, 32 bytes each (P-256) or 48 (P-384)."""
        half = self.curve.half
        r, s = decode_dss_signature(self._key.sign(message, self.curve.signing))
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")

    def export_secret(self) -> bytes:
        """Return the secret scalar. For a vault or keystore alone: never for a log, a text or an error."""
        return self._key.private_numbers().private_value.to_bytes(self.curve.half, "big")
