"""ECDSA on P-256 with SHA-256 (FIPS 186-5); signatures are r and s, 32 bytes each, as in JOSE and Data Integrity."""

from __future__ import annotations

from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric import ec

from jikin.proofs.ecdsa import Curve, EcdsaSigner
from jikin.values import KeyType

CURVE = Curve(KeyType.P256, ec.SECP256R1(), "sha256")
SIGNATURE_BYTES = CURVE.signature_bytes
SCHEME = CURVE.scheme
verify = CURVE.verify
verify_all = CURVE.verify_all


class P256Signer(EcdsaSigner):
    """A P-256 key held in memory; never shows its private half."""

    __slots__ = ()

    curve: ClassVar[Curve] = CURVE
