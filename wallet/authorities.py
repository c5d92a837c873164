"""Whose certificates show who asks: the roots of the trust folder (``*.pem``) and the further authority of a trial."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509

from jikin.errors import SettingsError
from wallet.app import Wallet


def roots(wallet: Wallet) -> tuple[x509.Certificate, ...]:
    """Return the roots as they lie in their folder now; raises SettingsError for a file that holds no certificate."""
    settings = wallet.settings
    files = [] if settings.trust is None else sorted(settings.trust.glob("*.pem"))
    if settings.ca_file is not None:
        files.append(settings.ca_file)
    return tuple(certificate for file in files for certificate in _certificates(file))


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file.name} holds no certificates in PEM", code="settings.value") from error
