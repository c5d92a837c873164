"""eddsa-jcs-2022: Ed25519 over canonical JSON (W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.3)."""

from __future__ import annotations

from jikin.proofs import ed25519
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.transformation import CanonicalJson


class EddsaJcs2022(DataIntegritySuite):
    """The signature covers the JSON value; contexts are not read."""

    def __init__(self) -> None:
        """Put the suite together."""
        super().__init__("eddsa-jcs-2022", CanonicalJson(), (ed25519.SCHEME,))
