"""ecdsa-rdfc-2019: ECDSA over canonical RDF (W3C Data Integrity ECDSA Cryptosuites 1.0, section 3.2).

P-256 goes with SHA-256 and P-384 with SHA-384, inside the canonicalization too.
"""

from __future__ import annotations

from jikin.codec.contexts import Contexts
from jikin.proofs import p256, p384
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.transformation import Rdf


class EcdsaRdfc2019(DataIntegritySuite):
    """The signature covers what the document says, in RDF."""

    def __init__(self, contexts: Contexts) -> None:
        """Take the *contexts* that documents may name."""
        super().__init__("ecdsa-rdfc-2019", Rdf(contexts), (p256.SCHEME, p384.SCHEME))
