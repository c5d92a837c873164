"""ecdsa-jcs-2019: ECDSA over canonical JSON (W3C Data Integrity ECDSA Cryptosuites 1.0, section 3.3).

P-256 goes with SHA-256 and P-384 with SHA-384.
"""

from __future__ import annotations

from jikin.proofs import p256, p384
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.transformation import CanonicalJson


class EcdsaJcs2019(DataIntegritySuite):
    """The signature covers the JSON value; contexts are not read."""

    def __init__(self) -> None:
        """Put the suite together."""
        super().__init__("ecdsa-jcs-2019", CanonicalJson(), (p256.SCHEME, p384.SCHEME))
