"""A signer of every kind of key a cryptosuite takes, from fixed secrets: a test has the same keys each time it runs."""

from __future__ import annotations

from jikin.proofs.bbs.signer import BbsSigner
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.proofs.p256 import P256Signer
from jikin.proofs.p384 import P384Signer
from jikin.proofs.suite import Suite
from jikin.values import KeyType, Signer

SIGNERS: dict[KeyType, Signer] = {
    KeyType.ED25519: Ed25519Signer.from_seed(bytes(range(32))),
    KeyType.P256: P256Signer.from_secret(bytes(range(1, 33))),
    KeyType.P384: P384Signer.from_secret(bytes(range(1, 49))),
    KeyType.BLS12_381_G2: BbsSigner.from_material(bytes(range(3, 35))),
    KeyType.ML_DSA_44: Mldsa44Signer.from_seed(bytes(range(2, 34))),
}


def signers_of(suite: Suite) -> dict[KeyType, Signer]:
    """Return the signers that *suite* takes, by their kind of key."""
    return {kind: signer for kind, signer in SIGNERS.items() if kind in suite.key_types}
