"""The steps of receiving, one after the other, each written down before the next (OpenID4VCI 1.0, 6 to 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jikin.credentials import parsing
from jikin.credentials.model import Credential
from jikin.credentials.text import visible
from jikin.dids import key as did_key
from jikin.errors import CredentialError, EnvelopeError, JikinError, ProtocolError, WalletError
from jikin.openid4vc import issuance, key_proof
from jikin.openid4vc.door import Answer
from jikin.openid4vc.errors import OAuthError
from jikin.openid4vc.issuance import (
    CredentialRequest,
    CredentialResponse,
    Notification,
    NotificationEvent,
    TokenRequest,
    TokenResponse,
)
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelopes.sd_jwt_vc import SdJwtVc
from jikin.values import Json, JsonObject
from wallet import activity, asking, checking, describing, holding, records
from wallet.app import Wallet
from wallet.checking import Checked
from wallet.offers import UNFINISHED, Offer, OfferState, Part, PartState
from wallet.records import Change, Record
from wallet.sessions import OpenVault

_ISSUER = "the issuer"
_MIN_INTERVAL, _MAX_INTERVAL = 1, 30  # seconds between two questions for a deferred certificate
_MAX_LOST = 3
_NOT_YOURS = "it is not made out to the key that was made for it"
_OUT_OF_ORDER = 500  # from this status on it is the issuer's outage, and nothing about us


class Work:
    """An offer at work: what is in the vault of it, changed step by step."""

    def __init__(self, wallet: Wallet, open: OpenVault, record: Record) -> None:
        """Begin where *record* stands."""
        self.wallet = wallet
        self.open = open
        self.offer = Offer.from_json(record.value)
        self._record = record

    @property
    def kept_ids(self) -> tuple[str, ...]:
        """Return the ids of the certificates that have come."""
        return tuple(part.certificate for part in self.offer.parts if part.state is PartState.KEPT)

    @property
    def unfinished(self) -> tuple[Part, ...]:
        """Return the parts that are still to come."""
        return tuple(part for part in self.offer.parts if part.state in UNFINISHED)

    def write(self, offer: Offer) -> None:
        """Write the offer as it is after a step; raises as ``write_in``."""
        with records.changing(self.wallet.database, self.open) as change:
            self.write_in(change, offer)

    def write_in(self, change: Change, offer: Offer) -> None:
        """Write the offer as part of *change*.

        Raises WalletError ``wallet.record.conflict`` when another process has gone on with it meanwhile.
        """
        change.replace(self._record, offer.to_json())
        self._record = replace(self._record, version=self._record.version + 1)
        self.offer = offer


def run(work: Work, tx_code: str | None) -> JikinError | None:
    """Go on until everything has come, was refused, or is still being made by the issuer; returns the first refusal.

    Raises WalletError, ProtocolError for what keeps the whole offer from going on; calling it again goes on.
    """
    if work.offer.state is OfferState.ACCEPTED:
        _exchange(work, tx_code)
    if work.offer.state is not OfferState.TOKEN:
        return None
    fault: JikinError | None = None
    left = work.wallet.settings.receive_wait_seconds
    while True:
        for part in work.unfinished:
            ask = _request if part.state is PartState.OPEN else _ask_again
            fault = ask(work, part) or fault
        waiting = work.unfinished
        pause = min((part.interval for part in waiting), default=0)
        pause = min(max(_MIN_INTERVAL, pause), _MAX_INTERVAL)
        if not waiting or pause > left:
            return fault
        work.wallet.sleep(pause)
        left -= pause


def gone() -> WalletError:
    """Return the error for an offer that the issuer takes no longer."""
    return WalletError(
        "the offer has expired, or was used already", code="wallet.offer.gone", hint="ask the issuer for a new offer"
    )


def wrong_tx_code(*, missing: bool) -> WalletError:
    """Return the error for a transaction code that is missing or not the right one."""
    return WalletError(
        "this offer asks for a code that came by another way" if missing else "this is not the code for this offer",
        code="wallet.tx-code",
        hint="the issuer sent it to you, by text message perhaps; after a few wrong ones the offer is void",
    )


# --- the token ---


def _exchange(work: Work, tx_code: str | None) -> None:
    """Exchange the code for an access token."""
    offer = work.offer
    form = TokenRequest(offer.code or "", tx_code if offer.code_length is not None else None).to_form()
    with asking.reaching(_ISSUER):
        answer = work.wallet.door.post_form(offer.endpoints.token, form)
    _check_up(answer)
    try:
        issuance.raise_for_error(answer, "the token")
    except ProtocolError as error:
        raise _token_refused(work, error, tx_code) from error
    token = TokenResponse.parse(answer.json())
    parts = tuple(_with_identifier(part, token.identifiers) for part in offer.parts)
    work.write(replace(offer, state=OfferState.TOKEN, code=None, access_token=token.access_token, parts=parts))


def _token_refused(work: Work, error: ProtocolError, tx_code: str | None) -> JikinError:
    if error.oauth != OAuthError.INVALID_GRANT:
        return error
    if work.offer.code_length is not None:
        # It may be the code as well as the offer: the issuer does not say, and the holder can try again.
        return wrong_tx_code(missing=not tx_code)
    work.write(work.offer.ended(OfferState.GONE))
    return gone()


def _with_identifier(part: Part, identifiers: Mapping[str, tuple[str, ...]]) -> Part:
    named = identifiers.get(part.configuration)
    return replace(part, identifier=named[0]) if named else part


# --- the certificates ---


def _request(work: Work, part: Part) -> JikinError | None:
    """Ask for one certificate: it is kept, deferred or refused after that."""
    answer = _ask_for_credential(work, part)
    if _says(answer, OAuthError.INVALID_NONCE):
        answer = _ask_for_credential(work, part)  # it was used or has expired; a fresh one is asked for each time
    return _take(work, part, answer)


def _ask_for_credential(work: Work, part: Part) -> Answer:
    wallet, offer = work.wallet, work.offer
    with asking.reaching(_ISSUER):
        proofs: JsonObject | None = None
        if part.signer is not None:
            proof = key_proof.make(part.signer, offer.issuer_url, _nonce(work), wallet.clock())
            proofs = {key_proof.PROOF_TYPE: [proof]}
        named = part.identifier
        request = CredentialRequest(part.configuration if named is None else None, named, proofs)
        return wallet.door.post_json(offer.endpoints.credential, request.to_json(), _bearer(offer))


def _nonce(work: Work) -> str | None:
    address = work.offer.endpoints.nonce
    if address is None:
        return None
    answer = work.wallet.door.post_form(address, {})
    _check_up(answer)
    issuance.raise_for_error(answer, "a nonce")
    return issuance.parse_nonce(answer.json())


def _ask_again(work: Work, part: Part) -> JikinError | None:
    address = work.offer.endpoints.deferred
    if address is None:
        return _refuse(work, part, _protocol_fault("the issuer defers and has no place to ask again"))
    with asking.reaching(_ISSUER):
        body: JsonObject = {"transaction_id": part.transaction}
        answer = work.wallet.door.post_json(address, body, _bearer(work.offer))
    if _says(answer, OAuthError.INVALID_TRANSACTION_ID) and part.lost < _MAX_LOST:
        # It was handed out, and we were killed before it was in the vault: asked for again with the same key, it is
        # the same certificate.
        work.write(work.offer.with_part(replace(part, state=PartState.OPEN, transaction=None, lost=part.lost + 1)))
        return None
    return _take(work, part, answer)


def _take(work: Work, part: Part, answer: Answer) -> JikinError | None:
    """Take what the issuer answered; returns why the certificate was refused, if it was."""
    _check_up(answer)
    if answer.status == 401:
        work.write(work.offer.ended(OfferState.GONE))
        raise gone()
    try:
        issuance.raise_for_error(answer, "the certificate")
        response = CredentialResponse.parse(answer.json())
    except ProtocolError as error:
        return _refuse(work, part, error)
    if response.transaction_id is not None:
        deferred = replace(
            part,
            state=PartState.DEFERRED,
            transaction=response.transaction_id,
            interval=response.interval or part.interval,
        )
        if deferred != part:
            work.write(work.offer.with_part(deferred))
        return None
    return _keep(work, part, response)


def _keep(work: Work, part: Part, response: CredentialResponse) -> JikinError | None:
    """Verify the certificate and put it into the vault, in one step with the note that it has come."""
    wallet, now = work.wallet, work.wallet.clock()
    try:
        issued = response.credentials[0]
        credential = (_fitting if part.vct is None else _fitting_selective)(work, part, issued)
        checked = checking.check(wallet, wallet.trusting().at_newest(), issued, None, now)
        _check_genuine(checked)
    except WalletError as error:
        return _refuse(work, part, error, response.notification_id)
    title = describing.title_of(credential)
    issuer = describing.issuer_of(credential, checked.report)
    envelope = issued if isinstance(issued, str) else None
    kept = holding.fresh(credential.document, checked, part.signer, work.offer.issuer_url, now, envelope=envelope)
    token = _bearer(work.offer)
    with records.changing(wallet.database, work.open) as change:
        holding.put(change, part.certificate, kept)
        work.write_in(change, work.offer.with_part(replace(part, state=PartState.KEPT, seed=None, transaction=None)))
        detail: dict[str, Json] = {"standing": checked.standing.value, "id": part.certificate}
        activity.note(change, now, activity.RECEIVED, title=title, party=issuer["ko"], detail=detail)
    _notify(work, response.notification_id, NotificationEvent.ACCEPTED, token)
    return None


def _fitting(work: Work, part: Part, found: Json) -> Credential:
    """Return the certificate when it is the one offered, made out to the holder's key; raises WalletError."""
    if not isinstance(found, Mapping):
        raise _refused("malformed", "it is no JSON object, which a certificate in the format ldp_vc is")
    try:
        credential = Credential.parse(found, work.wallet.types)
    except CredentialError as error:
        raise _refused("malformed", f"it is no certificate: {error}") from error
    if part.types and not set(part.types) <= set(credential.types):
        raise _refused("other-type", f"it is of the type {', '.join(credential.types)[:80]}, which was not offered")
    signer = part.signer
    if signer is not None and not _is_bound(credential, signer):
        raise _refused("not-yours", _NOT_YOURS)
    return credential


