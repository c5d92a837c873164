"""Signatures of Ethereum accounts: ECDSA on secp256k1 over a 32-byte digest, r ‖ s ‖ v, checked by recovering the key.

What such a signature is, and which of two counts, stands in `jikin.codec.accounts`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from coincurve import PrivateKey

from jikin.codec.accounts import DIGEST_BYTES, FIRST_V, ORDER, SIGNATURE_BYTES, address_of, is_canonical, recover
from jikin.errors import ValueRefusedError
from jikin.values import KeyType, PublicKey

__all__ = [
    "DIGEST_BYTES",
    "SIGNATURE_BYTES",
    "EthereumAccountSigner",
    "address_of",
    "is_canonical",
    "recover",
    "verify",
]

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class EthereumAccountSigner:
    """An account's key held in memory; never shows its private half."""

    _key: PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> EthereumAccountSigner:
        """Return a fresh account."""
        return cls(PrivateKey())

    @classmethod
    def from_secret(cls, secret: bytes) -> EthereumAccountSigner:
        """Return the account of the 32-byte *secret*; raises ValueRefusedError for what is none."""
        right = isinstance(secret, bytes) and len(secret) == _SECRET_BYTES
        if not right or not 0 < int.from_bytes(secret, "big") < ORDER:
            raise ValueRefusedError("the secret of an account is 32 bytes, a number below the order of secp256k1")
        return cls(PrivateKey(secret))

    @property
    def public_key(self) -> PublicKey:
        """Return the account: its address, 20 bytes."""
        return PublicKey(KeyType.ETHEREUM_ACCOUNT, address_of(self._key.public_key.format()))

    def sign(self, message: bytes) -> bytes:
        """Return the 65-byte signature (r ‖ s ‖ v, low s, v 27 or 28) over the 32-byte digest *message*.

        Raises ValueRefusedError for a message of another length: an account signs digests only.
        """
        if len(message) != DIGEST_BYTES:
            raise ValueRefusedError(f"an account signs a digest of {DIGEST_BYTES} bytes, got {len(message)}")
        signature = self._key.sign_recoverable(message, hasher=None)
        return signature[:-1] + bytes([FIRST_V + signature[-1]])

    def export_secret(self) -> bytes:
        """Return the secret, 32 bytes. For a keystore alone: it must not reach a log, a text or an error."""
        return self._key.secret


def verify(public: PublicKey, digest: bytes, signature: bytes) -> bool:
    """Say whether *signature* over *digest* is by the account, or secp256k1 key, *public*; other kinds are False."""
    if public.type not in (KeyType.ETHEREUM_ACCOUNT, KeyType.SECP256K1):
        return False
    point = recover(digest, signature)
    if point is None:
        return False
    return (point if public.type is KeyType.SECP256K1 else address_of(point)) == public.raw
