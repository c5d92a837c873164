"""Signatures of Ethereum accounts: ECDSA on secp256k1 over a 32-byte digest, r ‖ s ‖ v, checked by recovering the key.

An account is known by its address alone, the last 20 bytes of keccak-256 of its public key, so a signature is checked
by recovering the one key that can have made it. Of the two signatures that fit, (r, s) and (r, −s), only the one with
the low s counts (EIP-2): nobody can make a second signature out of a first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from coincurve import PrivateKey
from coincurve import PublicKey as Point

from jikin.errors import ValueRefusedError
from jikin.values import KeyType, PublicKey, keccak256

SIGNATURE_BYTES = 65
DIGEST_BYTES = 32
_SECRET_BYTES = 32
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_FIRST_V = 27  # v is 27 or 28; the library counts from 0


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
        if not right or not 0 < int.from_bytes(secret, "big") < _ORDER:
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
        return signature[:-1] + bytes([_FIRST_V + signature[-1]])

    def export_secret(self) -> bytes:
        """Return the secret, 32 bytes. For a keystore alone: it must not reach a log, a text or an error."""
        return self._key.secret


def address_of(point: bytes) -> bytes:
    """Return the 20-byte address of the public key *point* (33 bytes compressed, or 65); ValueError for no point."""
    return keccak256(Point(point).format(compressed=False)[1:])[-20:]


def is_canonical(signature: bytes) -> bool:
    """Say whether *signature* has the one form that counts: 65 bytes, low s, v 27 or 28."""
    if len(signature) != SIGNATURE_BYTES or signature[-1] not in (_FIRST_V, _FIRST_V + 1):
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return 0 < r < _ORDER and 0 < s <= _ORDER // 2


def recover(digest: bytes, signature: bytes) -> bytes | None:
    """Return the compressed public key (33 bytes) by which *signature* is over *digest*, None when there is none."""
    if len(digest) != DIGEST_BYTES or not is_canonical(signature):
        return None
    counted = signature[:-1] + bytes([signature[-1] - _FIRST_V])
    try:
        return Point.from_signature_and_message(counted, digest, hasher=None).format()
    except ValueError:  # r is the abscissa of no point
        return None


def verify(public: PublicKey, digest: bytes, signature: bytes) -> bool:
    """Say whether *signature* over *digest* is by the account, or secp256k1 key, *public*; other kinds are False."""
    if public.type not in (KeyType.ETHEREUM_ACCOUNT, KeyType.SECP256K1):
        return False
    point = recover(digest, signature)
    if point is None:
        return False
    return (point if public.type is KeyType.SECP256K1 else address_of(point)) == public.raw
