"""eddsa-rdfc-2022: Ed25519 over canonical RDF (W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.2)."""

from __future__ import annotations

from jikin.codec.contexts import Contexts
from jikin.proofs import ed25519
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.transformation import Rdf


class EddsaRdfc2022(DataIntegritySuite):
    """The default suite."""

    def __init__(self, contexts: Contexts) -> None:
        """Take the *contexts* that documents may name."""
        super().__init__("eddsa-rdfc-2022", Rdf(contexts), (ed25519.SCHEME,))
