"""Whose certificates show who asks: the roots of the trust folder (``*.pem``) and the further authority of a trial."""

from __future__ import annotations

from jikin.verification.assembly import read_certificates, read_roots
from jikin.verification.trust import Roots
from wallet.app import Wallet


def roots(wallet: Wallet) -> Roots:
    """Return the roots as they lie in their folder now; raises SettingsError for a file that holds no certificate."""
    settings = wallet.settings
    found = () if settings.trust is None else read_roots(settings.trust)
    return found if settings.ca_file is None else (*found, *read_certificates(settings.ca_file))