def _fitting_selective(work: Work, part: Part, found: Json) -> Credential:
    """Return the claims of an SD-JWT VC when it is the one offered, made out to the holder's key; raises WalletError.

    The issuer hands out all disclosures, and no key binding: that is the holder's to make, each time anew.
    """
    if not isinstance(found, str):
        raise _refused("malformed", "it is no text, which a certificate in the format dc+sd-jwt is")
    try:
        opened = SdJwtVc().open(found.encode("utf-8", "replace"))
        credential = parsing.parse(opened.claims, work.wallet.types)
    except EnvelopeError as error:
        # A disclosure that the issuer's signature does not cover is somebody else's word.
        word = "forged" if error.code.startswith("envelope.disclosure") else "malformed"
        raise _refused(word, f"it is no SD-JWT VC: {error}") from error
    except CredentialError as error:
        raise _refused("malformed", f"it is no certificate: {error}") from error
    if opened.key_binding is not None:
        raise _refused("malformed", "it ends in a key binding: somebody has shown it already")
    if credential.types != (part.vct,):
        raise _refused("other-type", f"it is of the type {credential.types[0][:80]}, which was not offered")
    signer = part.signer
    if opened.holder_key != (None if signer is None else signer.public_key):
        raise _refused("not-yours", _NOT_YOURS)
    return credential


