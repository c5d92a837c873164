"""Offers of certificates to holders' wallets (OpenID4VCI 1.0, sections 4 to 6): made, fetched, redeemed for a token.

An offer holds a pre-authorised code of 192 random bits that is good once and for minutes; its link carries a reference
from which the code is computed, so that nothing here can be used by whoever reads the database. Where a transaction
code is asked for, it goes another way; after five wrong guesses the offer is dead.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from issuer import copies, pepper, specimens
from issuer.formats import Configured, Format
from issuer.office import Office
from issuer.store import audit, batches, institutions, offers
from issuer.store import copies as copy_store
from issuer.store.batches import Credential, CredentialState, Origin, SourceRow
from issuer.store.institutions import Institution
from issuer.store.offers import NewOffer, Offer
from jikin.credentials.columns import RecordFault
from jikin.credentials.types import CredentialType
from jikin.errors import OfficeError
from jikin.openid4vc.errors import OAuthError, refusal
from jikin.openid4vc.issuance import TokenRequest, TokenResponse
from jikin.openid4vc.offer import CredentialOffer, TxCode, uri_by_reference
from jikin.values import CertificateNumber, sha256

OFFER_SECONDS = 600
TOKEN_SECONDS = 300
TX_CODE_DIGITS = 6
_SECRET_BYTES = 32
_CODE_BYTES = 24
_CODE_MAGIC = b"JKO1"
_TX_MAGIC = b"JKT1"


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer as made: the link for a wallet, the same behind the office's own wallet, and the code that goes apart.

    *expires* is a Unix second. *credential_id* is None while the certificate is still being issued.
    """

    id: int
    uri: str = field(repr=False)
    link: str | None = field(repr=False)
    tx_code: str | None = field(repr=False)
    expires: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """How an offer is to be: with a transaction code or without; *deferred*: the wallet is always put off once.

    *format* is that of the copy which the holder receives.
    """

    tx_code: bool = True
    deferred: bool = False
    seconds: int = OFFER_SECONDS
    officer_id: int | None = None
    format: Format = Format.LDP_VC


_STANDARD = Wishes()


def digest(secret: str) -> bytes:
    """Return what is stored of a code, token or nonce: its SHA-256."""
    return sha256(secret.encode("utf-8", "replace"))


def new_secret() -> str:
    """Return a fresh secret: 256 random bits in base64url."""
    return secrets.token_urlsafe(_SECRET_BYTES)


# ------------------------------------------------------------------------------------------------------------- making


def offer(office: Office, credential: Credential, wishes: Wishes = _STANDARD) -> Offered:
    """Return an offer of a certificate, or of the one it is a copy of.

    Raises OfficeError ``office.not-in-force`` unless it is released and neither revoked nor suspended.
    """
    original_id = credential.id if credential.copy_of is None else credential.copy_of
    with office.database.write() as connection:
        original = batches.by_row(connection, original_id)
        if original.state is not CredentialState.RELEASED:
            raise OfficeError(
                f"the certificate is {original.state.value}; right would be one that is released and in force",
                code=copies.NOT_IN_FORCE,
            )
        institution = institutions.by_id(connection, original.institution_id)
    return _make(office, institution, original.type, wishes, credential_id=original.id)


def offer_number(office: Office, institution: Institution, number: str, wishes: Wishes = _STANDARD) -> Offered:
    """Return an offer of the certificate with that number (as typed); raises OfficeError, NumberError."""
    symbols = CertificateNumber.parse(number).symbols
    with office.database.read() as connection:
        found = batches.by_number(connection, symbols)
    if found is None or found.institution_id != institution.id:
        raise OfficeError("there is no certificate of this number here", code="office.number-unknown")
    return offer(office, found, wishes)


