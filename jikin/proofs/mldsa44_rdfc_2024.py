"""mldsa44-rdfc-2024: ML-DSA-44 over canonical RDF (W3C CCG Quantum-Safe Cryptosuites, section 3.3)."""

from __future__ import annotations

from jikin.codec.contexts import Contexts
from jikin.proofs import mldsa44
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.transformation import Rdf


class Mldsa44Rdfc2024(DataIntegritySuite):
    """As eddsa-rdfc-2022, with signatures of 2420 bytes in base64url."""

    def __init__(self, contexts: Contexts) -> None:
        """Take the *contexts* that documents may name."""
        super().__init__("mldsa44-rdfc-2024", Rdf(contexts), (mldsa44.SCHEME,), header="u")
