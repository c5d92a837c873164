"""The keys of the profile: one for each kind, made when it is first asked for, gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from jikin.dids.key import did_of, method_of
from jikin.proofs.bbs.signer import BbsSigner
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.proofs.p256 import P256Signer
from jikin.proofs.p384 import P384Signer
from jikin.values import Did, DidUrl, KeyType, Signer

_MAKERS: Mapping[KeyType, Callable[[], Signer]] = {
    KeyType.ED25519: Ed25519Signer.generate,
    KeyType.P256: P256Signer.generate,
    KeyType.P384: P384Signer.generate,
    KeyType.BLS12_381_G2: BbsSigner.generate,
    KeyType.ML_DSA_44: Mldsa44Signer.generate,
}
# What ``GET /dids`` calls them.
NAMES: Mapping[str, KeyType] = {
    "Ed25519": KeyType.ED25519,
    "P-256": KeyType.P256,
    "P-384": KeyType.P384,
    "BLS": KeyType.BLS12_381_G2,
    "ML-DSA-44": KeyType.ML_DSA_44,
}


class Keys:
    """One signer for each kind of key; safe for several threads."""

    def __init__(self) -> None:
        """Begin without any key."""
        self._signers: dict[KeyType, Signer] = {}
        self._lock = threading.Lock()

    def signer(self, kind: KeyType) -> Signer:
        """Return the signer of *kind*; the same one every time."""
        with self._lock:
            if kind not in self._signers:
                self._signers[kind] = _MAKERS[kind]()
            return self._signers[kind]

    def did(self, kind: KeyType) -> Did:
        """Return the did:key of the key of *kind*."""
        return did_of(self.signer(kind).public_key)

    def method(self, kind: KeyType) -> DidUrl:
        """Return the verification method of the key of *kind*."""
        return method_of(self.signer(kind).public_key)

    def dids(self) -> dict[str, str]:
        """Return the DIDs by the names of ``GET /dids``."""
        return {name: str(self.did(kind)) for name, kind in NAMES.items()}
