"""What links are, and what faults of receiving and presenting are called on pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from jikin.badges.check_url import CheckUrl
from jikin.errors import DocumentError
from jikin.web.bodies import Upload
from wallet import receiving

_SHARED: Mapping[str, str] = {
    "document": "fault.no-qr",
    "document.ambiguous": "fault.many-qr",
    "document.none": "fault.no-picture",
    "wallet.address": "fault.address",
    "wallet.tampered": "fault.tampered",
    "wallet.rolled-back": "fault.tampered",
}
OFFER_FAULTS: Mapping[str, str] = {
    **_SHARED,
    "wallet.one-way": "fault.two-ways",
    "wallet.offer": "fault.offer-dead",
    "wallet.offer.used": "fault.offer-used",
    "wallet.offer.unsupported": "fault.offer-unsupported",
    "wallet.tx-code": "fault.code-wrong",
    "wallet.unreachable": "fault.issuer-silent",
    "wallet.credential": "fault.not-genuine",
    "wallet.credential.not-yours": "fault.not-yours",
    "wallet.credential.other-type": "fault.other-type",
    "unavailable": "fault.issuer-silent",
    "protocol": "fault.issuer-refused",
}
REQUEST_FAULTS: Mapping[str, str] = {
    **_SHARED,
    "wallet.request": "fault.request-dead",
    "wallet.choice": "fault.not-fitting",
    "wallet.answer-refused": "fault.asker-refused",
    "wallet.answer-unconfirmed": "fault.unconfirmed",
    "openid.dcql.choice": "fault.not-fitting",
    "wallet.unreachable": "fault.asker-silent",
    "unavailable": "fault.asker-silent",
    "protocol": "fault.request-bad",
}
# After this the same offer can be tried once more, with another code of the letter.
TRY_AGAIN = frozenset({"wallet.tx-code"})
_OFFER_SCHEMES = frozenset({"openid-credential-offer", "haip-vci"})
_REQUEST_SCHEMES = frozenset({"openid4vp", "haip-vp"})
# "offer" and "request" are those of our own pages (/receive?offer=, /present?request=).
_OFFER_NAMES = frozenset({"credential_offer", "credential_offer_uri", "offer"})
_REQUEST_NAMES = frozenset({"request_uri", "client_id", "request"})


class LinkKind(StrEnum):
    """What a link is for."""

    OFFER = "offer"
    REQUEST = "request"
    CHECK = "check"  # the printed code of a certificate
    OTHER = "other"


def kind_of_link(text: str) -> LinkKind:
    """Return what *text* is for at first sight; whether it is a good one of its kind is another matter."""
    try:
        parts = urlsplit(text.strip())
        names = parse_qs(parts.query, max_num_fields=100)
    except ValueError:
        return LinkKind.OTHER
    scheme = parts.scheme.lower()
    if scheme in _OFFER_SCHEMES or names.keys() & _OFFER_NAMES:
        return LinkKind.OFFER
    if scheme in _REQUEST_SCHEMES or names.keys() & _REQUEST_NAMES:
        return LinkKind.REQUEST
    try:
        CheckUrl.parse(text.strip())
    except DocumentError:
        return LinkKind.OTHER
    return LinkKind.CHECK


def picture_text(pictures: Sequence[Upload]) -> str:
    """Return what the one code in the uploaded picture says; raises DocumentError (``document.…``)."""
    if not pictures:
        raise DocumentError("no picture was sent", code="document.none")
    return receiving.from_picture(pictures[0].data)
