"""Receiving certificates over OpenID4VCI 1.0: pre-authorized code, transaction code, ``ldp_vc`` and ``dc+sd-jwt``.

``look`` shows what an offer would bring, ``receive`` fetches it. Each step is durable before the next is taken, so a
process that is killed in between loses nothing and doubles nothing: ``pick_up`` goes on where it stood. One step cannot
be repeated: a code whose answer, the token, never arrived. Then the issuer has to offer again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from jikin.badges.confined import borrowed
from jikin.errors import DocumentError, JikinError, ProtocolError, WalletError
from jikin.openid4vc import metadata, offer
from jikin.openid4vc.candidate import LDP_VC, SD_JWT_VC
from jikin.openid4vc.metadata import Configuration, IssuerMetadata
from jikin.openid4vc.offer import CredentialOffer, OfferDoor
from wallet import accounts, asking, fetching, holding, records
from wallet.app import Wallet
from wallet.fetching import Work
from wallet.offers import SCHEMA, Endpoints, Offer, OfferState, code_length, names_of, part_of
from wallet.records import Record
from wallet.sessions import OpenVault
from wallet.values import Held, OfferSeen

_DAY = 86_400
_FORGOTTEN_AFTER = {OfferState.SEEN: _DAY, OfferState.GONE: 7 * _DAY, OfferState.DONE: 90 * _DAY}
_LINKS = ("openid-credential-offer:", "haip-vci:", "openid4vp:", "haip-vp:", "https:", "http:")


def from_picture(data: bytes) -> str:
    """Return what the QR code in a picture (PNG, JPEG) says, read in the confined process.

    Raises DocumentError: ``document.image``, ``document.nothing-found`` for a picture without code,
    ``document.ambiguous`` for one with several that could be meant.
    """
    with borrowed(None) as confinement:
        codes = confinement.run("image.codes", data).texts("codes")
    meant = [code for code in codes if code.lower().startswith(_LINKS)] or list(codes)
    if not meant:
        raise DocumentError(
            "there is no QR code in this picture",
            code="document.nothing-found",
            hint="take the picture again, with the whole code in it",
        )
    if len(meant) > 1:
        raise DocumentError(
            f"there are {len(meant)} QR codes in this picture",
            code="document.ambiguous",
            hint="take a picture of the one you mean",
        )
    return meant[0]


def look(wallet: Wallet, open: OpenVault, text: str) -> OfferSeen:
    """Return what the offer of a link (or of what a QR code said) would bring; nothing is accepted by it.

    The same offer looked at again is the same one. Raises ProtocolError for an offer that breaks the protocol or an
    issuer whose metadata does; WalletError: ``wallet.unreachable``, ``wallet.address`` for an address that may not be
    asked, ``wallet.offer.unsupported``, ``wallet.offer.used`` for one that is in the vault already.
    """
    with asking.reaching("the site that makes the offer"):
        found = OfferDoor(wallet.door).read(text)
        if found.pre_authorized_code is None:
            raise _unsupported("the offer has no pre-authorized code; signing in at an issuer is not supported yet")
        known = _same(wallet, open, found)
        if known is not None:
            return _looked_at_again(known)
        issuer = metadata.fetch_issuer(wallet.door, found.issuer)
        offer.check_supported(found, issuer.configurations.keys())
        chosen = [issuer.configurations[name] for name in found.configurations]
        _check_format(chosen)
        server = metadata.fetch_server(wallet.door, issuer, found.authorization_server)
    seen = _seen(wallet, found, issuer, Endpoints.of(issuer, server), chosen)
    with records.changing(wallet.database, open) as change:
        for record in change.read(SCHEMA):
            old = Offer.from_json(record.value)
            if wallet.clock() - old.at > _FORGOTTEN_AFTER.get(old.state, 365 * _DAY):
                change.remove(record.id)
        offer_id = change.add(SCHEMA, seen.to_json())
    return seen.seen(offer_id)


def receive(wallet: Wallet, open: OpenVault, offer_id: str, tx_code: str | None = None) -> tuple[Held, ...]:
    """Accept the offer: fetch its certificates, verify them, keep them, and return those that are in the vault now.

    An issuer that is still making one is waited for a while (setting ``receive_wait_seconds``); what did not come by
    then is picked up later (``pending``, ``pick_up``). Received twice is received once.

    Raises WalletError: ``wallet.one-way`` while there is one way to unlock only, ``wallet.offer.not-found``,
    ``wallet.tx-code`` for a missing or wrong transaction code (try again), ``wallet.offer.gone`` for a code that the
    issuer takes no longer, ``wallet.unreachable`` (``pick_up`` goes on), ``wallet.credential.…`` for a certificate that
    was refused (not-yours, other-type, forged, malformed); ProtocolError for an issuer that breaks the protocol.
    """
    accounts.check_two_ways(wallet, open)
    with wallet.turns.on(f"{open.id} {offer_id}"):
        work = Work(wallet, open, _record(wallet, open, offer_id))
        if work.offer.state is OfferState.GONE:
            raise fetching.gone()
        if work.offer.state is OfferState.SEEN:
            _check_tx_code(work.offer, tx_code)
            parts = tuple(part.with_key() for part in work.offer.parts)
            work.write(replace(work.offer, state=OfferState.ACCEPTED, parts=parts, at=wallet.clock()))
        return _received(work, fetching.run(work, tx_code))


def pending(wallet: Wallet, open: OpenVault) -> tuple[OfferSeen, ...]:
    """Return the offers that were accepted and of which something is still to come, the oldest first."""
    found = [(record.id, Offer.from_json(record.value)) for record in records.read(wallet.database, open, SCHEMA)]
    waiting = [(offer_id, one) for offer_id, one in found if one.is_pending]
    return tuple(one.seen(offer_id) for offer_id, one in sorted(waiting, key=lambda pair: pair[1].at))


def pick_up(wallet: Wallet, open: OpenVault, offer_id: str | None = None) -> tuple[Held, ...]:
    """Go on with the offer, or with all that are pending, and return the certificates that have come.

    For one offer raises as ``receive`` does; for all, an issuer that does not answer keeps nobody else's waiting.
    """
    if offer_id is not None:
        return receive(wallet, open, offer_id)
    came: list[Held] = []
    for seen in pending(wallet, open):
        try:
            came += receive(wallet, open, seen.id)
        except (WalletError, ProtocolError) as error:
            wallet.tell("pick-up", error)
    return tuple(came)


def forget(wallet: Wallet, open: OpenVault, offer_id: str) -> None:
    """Drop an offer that the holder does not want; forgetting none is no error."""
    with records.changing(wallet.database, open) as change:
        if change.find(SCHEMA, offer_id) is not None:
            change.remove(offer_id)


def _record(wallet: Wallet, open: OpenVault, offer_id: str) -> Record:
    found = records.find(wallet.database, open, SCHEMA, offer_id)
    if found is None:
        raise WalletError("there is no such offer", code="wallet.offer.not-found", hint="open the offer's link again")
    return found


def _received(work: Work, fault: JikinError | None) -> tuple[Held, ...]:
    """Return what is in the vault now; raises the *fault* where nothing came."""
    kept = work.kept_ids
    present = {record.id for record in records.read(work.wallet.database, work.open, holding.SCHEMA)}
    found = tuple(holding.one(work.wallet, work.open, name) for name in kept if name in present)
    if fault is not None and not found:
        raise fault
    return found


def _digest(found: CredentialOffer) -> str:
    return hashlib.sha256(f"{found.issuer}\n{found.pre_authorized_code}".encode()).hexdigest()


def _same(wallet: Wallet, open: OpenVault, found: CredentialOffer) -> tuple[str, Offer] | None:
    digest = _digest(found)
    for record in records.read(wallet.database, open, SCHEMA):
        known = Offer.from_json(record.value)
        if known.digest == digest:
            return record.id, known
    return None


def _looked_at_again(known: tuple[str, Offer]) -> OfferSeen:
    offer_id, found = known
    if found.state is OfferState.DONE:
        raise WalletError(
            "this offer was accepted already", code="wallet.offer.used", hint="what it brought is in the list"
        )
    if found.state is OfferState.GONE:
        raise fetching.gone()
    return found.seen(offer_id)


def _check_format(chosen: Sequence[Configuration]) -> None:
    for one in chosen:
        if one.format not in (LDP_VC, SD_JWT_VC):
            raise _unsupported(f"the offer brings the format {one.format[:30]!r}; held are {LDP_VC} and {SD_JWT_VC}")
        if one.format == SD_JWT_VC and one.vct is None:
            raise _unsupported("the offer brings an SD-JWT VC and does not say of which type (vct)")
        if one.binding and not {"did:key", "did"} & set(one.binding):
            raise _unsupported("the issuer makes it out to no did:key, which is what is used here")


def _unsupported(why: str) -> WalletError:
    return WalletError(why, code="wallet.offer.unsupported", hint="ask the issuer for another way to receive it")


def _seen(
    wallet: Wallet,
    found: CredentialOffer,
    issuer: IssuerMetadata,
    endpoints: Endpoints,
    chosen: Sequence[Configuration],
) -> Offer:
    now = wallet.clock()
    # Anybody can call themselves anything; the registry's name is shown where it knows whoever offers.
    approved = asking.accredited_names(wallet.trusting().at_newest(), asking.did_of(found.issuer), now)
    return Offer(
        state=OfferState.SEEN,
        at=now,
        issuer_url=found.issuer,
        issuer=names_of(issuer.display, found.issuer) if approved is None else approved,
        accredited=approved is not None,
        digest=_digest(found),
        code=found.pre_authorized_code,
        code_length=code_length(found),
        code_description=None if found.tx_code is None else found.tx_code.description,
        endpoints=endpoints,
        parts=tuple(part_of(one) for one in chosen),
    )


def _check_tx_code(found: Offer, tx_code: str | None) -> None:
    if found.code_length is None:
        return
    if not tx_code or (found.code_length and len(tx_code) != found.code_length):
        raise fetching.wrong_tx_code(missing=not tx_code)
