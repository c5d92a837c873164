"""Public keys, what signs, and what one issuer signature states: shared by proofs, DIDs and anchors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class KeyType(Enum):
    """Kinds of public key; the value is the name in messages."""

    ED25519 = "Ed25519"
    P256 = "P-256"
    P384 = "P-384"
    P521 = "P-521"
    SECP256K1 = "secp256k1"
    RSA = "RSA"  # DER of SubjectPublicKeyInfo; verifies what others signed, never signs here
    BLS12_381_G2 = "BLS12-381 G2"
    ML_DSA_44 = "ML-DSA-44"
    ETHEREUM_ACCOUNT = "Ethereum account"  # 20 bytes: the key itself is recovered from a signature


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its kind and its raw bytes as Multikey carries them (points on curves compressed)."""

    type: KeyType
    raw: bytes


class Signer(Protocol):
    """Something that signs and never shows its private key: a file keystore, PKCS#11, a remote service."""

    @property
    def public_key(self) -> PublicKey:
        """Return the public key that verifies what this signs."""

    def sign(self, message: bytes) -> bytes:
        """Return the raw signature over *message* (64 bytes for Ed25519)."""


class Form(Enum):
    """How a signature enters the anchor digest (STATEMENTS 3); the value is the byte hashed.

    NONE enters no digest: a bbs-2023 credential is anchored by the statement of its cohort.
    """

    NONE = 0
    DATA_INTEGRITY = 1
    JWS = 2
    COSE = 3
    EIP712 = 4
    ECDSA_SD = 5


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """One issuer signature as the anchor digest sees it: *signed* are the bytes signed, *signature* the raw signature.

    Form 1 (Data Integrity): *signed* is the suite's hashData, proof configuration hash then document hash. A suite
    whose check needs more than these bytes hands out a statement of a class of its own.
    """

    form: Form
    algorithm: str
    signed: bytes
    signature: bytes
