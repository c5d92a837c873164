"""Handing a certificate over: an offer on a page, and its transaction code by the channel that pages do not use."""

from __future__ import annotations

from dataclasses import replace

from issuer import copies, offering
from issuer.approving import Officer
from issuer.formats import Format
from issuer.notices import Notice, Notifier
from issuer.offering import Offered, Wishes
from issuer.office import Office
from issuer.store import batches
from issuer.store.batches import Credential
from jikin.values import CertificateNumber

NOT_IN_FORCE = copies.NOT_IN_FORCE


def hand_over(
    office: Office,
    credential: Credential,
    notifier: Notifier,
    *,
    officer_id: int | None = None,
    format: Format = Format.LDP_VC,
) -> Offered:
    """Return the offer of a certificate in *format*, without the transaction code: that was sent to the holder.

    Raises OfficeError ``office.not-in-force`` for a certificate that was ended or is not released yet.
    """
    made = offering.offer(office, credential, Wishes(tx_code=True, officer_id=officer_id, format=format))
    number = CertificateNumber(credential.number)
    text = f"증명서 받기 코드: {made.tx_code}\nCode to receive your certificate: {made.tx_code}"
    notifier.send(Notice(f"the holder of {number}", str(number), text))
    return replace(made, tx_code=None)


def of_officer(office: Office, officer: Officer, credential_id: int) -> Credential | None:
    """Return the certificate with that row id, None when it is none of the officer's institution, or a copy."""
    with office.database.read() as connection:
        found = batches.find_row(connection, credential_id)
    if found is None or found.institution_id != officer.institution_id or found.copy_of is not None:
        return None
    return found
