"""What a wallet does with its access token: nonce, credential, deferred, notification (OpenID4VCI 1.0, 7 to 11).

A credential request that is taken becomes rows of copies before it is answered; the answer waits a while for them to be
anchored and verified, and puts the wallet off when that takes longer. The same holder asking again gets the same copy.
"""

from __future__ import annotations

from collections.abc import Callable

from issuer import copies, waiting
from issuer.copies import Stage
from issuer.formats import Configured
from issuer.offering import digest, new_secret
from issuer.office import Office
from issuer.signing import handed_out
from issuer.store import batches, offers
from issuer.store import copies as copy_store
from issuer.store.batches import CredentialState
from issuer.store.institutions import Institution
from issuer.store.offers import Claim, Grant, Offer
from jikin.credentials.profile import Profile
from jikin.errors import ProtocolError
from jikin.openid4vc import key_proof
from jikin.openid4vc.errors import OAuthError, refusal
from jikin.openid4vc.issuance import CredentialRequest, CredentialResponse, Notification
from jikin.values import Json

NONCE_SECONDS = 300
BATCH_SIZE = 3
INTERVAL_SECONDS = 2
# A token is good for five minutes; for one thing it is good longer: to fetch what was put off under it.
PICK_UP_SECONDS = 86_400
_CODE = "claim"


def nonce(office: Office, institution: Institution) -> str:
    """Return a fresh c_nonce: 256 random bits, good once and for five minutes."""
    made, now = new_secret(), office.clock()
    with office.database.write() as connection:
        offers.add_nonce(
            connection, institution_id=institution.id, digest=digest(made), now=now, expires=now + NONCE_SECONDS
        )
    return made


# ------------------------------------------------------------------------------------------------------------ tokens


def _grant(office: Office, institution: Institution, token: str | None, *, late: bool = False) -> Grant:
    """Return what *token* allows; *late*: also after it has ended, to pick something up.

    Raises ProtocolError ``invalid_token``, which is answered with status 401 (RFC 6750, section 3).
    """
    found = None
    if token is not None:
        with office.database.read() as connection:
            found = offers.grant(connection, institution.id, digest(token))
    if found is None:
        said = "the access token is missing" if token is None else "the access token is not known here"
        raise refusal("token", said, oauth=OAuthError.INVALID_TOKEN)
    if found.expires + (PICK_UP_SECONDS if late else 0) <= office.clock():
        raise refusal("token", "the access token has ended", oauth=OAuthError.INVALID_TOKEN)
    return found


# --------------------------------------------------------------------------------------------------------- credential


def claim(
    office: Office,
    institution: Institution,
    token: str | None,
    body: Json,
    *,
    stored: Callable[[], None] = lambda: None,
) -> CredentialResponse:
    """Return the credentials that a request asks for, or the transaction id under which they can be fetched later.

    *body* is the request as JSON; *stored* is called when it is durable and before the waiting.
    Raises ProtocolError with the standard's own words: among them ``invalid_token``,
    ``invalid_proof``, ``invalid_nonce``, ``credential_request_denied`` for a certificate that is not in force.
    """
    grant = _grant(office, institution, token)
    request = CredentialRequest.parse(body)
    profile = office.profile(institution)
    _check_configuration(request, grant.offer, profile)
    _check_in_force(office, grant.offer)
    proofs = key_proof.check_all(
        request.proofs,
        profile.base_url,
        office.clock(),
        accept_nonce=lambda nonce: _use_nonce(office, institution, nonce),
        batch_size=BATCH_SIZE,
    )
    taken = _store(office, institution, grant.offer, [str(proof.did) for proof in proofs])
    stored()
    stage = Stage.PENDING if grant.offer.deferred else _wait(office, taken)
    return _answer(office, taken, stage) or _put_off(office, taken)


def _check_configuration(request: CredentialRequest, offer: Offer, profile: Profile) -> None:
    if request.identifier is not None:
        raise refusal(
            _CODE,
            "no credential identifiers were given out; name the credential_configuration_id",
            oauth=OAuthError.UNKNOWN_CREDENTIAL_IDENTIFIER,
        )
    if request.configuration is None or Configured.parse(request.configuration).type not in profile.types:
        raise refusal(
            _CODE,
            "there is no such credential configuration in this issuer's metadata",
            oauth=OAuthError.UNKNOWN_CREDENTIAL_CONFIGURATION,
        )
    if request.configuration != offer.configuration:
        raise refusal(
            _CODE,
            "the access token is for another credential configuration",
            oauth=OAuthError.CREDENTIAL_REQUEST_DENIED,
        )


def _denied() -> ProtocolError:
    return refusal(
        _CODE,
        "the certificate is not in force any more; the institution can say why",
        oauth=OAuthError.CREDENTIAL_REQUEST_DENIED,
    )