def _is_bound(credential: Credential, signer: Ed25519Signer) -> bool:
    own = str(did_key.did_of(signer.public_key))
    return len(credential.subjects) > 0 and all(subject.get("id") == own for subject in credential.subjects)


def _check_genuine(checked: Checked) -> None:
    finding = checking.forgery(checked.report)
    if finding is not None:
        raise _refused("forged", f"its signature or content does not hold ({finding.code})")


def _refused(word: str, why: str) -> WalletError:
    return WalletError(
        f"the certificate was not taken into the vault: {why}",
        code=f"wallet.credential.{word}",
        hint="ask the issuer for a new one, and tell them what this says",
    )


def _refuse(work: Work, part: Part, error: JikinError, notification_id: str | None = None) -> JikinError:
    """Write down that a certificate was refused, and return why."""
    token = _bearer(work.offer)
    with records.changing(work.wallet.database, work.open) as change:
        refused = replace(part, state=PartState.REFUSED, seed=None, transaction=None, code=error.code)
        work.write_in(change, work.offer.with_part(refused))
        activity.note(
            change,
            work.wallet.clock(),
            activity.REFUSED,
            title=part.title,
            party=visible(work.offer.issuer["ko"], 120),
            detail={"code": error.code},
        )
    _notify(work, notification_id, NotificationEvent.FAILURE, token)
    return error


def _notify(work: Work, notification_id: str | None, event: NotificationEvent, token: Mapping[str, str]) -> None:
    """Tell the issuer what became of it, if it wants to know; that it does not listen changes nothing."""
    address = work.offer.endpoints.notification
    if address is None or notification_id is None:
        return
    try:
        with asking.reaching(_ISSUER):
            work.wallet.door.post_json(address, Notification(notification_id, event).to_json(), token)
    except WalletError as error:
        work.wallet.tell("notification", error)


# --- answers ---


def _bearer(offer: Offer) -> dict[str, str]:
    return {"authorization": f"Bearer {offer.access_token}"}


def _check_up(answer: Answer) -> None:
    """Raise WalletError ``wallet.unreachable`` for an issuer that is out of order: it can be asked again."""
    if answer.status >= _OUT_OF_ORDER or answer.status == 429:
        raise WalletError(
            f"the issuer is out of order at the moment ({answer.status})",
            code=asking.UNREACHABLE,
            hint="try again in a minute; nothing is lost",
        )


def _says(answer: Answer, error: OAuthError) -> bool:
    if answer.status < 400 or not answer.media_type.endswith("json"):
        return False
    said = answer.json()
    return isinstance(said, Mapping) and said.get("error") == error.value


def _protocol_fault(why: str) -> ProtocolError:
    return ProtocolError(why, code="openid.issuance")