def offer_record(
    office: Office,
    institution: Institution,
    kind: CredentialType,
    subject: Mapping[str, str] | None,
    wishes: Wishes = _STANDARD,
) -> Offered:
    """Return an offer of a certificate for the record *subject*, which the office issues first by its ordinary steps.

    *subject* maps column keys, or their Korean or English headers, to cells; None: an invented person. What a
    certificate in force says already is offered as it is. Raises OfficeError ``office.subject`` for a record that
    cannot be issued, naming column and reason; ``office.type-not-allowed``.
    """
    from issuer import importing

    importing.may_issue(institution, kind)
    record = specimens.record(kind) if subject is None else _record(kind, subject)
    hashed = importing.record_hash(kind.id, record)
    if faults := kind.check_record(record, today=office.today):
        raise _refused(kind, faults[0])
    with office.database.write() as connection:
        known = copy_store.in_force(connection, institution.id, hashed)
        if known is None:
            batch = batches.add(
                connection,
                institution_id=institution.id,
                type=kind.id,
                suite=office.settings.suite,
                idempotency_key=f"offer {secrets.token_hex(16)}",
                source_digest=hashed,
                source=[SourceRow(1, "good", record, hashed)],
                at=office.clock(),
                origin=Origin.OFFER,
            )
            audit.record(
                connection,
                at=office.clock(),
                act="batch accepted",
                subject=f"batches/{batch.id}",
                institution_id=institution.id,
                good=1,
            )
    if known is not None and known.state is CredentialState.RELEASED:
        return offer(office, known, wishes)
    if known is not None:
        return _make(office, institution, kind.id, wishes, credential_id=known.id)
    return _make(office, institution, kind.id, wishes, batch_id=batch.id)


def _record(kind: CredentialType, subject: Mapping[str, str]) -> dict[str, str]:
    match = kind.match_header(tuple(subject))
    if match.ignored or None in match.keys:
        raise OfficeError(
            f"subject has what {kind.id} has no column for; its columns are {', '.join(kind.columns)}",
            code="office.subject",
        )
    if match.faults:
        raise _refused(kind, match.faults[0])
    return kind.record(match, tuple(subject.values()))


def _refused(kind: CredentialType, fault: RecordFault) -> OfficeError:
    return OfficeError(
        f"no {kind.id} can be issued: {fault.reason_en}", code="office.subject", hint=f"{fault.column}: {fault.fix_en}"
    )


def _make(
    office: Office,
    institution: Institution,
    type_id: str,
    wishes: Wishes,
    *,
    credential_id: int | None = None,
    batch_id: int | None = None,
) -> Offered:
    now = office.clock()
    reference, tx_code = new_secret(), None
    code = code_of(reference)
    if wishes.tx_code:
        tx_code = f"{secrets.randbelow(10**TX_CODE_DIGITS):0{TX_CODE_DIGITS}d}"
    with office.database.write() as connection:
        stored = offers.add(
            connection,
            NewOffer(
                institution_id=institution.id,
                credential_id=credential_id,
                batch_id=batch_id,
                officer_id=wishes.officer_id,
                configuration=Configured(type_id, wishes.format).id,
                reference_digest=digest(reference),
                code_digest=digest(code),
                tx_tag=None if tx_code is None else _tx_tag(office, code, tx_code),
                deferred=wishes.deferred,
                created_at=now,
                expires=now + wishes.seconds,
            ),
        )
        audit.record(
            connection,
            at=now,
            act="certificate offered",
            subject=f"offers/{stored.id}",
            institution_id=institution.id,
            officer_id=wishes.officer_id,
        )
    uri = uri_by_reference(f"{office.profile(institution).base_url}/offers/{reference}")
    wallet = office.settings.wallet_url
    link = f"{wallet}/receive?{urlencode({'offer': uri})}" if wallet else None
    return Offered(stored.id, uri, link, tx_code, stored.expires)


