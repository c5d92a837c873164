"""mldsa44-jcs-2024: ML-DSA-44 over canonical JSON (W3C CCG Quantum-Safe Cryptosuites, section 3.3)."""

from __future__ import annotations

from jikin.proofs import mldsa44
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.transformation import CanonicalJson


class Mldsa44Jcs2024(DataIntegritySuite):
    """The signature covers the JSON value. The proof shows no ``@context``: the document's is hashed with it."""

    def __init__(self) -> None:
        """Put the suite together."""
        super().__init__("mldsa44-jcs-2024", CanonicalJson(context_in_proof=False), (mldsa44.SCHEME,), header="u")
