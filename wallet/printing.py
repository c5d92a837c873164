"""A certificate on paper: the sheet of its type, made from what the credential itself says, with it inside."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from jikin.badges import certificate
from jikin.badges.certificate import Attachment
from jikin.badges.pdf import CREDENTIAL_FILE
from jikin.codec import jcs
from jikin.credentials.parsing import parse
from jikin.errors import WalletError
from wallet import describing
from wallet.app import Wallet
from wallet.values import Held

_ZONE = ZoneInfo("Asia/Seoul")  # the day that the issuer wrote on it
_SEAL_LETTERS = 9
_SEAL_END = "인"  # what a seal says after the name: "seal of"
_PLAIN_SEAL = "직인"


def sheet(wallet: Wallet, held: Held, language: str, pack: bytes | None = None) -> bytes:
    """Return the PDF of a certificate, the same bytes each time, with credential, receipt and proof *pack* attached.

    A date of birth that the credential holds as a hash alone is left out. Raises WalletError ``wallet.no-print``,
    DocumentError.
    """
    credential = parse(held.credential, wallet.types)
    number, kind, base = credential.number, credential.kind, describing.check_base(wallet, credential)
    record = describing.record_of(credential)
    if kind is None or number is None or base is None or credential.valid_from is None or not record:
        raise WalletError(
            "this certificate has no printed form here: its type, number or place to check it is not known",
            code="wallet.no-print",
            hint="show its QR code, or send it as a file",
        )
    page = certificate.compose(
        kind,
        record,
        number=number,
        issuer_name=held.issuer,
        issued_on=datetime.fromtimestamp(credential.valid_from, _ZONE).date(),
        check_base=base,
        seal=seal_letters(held.issuer["ko"]),
        language=language,
        note=wallet.settings.print_note,
    )
    inside = [_original(held)]
    if held.receipt is not None:
        inside.append(certificate.receipt_attachment(jcs.canonicalize(held.receipt)))
    if pack is not None:
        inside.append(certificate.pack_attachment(pack))
    return certificate.render(page, inside)


def _original(held: Held) -> Attachment:
    """Return the certificate as a file inside the PDF; the text of an SD-JWT VC in the JSON that readers expect."""
    if held.envelope is None:
        return certificate.credential_attachment(jcs.canonicalize(held.credential))
    return Attachment(
        name=CREDENTIAL_FILE,
        data=jcs.canonicalize({"credential": held.envelope}),
        media_type="application/json",
        relationship="source",
        description="Signed credential (SD-JWT VC)",
    )


def seal_letters(name: str) -> str:
    """Return the letters of the seal: the institution's name where it fits, as seals are cut."""
    letters = "".join(name.split()) + _SEAL_END
    return letters if len(letters) <= _SEAL_LETTERS else _PLAIN_SEAL
