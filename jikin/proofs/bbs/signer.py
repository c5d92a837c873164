"""BBS keys held in memory, for the ciphersuite BLS12-381-SHA-256 that bbs-2023 signs with."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from jikin.errors import ValueRefusedError
from jikin.proofs.bbs import blind, signing
from jikin.proofs.bbs.curve import ORDER, SCALAR_BYTES
from jikin.proofs.bbs.curve_arkworks import ARKWORKS
from jikin.proofs.bbs.interface import SHA_256, Api, standard
from jikin.proofs.bbs.octets import octets
from jikin.proofs.bbs.signing import KeyPair
from jikin.values import KeyType, PublicKey


@runtime_checkable
class MessagesSigner(Protocol):
    """Something that signs many messages at once and never shows its secret key."""

    @property
    def public_key(self) -> PublicKey:
        """Return the public key, 96 bytes."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over one *message* without a header, 80 bytes."""

    def sign_messages(self, header: bytes, messages: Sequence[bytes]) -> bytes:
        """Return the signature over *messages*, 80 bytes; raises ProofError for too many."""

    def sign_blindly(
        self, header: bytes, messages: Sequence[bytes], commitment: bytes, nym_entropy: int | None = None
    ) -> bytes:
        """Return the signature over *messages* and what *commitment* commits to, 80 bytes.

        With *nym_entropy* it is made for pseudonyms. Raises ProofError (``proof.bbs``) for a commitment without proof.
        """


@dataclass(frozen=True, slots=True)
class BbsSigner:
    """A BBS key held in memory; never shows its secret half."""

    _key: KeyPair = field(repr=False)

    @classmethod
    def generate(cls) -> BbsSigner:
        """Return a fresh key, of 32 bytes from the system."""
        return cls.from_material(secrets.token_bytes(32))

    @classmethod
    def from_material(cls, material: bytes, info: bytes = b"") -> BbsSigner:
        """Return the key made of *material*, at least 32 unpredictable bytes; raises ValueRefusedError for fewer."""
        return cls._of(signing.secret_key(SHA_256, material, info))

    @classmethod
    def from_secret(cls, secret: bytes) -> BbsSigner:
        """Return the key of the 32-byte *secret* scalar; raises ValueRefusedError for what is none."""
        number = int.from_bytes(secret, "big") if isinstance(secret, bytes) and len(secret) == SCALAR_BYTES else 0
        if not 0 < number < ORDER:
            raise ValueRefusedError(f"a BBS secret is {SCALAR_BYTES} bytes, a number below the order of BLS12-381")
        return cls._of(number)

    @classmethod
    def _of(cls, secret: int) -> BbsSigner:
        return cls(KeyPair.of(ARKWORKS, secret))

    @property
    def public_key(self) -> PublicKey:
        """Return the public key: the compressed point of G2, 96 bytes."""
        return PublicKey(KeyType.BLS12_381_G2, self._key.public)

    def sign(self, message: bytes) -> bytes:
        """Return the signature over one *message* without a header, 80 bytes."""
        return self.sign_messages(b"", (message,))

    def sign_messages(self, header: bytes, messages: Sequence[bytes]) -> bytes:
        """Return the signature over *messages* and *header*, 80 bytes; raises ProofError for over 2,048 messages."""
        return signing.sign(standard(Api.PLAIN), self._key, header, messages)

    def sign_blindly(
        self, header: bytes, messages: Sequence[bytes], commitment: bytes, nym_entropy: int | None = None
    ) -> bytes:
        """Return the signature over *messages*, *header* and what *commitment* commits to, 80 bytes.

        With *nym_entropy*, the signer's random part of the secret of pseudonyms, it is made for them. Raises ProofError
        (``proof.bbs``) for a commitment whose proof does not hold.
        """
        interface = standard(Api.BLIND if nym_entropy is None else Api.PSEUDONYM)
        return blind.blind_sign(interface, self._key, header, messages, commitment, nym_entropy=nym_entropy)

    def export_secret(self) -> bytes:
        """Return the secret scalar, 32 bytes. For a vault or keystore alone: never for a log, a text or an error."""
        return octets(self._key.secret)
