"""Copies bound to a holder's key: asked for by a wallet, collected into a small batch, issued like everything else.

A copy says what its original says, under the same number, with the holder's DID as its subject; entry, salt, leaf and
receipt are its own. That somebody asked is durable before they are answered. ``collect`` gives every copy that waits
its entry and makes a batch of them, which the ordinary steps sign, plant, anchor, verify and release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from sqlalchemy import Connection

from issuer import accrediting
from issuer.formats import Configured, Format
from issuer.office import Office
from issuer.signing import SD_JWT_VC
from issuer.store import audit, batches, copies, institutions, offers, tasks
from issuer.store.batches import Batch, BatchState, Credential, CredentialState, Origin
from issuer.store.copies import NewCopy, Wanted
from issuer.store.institutions import Institution, StatusList
from issuer.store.offers import Offer
from jikin.status.index import IndexPermutation

_LOOK_SECONDS = 0.2
# What an office works off by itself; lists are issued when an officer says so.
OWN_ORIGINS = (Origin.OFFER, Origin.APPLICATION, Origin.COPIES)
NOT_IN_FORCE = "office.not-in-force"
_COMING = frozenset({CredentialState.RESERVED, CredentialState.SIGNED})


class Stage(StrEnum):
    """How far a copy has come."""

    PENDING = "pending"
    READY = "ready"
    REFUSED = "refused"  # the certificate is not in force, or was never made


@dataclass(frozen=True, slots=True)
class Ask:
    """A copy that waits, with the certificate it is of."""

    wanted: Wanted
    original: Credential
    format: Format


# --------------------------------------------------------------------------------------------------------- collecting


def collect(office: Office) -> int | None:
    """Return the row id of a new batch of copies that waited, reserved and ready for the steps; None when none did.

    All copies of a batch are of one institution, one type and one format; call it again while it returns something.
    A copy waits while its certificate is not released or a change of its state is being decided. Raises
    ChainUnavailableError.
    """
    with office.database.write() as connection:
        ready = _ready(connection, office.clock(), office.settings.batch_most)
    groups = [list(group) for _, group in groupby(sorted(ready, key=_group), key=_group)]
    for group in groups:
        batch_id = _collect(office, group)
        if batch_id is not None:
            return batch_id
    return None


def _group(ask: Ask) -> tuple[int, str, Format]:
    return ask.original.institution_id, ask.original.type, ask.format


def _ready(connection: Connection, now: int, most: int) -> list[Ask]:
    """Return what can be made now, of the *most* that wait longest, and note what never will."""
    found: list[Ask] = []
    refused: list[int] = []
    for wanted in copies.waiting(connection, most):
        offer = offers.by_id(connection, wanted.offer_id)
        original = original_of(connection, offer)
        if original is None or original.state in _COMING:
            continue
        if original.state is not CredentialState.RELEASED:
            refused.append(wanted.id)
        elif not tasks.named_in_open(connection, original.status_list_id, [original.status_index], now):
            found.append(Ask(wanted, original, Configured.parse(offer.configuration).format))
    copies.refused(connection, refused, NOT_IN_FORCE)
    return found


def original_of(connection: Connection, offer: Offer) -> Credential | None:
    """Return the certificate that is offered, None while the offer's batch has not reserved it yet."""
    if offer.credential_id is not None:
        return batches.by_row(connection, offer.credential_id)
    if offer.batch_id is None:
        return None
    made = batches.credentials_of(connection, offer.batch_id, limit=1)
    return made[0] if made else None


def _collect(office: Office, asks: Sequence[Ask]) -> int | None:
    """Return the batch of these copies; None when each of them is there already or may no longer be made."""
    with office.database.read() as connection:
        institution = institutions.by_id(connection, asks[0].original.institution_id)
    spare = accrediting.ensure_status_list(office, institution, room=len(asks))
    with office.database.write() as connection:
        asked: dict[tuple[int, str], list[Ask]] = {}
        for ask in asks:
            if _still_wanted(connection, ask, office.clock()):
                asked.setdefault((ask.original.id, ask.wanted.holder), []).append(ask)
        if not asked:
            return None
        made = _reserve(connection, institution, [same[0] for same in asked.values()], spare)
        batch = copies.add_copies(
            connection,
            suite=SD_JWT_VC if asks[0].format is Format.SD_JWT_VC else office.settings.suite,
            key=f"copies {asks[0].wanted.id}",
            made=made,
            at=office.clock(),
        )
        _link(connection, batch, asked)
        audit.record(
            connection,
            at=office.clock(),
            act="copies collected",
            subject=f"batches/{batch.id}",
            institution_id=institution.id,
            count=batch.count,
        )
    return batch.id


