"""ECDSA on P-384 with SHA-384 (FIPS 186-5); signatures are r and s, 48 bytes each, as in JOSE and Data Integrity."""

from __future__ import annotations

from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric import ec

from jikin.proofs.ecdsa import Curve, EcdsaSigner
from jikin.values import KeyType

CURVE = Curve(KeyType.P384, ec.SECP384R1(), "sha384")
SIGNATURE_BYTES = CURVE.signature_bytes
SCHEME = CURVE.scheme
verify = CURVE.verify


class P384Signer(EcdsaSigner):
    """A P-384 key held in memory; never shows its private half."""

    __slots__ = ()

    curve: ClassVar[Curve] = CURVE
