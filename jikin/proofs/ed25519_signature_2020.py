"""Ed25519Signature2020: the suite before eddsa-rdfc-2022 (W3C Data Integrity EdDSA Cryptosuites 1.0, appendix).

The same canonical RDF, hashes and signature under a ``type`` of its own, so the document has to name
https://w3id.org/security/suites/ed25519-2020/v1 (or another context that defines the type) for the proof to have a
meaning. New credentials take eddsa-rdfc-2022; until when this one is relied on is for a policy to say.
"""

from __future__ import annotations

from jikin.codec.contexts import Contexts
from jikin.proofs import ed25519
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.transformation import Rdf

CONTEXT = "https://w3id.org/security/suites/ed25519-2020/v1"


class Ed25519Signature2020(DataIntegritySuite):
    """What many Open Badges of 2022 to 2024 carry."""

    def __init__(self, contexts: Contexts) -> None:
        """Take the *contexts* that documents may name."""
        name = "Ed25519Signature2020"
        super().__init__(name, Rdf(contexts), (ed25519.SCHEME,), proof_type=name)