def _still_wanted(connection: Connection, ask: Ask, now: int) -> bool:
    """Say whether the copy is to be made, looking again under a lock that a change of state has to wait for."""
    original = batches.by_row(connection, ask.original.id, lock=True)
    (wanted,) = copies.by_ids(connection, [ask.wanted.id])
    if wanted.credential_id is not None or original.state is not CredentialState.RELEASED:
        return False
    if tasks.named_in_open(connection, original.status_list_id, [original.status_index], now):
        return False
    before = copies.for_holder(connection, original.id, wanted.holder, ask.format)
    if before is not None:  # received before, with another offer: the same copy again
        copies.reserved(connection, wanted.id, before.id)
        return False
    return True


def _reserve(connection: Connection, institution: Institution, asks: Sequence[Ask], spare: StatusList) -> list[NewCopy]:
    """Return the copies with their entries: in the original's own list, so that one change covers both, or in *spare*.

    A list is shared until it is three quarters full; the last quarter is for copies.
    """
    made = []
    lists = {one.id: one for one in institutions.every_status_list(connection, institution.id)}
    for ask in asks:
        own = lists[ask.original.status_list_id]
        current = institutions.status_list(connection, own.id)
        chosen = current if current.reserved < 1 << current.log2_entries else lists[spare.id]
        serial = institutions.reserve_entries(connection, chosen.id, 1)
        entry = IndexPermutation(chosen.index_key, chosen.log2_entries).entry(serial)
        made.append(NewCopy(ask.original, ask.wanted.holder, chosen.id, entry, ask.format))
    return made


def _link(connection: Connection, batch: Batch, asked: Mapping[tuple[int, str], Sequence[Ask]]) -> None:
    """Note which credential each copy has become; several offers to one holder share one."""
    for credential in batches.credentials_of(connection, batch.id):
        if credential.copy_of is None or credential.holder is None:
            continue
        for ask in asked[credential.copy_of, credential.holder]:
            copies.reserved(connection, ask.wanted.id, credential.id)


def unfinished(office: Office) -> tuple[Batch, ...]:
    """Return the batches that this office works off by itself and that are not released yet, oldest first."""
    with office.database.read() as connection:
        return copies.unfinished(connection, OWN_ORIGINS)


# ------------------------------------------------------------------------------------------------------ looking after


def stage(connection: Connection, wanted: Wanted) -> Stage:
    """Return how far a copy has come."""
    if wanted.error_code is not None:
        return Stage.REFUSED
    if wanted.credential_id is None:
        return _before(connection, wanted)
    state = batches.by_row(connection, wanted.credential_id).state
    if state is CredentialState.RELEASED:
        return Stage.READY
    return Stage.PENDING if state in _COMING else Stage.REFUSED


def _before(connection: Connection, wanted: Wanted) -> Stage:
    """Return how far a copy is that has no entry yet: it follows its certificate, which may fail or have ended."""
    offer = offers.by_id(connection, wanted.offer_id)
    original = original_of(connection, offer)
    if original is not None:
        waits = original.state in _COMING or original.state is CredentialState.RELEASED
        return Stage.PENDING if waits else Stage.REFUSED
    batch = None if offer.batch_id is None else batches.by_id(connection, offer.batch_id)
    return Stage.PENDING if batch is not None and batch.state is BatchState.ACCEPTED else Stage.REFUSED


def await_all(office: Office, ids: Sequence[int], seconds: float) -> Stage:
    """Return READY when all these copies can be handed out, REFUSED when one never will; PENDING after *seconds*."""
    deadline = office.clock() + seconds
    while True:
        with office.database.read() as connection:
            stages = {stage(connection, wanted) for wanted in copies.by_ids(connection, ids)}
        if Stage.REFUSED in stages:
            return Stage.REFUSED
        if Stage.PENDING not in stages:
            return Stage.READY
        if office.clock() >= deadline:
            return Stage.PENDING
        office.sleep(min(_LOOK_SECONDS, seconds))
