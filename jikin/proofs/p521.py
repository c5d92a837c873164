"""ECDSA on P-521 with SHA-512 (FIPS 186-5); signatures are r and s, 66 bytes each, as in JOSE."""

from __future__ import annotations

from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric import ec

from jikin.proofs.ecdsa import Curve, EcdsaSigner
from jikin.values import KeyType

CURVE = Curve(KeyType.P521, ec.SECP521R1(), "sha512")
SIGNATURE_BYTES = CURVE.signature_bytes
SCHEME = CURVE.scheme
verify = CURVE.verify


class P521Signer(EcdsaSigner):
    """A P-521 key held in memory; never shows its private half."""

    __slots__ = ()

    curve: ClassVar[Curve] = CURVE