def _check_in_force(office: Office, offer: Offer) -> None:
    coming = (CredentialState.RESERVED, CredentialState.SIGNED, CredentialState.RELEASED)
    with office.database.read() as connection:
        original = copies.original_of(connection, offer)
    if original is not None and original.state not in coming:
        raise _denied()


def _use_nonce(office: Office, institution: Institution, nonce: str) -> bool:
    with office.database.write() as connection:
        return offers.use_nonce(connection, institution.id, digest(nonce), office.clock())


def _store(office: Office, institution: Institution, offer: Offer, holders: list[str]) -> Claim:
    """Return the request, durable: a row for each copy, and one for the request itself."""
    now = office.clock()
    with office.database.write() as connection:
        for holder in holders:
            copy_store.want(connection, offer_id=offer.id, institution_id=institution.id, holder=holder, at=now)
        known = {one.holder: one.id for one in copy_store.of_offer(connection, offer.id)}
        if len(known) > BATCH_SIZE:  # raised inside: what was stored just now is undone
            raise refusal(
                _CODE,
                f"this offer was claimed with {BATCH_SIZE} other keys already",
                oauth=OAuthError.CREDENTIAL_REQUEST_DENIED,
            )
        return offers.add_claim(connection, offer_id=offer.id, copies=[known[holder] for holder in holders], at=now)


def _wait(office: Office, stored: Claim) -> Stage:
    with waiting.patience(office.settings.claim_wait_seconds) as seconds:
        return copies.await_all(office, stored.copies, seconds)


def _answer(office: Office, stored: Claim, stage: Stage, *, notified: bool = True) -> CredentialResponse | None:
    """Return the credentials of a request when they can be handed out, None while they wait; raises ProtocolError.

    *notified*: with an id under which the wallet may say what became of them.
    """
    if stage is Stage.REFUSED:
        raise _denied()
    if stage is Stage.PENDING:
        return None
    with office.database.read() as connection:
        documents = [
            batches.by_row(connection, wanted.credential_id).document
            for wanted in copy_store.by_ids(connection, stored.copies)
            if wanted.credential_id is not None
        ]
    notification = new_secret() if notified else None
    with office.database.write() as connection:
        kept = None if notification is None else digest(notification)
        first = offers.answer(connection, stored.id, kept, office.clock())
    if not first:
        raise _unknown_transaction()
    credentials = [handed_out(document) for document in documents if document is not None]
    return CredentialResponse(tuple(credentials), notification)


def _put_off(office: Office, stored: Claim) -> CredentialResponse:
    transaction = new_secret()
    with office.database.write() as connection:
        offers.put_off(connection, stored.id, digest(transaction))
    return CredentialResponse(transaction_id=transaction, interval=INTERVAL_SECONDS)


# ------------------------------------------------------------------------------------------- deferred, notification


def _unknown_transaction() -> ProtocolError:
    return refusal(
        _CODE,
        "there is no such transaction under this access token, or it was picked up",
        oauth=OAuthError.INVALID_TRANSACTION_ID,
    )


def pick_up(
    office: Office, institution: Institution, token: str | None, asked: Callable[[], str]
) -> CredentialResponse:
    """Return what was put off, or once more that it takes time; picked up it can be once.

    *asked* reads the transaction id out of the request, once the token is known to be good.
    Raises ProtocolError: ``invalid_token``; ``invalid_transaction_id``, also for another offer's.
    """
    grant = _grant(office, institution, token, late=True)
    transaction = asked()
    with office.database.read() as connection:
        stored = offers.by_transaction(connection, grant.offer.id, digest(transaction))
    if stored is None:
        raise _unknown_transaction()
    # @openid4vc/openid4vci 0.4.6, the engine of many wallets, refuses a deferred answer that has a notification id.
    found = _answer(office, stored, copies.await_all(office, stored.copies, 0), notified=False)
    return found or CredentialResponse(transaction_id=transaction, interval=INTERVAL_SECONDS)


def notify(office: Office, institution: Institution, token: str | None, read: Callable[[], Notification]) -> None:
    """Keep what a wallet says has become of a credential; saying it again changes nothing.

    *read* gives what it says, once the token is known to be good.
    Raises ProtocolError: ``invalid_token``; ``invalid_notification_id`` for an id that this token did not get.
    """
    grant = _grant(office, institution, token, late=True)
    said = read()
    with office.database.write() as connection:
        known = offers.note_event(connection, grant.offer.id, digest(said.id), said.event.value)
    if not known:
        raise refusal(
            _CODE, "there is no such notification id under this token", oauth=OAuthError.INVALID_NOTIFICATION_ID
        )