def code_of(reference: str) -> str:
    """Return the pre-authorised code of the offer with that reference: 192 bits, not to be turned round."""
    made = hmac.digest(reference.encode("utf-8"), _CODE_MAGIC, "sha256")
    return base64.urlsafe_b64encode(made[:_CODE_BYTES]).decode("ascii")


def _tx_tag(office: Office, code: str, tx_code: str) -> bytes:
    return pepper.tag(office, _TX_MAGIC, digest(code), tx_code.encode("utf-8", "replace"))


# ----------------------------------------------------------------------------------------------------------- fetching


def fetch(office: Office, institution: Institution, reference: str) -> CredentialOffer:
    """Return the offer that a link leads to; raises OfficeError ``office.offer.not-found`` for one that is no more."""
    with office.database.read() as connection:
        stored = offers.by_reference(connection, institution.id, digest(reference))
    if stored is None or stored.redeemed_at is not None or stored.dead or stored.expires <= office.clock():
        raise OfficeError(
            "this offer does not exist, was used, or has ended",
            code="office.offer.not-found",
            hint="ask the institution for a new one",
        )
    tx_code = None
    if stored.tx_tag is not None:
        tx_code = TxCode(TX_CODE_DIGITS, "numeric", "The code that came with a separate message")
    return CredentialOffer(
        issuer=office.profile(institution).base_url,
        configurations=(stored.configuration,),
        pre_authorized_code=code_of(reference),
        tx_code=tx_code,
    )


# ---------------------------------------------------------------------------------------------------------- redeeming


def redeem(office: Office, institution: Institution, request: TokenRequest) -> TokenResponse:
    """Return an access token for a pre-authorised code, which is used up with it.

    Raises ProtocolError: ``invalid_grant`` for an unknown, used, ended or dead code and for a wrong transaction code;
    ``invalid_request`` when a transaction code is missing, or was given where none is asked for.
    """
    now, token = office.clock(), new_secret()
    with office.database.write() as connection:
        stored = offers.by_code(connection, institution.id, digest(request.code))
        refused = _refused_grant(office, stored, request, now)
        if stored is not None and refused is None:
            if offers.redeem(connection, stored.id, now):
                ends = now + TOKEN_SECONDS
                offers.add_grant(connection, offer_id=stored.id, token_digest=digest(token), at=now, expires=ends)
            else:
                refused = _Refused(_USED)
        if stored is not None and refused is not None and refused.counts:
            offers.count_wrong_code(connection, stored.id)
    if refused is not None:  # outside of the transaction: what was counted is kept
        raise refusal("grant", refused.message, oauth=refused.error, hint="ask the institution for a new offer")
    return TokenResponse(token, TOKEN_SECONDS)


_USED = "the pre-authorized code was used before"


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why a code is not redeemed; *counts*: a wrong transaction code, of which there may be five."""

    message: str
    error: OAuthError = OAuthError.INVALID_GRANT
    counts: bool = False


def _refused_grant(office: Office, stored: Offer | None, request: TokenRequest, now: int) -> _Refused | None:
    if stored is None:
        return _Refused("the pre-authorized code is not known here")
    if stored.redeemed_at is not None:
        return _Refused(_USED)
    if stored.dead:
        return _Refused("too many wrong transaction codes were tried; this offer is dead")
    if stored.expires <= now:
        return _Refused("the pre-authorized code has ended")
    return _refused_tx_code(office, stored, request)


def _refused_tx_code(office: Office, stored: Offer, request: TokenRequest) -> _Refused | None:
    given = request.tx_code
    if stored.tx_tag is None:
        return (
            _Refused("tx_code was given, and this offer asks for none", OAuthError.INVALID_REQUEST) if given else None
        )
    if not given:
        return _Refused("tx_code is missing; it came with a separate message", OAuthError.INVALID_REQUEST)
    if hmac.compare_digest(stored.tx_tag, _tx_tag(office, request.code, given)):
        return None
    return _Refused("the transaction code is wrong; after five wrong ones the offer is dead", counts=True)
