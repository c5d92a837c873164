"""From accepted rows to released certificates, in steps that may each be cut off and run again.

    accepted → reserved → signed → planted → anchored → verified → released

Nothing is signed before its number and its entry in the status list are reserved for ever: what cannot be revoked is
never issued. Nothing is released before its root has the confirmations asked for and every certificate was verified
against what the chain then says. Each step is one transaction (signing and verifying: one for each chunk), so a batch
that was cut off anywhere goes on where it stood; salts, shuffle and root are made once and stored before the chain
hears of them. What a step has made it stores only if the batch still stands where the step found it: another worker may
have taken it for dead.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from issuer import accrediting, caps, embargo_opening, pairing, row_faults, signing, two_persons
from issuer.office import Office
from issuer.store import batches, copies, institutions, trees
from issuer.store.batches import Batch, BatchState, Credential, CredentialState, NewCredential, Signed
from issuer.store.institutions import Institution, StatusList
from jikin.anchoring.digest import credential_digest
from jikin.anchoring.receipt import Receipt
from jikin.credentials.profile import Profile
from jikin.credentials.types import CredentialType
from jikin.errors import CodecError, CredentialError, OfficeError
from jikin.proofs import securing
from jikin.status.bitstring import Purpose as ListPurpose
from jikin.status.bitstring import entry_json, list_url, token_list_url
from jikin.status.index import IndexPermutation
from jikin.values import CertificateNumber, Digest, JsonObject

_NUMBER_TRIES = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch has come: its state, and of how many certificates how many are signed and verified."""

    state: BatchState
    count: int
    signed: int
    verified: int


def progress(office: Office, batch_id: int) -> Progress:
    """Return how far the batch has come."""
    with office.database.read() as connection:
        batch = batches.by_id(connection, batch_id)
        waiting = batches.count_in(connection, batch_id, CredentialState.RESERVED)
        verified = batches.count_up_to(connection, batch_id, batch.verified_to)
    signed = 0 if batch.state is BatchState.ACCEPTED else batch.count - waiting
    done = batch.state in (BatchState.VERIFIED, BatchState.RELEASED)
    return Progress(batch.state, batch.count, signed, batch.count if done else verified)


def batch_of(office: Office, batch_id: int) -> tuple[Batch, Institution]:
    """Return the batch with that row id and its institution."""
    with office.database.read() as connection:
        batch = batches.by_id(connection, batch_id)
        return batch, institutions.by_id(connection, batch.institution_id)


# -------------------------------------------------------------------------------------------------------- 1 reserve


def reserve(office: Office, batch_id: int) -> None:
    """Give every good row its number and its entry in the status list, all in one transaction."""
    batch, institution = batch_of(office, batch_id)
    if batch.state is not BatchState.ACCEPTED:
        return
    two_persons.require(office, institution, batch)
    kind = office.types.named(batch.type)
    status_list = accrediting.ensure_status_list(office, institution, room=batch.count)
    now, year = office.clock(), office.today.year
    with office.database.write() as connection:
        if not batches.stands_at(connection, batch_id, BatchState.ACCEPTED):
            return  # another worker was faster
        rows = batches.source_rows(connection, batch_id, "good")
        two_persons.use(connection, office, institution, batch, rows)
        embargo_opening.check_records(
            connection, office, institution, batch, {row.line: row.record or {} for row in rows}
        )
        caps.check_certificates(connection, office, institution, len(rows))
        current = institutions.status_list(connection, status_list.id)
        numbers = free_numbers(connection, year, institution.number_code, len(rows))
        first = institutions.reserve_entries(connection, current.id, len(rows))
        permutation = IndexPermutation(current.index_key, current.log2_entries)
        reserved = [
            NewCredential(
                row.line,
                number,
                row.record or {},
                row.record_hash or b"",
                permutation.entry(first + offset),
                now,
                kind.default_until(now),
            )
            for offset, (row, number) in enumerate(zip(rows, numbers, strict=True))
        ]
        batches.reserve(connection, batch, current.id, reserved, now)
        batches.advance(connection, batch_id, BatchState.RESERVED)


def free_numbers(connection: Connection, year: int, code: str, count: int) -> list[str]:
    """Return *count* fresh certificate numbers, each 20 symbols, none of them given out before."""
    found: dict[str, None] = {}
    for _ in range(_NUMBER_TRIES):
        fresh = [CertificateNumber.random(year, code).symbols for _ in range(count - len(found))]
        taken = batches.taken_numbers(connection, fresh)
        found.update(dict.fromkeys(number for number in fresh if number not in taken))
        if len(found) == count:
            return list(found)
    raise OfficeError("no free certificate numbers were found; the random source must be broken", code="office.numbers")


# ----------------------------------------------------------------------------------------------------------- 2 sign


def sign_chunk(office: Office, batch_id: int) -> int:
    """Sign the next certificates of the batch and store them; return how many wait still.

    A row from which no credential can be made becomes a bad row; the others go on.
    """
    batch, institution = batch_of(office, batch_id)
    if batch.state is not BatchState.RESERVED:
        return 0
    with office.database.read() as connection:
        waiting = batches.credentials_of(
            connection, batch_id, state=CredentialState.RESERVED, limit=office.settings.sign_chunk
        )
        lists = {one.id: one for one in institutions.every_status_list(connection, institution.id)}
        two_persons.check_records(connection, office, institution, batch, waiting)
        embargo_opening.check_records(
            connection, office, institution, batch, {one.line: one.record or {} for one in waiting}
        )
        originals = copies.records_of(connection, [one.copy_of for one in waiting if one.copy_of is not None])
        keys = signing.keys_in_use(connection, institution)
    kind = office.types.named(batch.type)
    signed: dict[int, Signed] = {}
    failed: list[tuple[Credential, str]] = []
    if waiting:
        sign = _signing(office, institution, batch, kind)
        for credential in waiting:
            try:
                record = {name: str(value) for name, value in _record(credential, originals).items()}
                signed[credential.id] = sign(credential, record, lists[credential.status_list_id])
            except (CredentialError, CodecError) as error:
                failed.append((credential, error.code))
    with office.database.write() as connection:
        if not batches.stands_at(connection, batch_id, BatchState.RESERVED):
            return 0
        if signing.keys_in_use(connection, institution) != keys:
            # Another process let another key sign, or found this one stolen: what it has signed here is dropped.
            return len(waiting)
        unsigned = batches.ids_in(connection, batch_id, CredentialState.RESERVED)
        batches.store_signed(connection, {id_: one for id_, one in signed.items() if id_ in unsigned})
        for credential, code in failed:
            if credential.id in unsigned:
                batches.fail(connection, credential, row_faults.cannot_be_signed(code))
        left = batches.count_in(connection, batch_id, CredentialState.RESERVED)
        if left == 0:
            batches.advance(connection, batch_id, BatchState.SIGNED)
    return left


def _record(credential: Credential, originals: Mapping[int, JsonObject]) -> JsonObject:
    """Return what the credential says; a copy says what its original says, and nothing once that was erased."""
    if credential.copy_of is None:
        return credential.record or {}
    if credential.copy_of not in originals:
        raise CredentialError("the original of this copy was erased", code="model.erased")
    return originals[credential.copy_of]


def _signing(
    office: Office, institution: Institution, batch: Batch, kind: CredentialType
) -> Callable[[Credential, Mapping[str, str], StatusList], Signed]:
    """Return what signs one certificate of the batch, in the batch's format."""
    profile = office.profile(institution)
    if batch.suite == signing.SD_JWT_VC:
        selective = signing.selective_seal(office, institution)

        def as_sd_jwt(credential: Credential, record: Mapping[str, str], status_list: StatusList) -> Signed:
            url = token_list_url(profile.base_url, status_list.list_id)
            claims = signing.claims_of(credential, record, kind, profile, url)
            return selective.sign(claims, kind.claims.disclosable, signing.holder_key(office, credential.holder))

        return as_sd_jwt
    if batch.suite == signing.VC_JWT:
        envelope = signing.envelope_seal(office, institution)

        def as_jwt(credential: Credential, record: Mapping[str, str], status_list: StatusList) -> Signed:
            return envelope.sign(_unsecured(credential, record, kind, profile, status_list), office.clock())

        return as_jwt
    seals = signing.seals(office, institution, batch.suite, kind)

    def as_json(credential: Credential, record: Mapping[str, str], status_list: StatusList) -> Signed:
        unsecured = _unsecured(credential, record, kind, profile, status_list)
        now = office.clock()
        document, statements = securing.secure_all(unsecured, [seal.layer(now) for seal in seals])
        return signing.signed_json(document, credential_digest(statements))

    return as_json


def _unsecured(
    credential: Credential, record: Mapping[str, str], kind: CredentialType, profile: Profile, status_list: StatusList
) -> JsonObject:
    """Return the credential as it will be signed; raises CredentialError when *record* does not make one."""
    entries = [
        entry_json(list_url(profile.base_url, status_list.list_id, purpose), purpose, credential.status_index)
        for purpose in map(ListPurpose, kind.status_purposes)
    ]
    unsecured = kind.build(
        record,
        issuer_did=profile.did,
        issuer_name={"ko": profile.names.ko, "en": profile.names.en},
        number=CertificateNumber(credential.number),
        credential_id=f"urn:uuid:{uuid.uuid4()}",
        valid_from=credential.valid_from,
        valid_until=credential.valid_until,
        status_entries=entries,
        random=os.urandom,
    )
    if credential.holder is not None:
        unsecured = _bound(unsecured, credential.holder)
    if faults := kind.check_credential(unsecured):
        raise CredentialError(
            f"the credential breaks its type's schema at {', '.join(fault.pointer for fault in faults)}",
            code="model.schema",
        )
    return unsecured


def _bound(unsecured: JsonObject, holder: str) -> JsonObject:
    """Return the credential with the holder's DID as its subject: who shows it proves that key (VC 2.0, 4.8)."""
    subject = unsecured.get("credentialSubject")
    if not isinstance(subject, Mapping):
        raise CredentialError("a copy for a holder needs exactly one subject", code="model.subject")
    return {**unsecured, "credentialSubject": {"id": holder, **subject}}


# --------------------------------------------------------------------------------------------------------- 4 anchor


def prepare_anchor(office: Office, batch_id: int) -> None:
    """Sign the anchoring transaction and store it; nothing is sent."""
    batch, institution = batch_of(office, batch_id)
    if batch.state is BatchState.PLANTED:
        way = pairing.to_anchor(office, institution, batch)
        way.outbox.prepare(way.errand)


def anchor(office: Office, batch_id: int) -> None:
    """Send the anchoring transaction and wait until the root has the confirmations asked for."""
    batch, institution = batch_of(office, batch_id)
    if batch.state is not BatchState.PLANTED:
        return
    view = pairing.to_anchor(office, institution, batch).go()
    slot = view.anchor(institution.issuer_id, _root(batch))
    if slot is None or slot.tree_size != batch.tree_size:
        raise OfficeError("the registry shows the root with another tree size", code="office.anchor-differs")
    with office.database.write() as connection:
        if batches.stands_at(connection, batch_id, BatchState.PLANTED):
            batches.advance(
                connection,
                batch_id,
                BatchState.ANCHORED,
                anchored_block=slot.block,
                anchored_at=slot.time,
                verified_to=0,
            )


def _root(batch: Batch) -> Digest:
    if batch.root is None:
        raise OfficeError("the batch has no root yet", code="office.order")
    return batch.root


def receipt(office: Office, institution: Institution, batch: Batch, place: int, salt: bytes) -> Receipt:
    """Return the receipt of the certificate at leaf *place* of an anchored batch; its path is read from the tree."""
    return receipts(office, institution, batch, [(place, salt)])[0]


def receipts(
    office: Office, institution: Institution, batch: Batch, placed: Sequence[tuple[int, bytes]]
) -> list[Receipt]:
    """Return the receipts of the certificates at these leaves (place, salt) of an anchored batch, in that order."""
    pins = office.chain.registry.pins
    size, block, time = batch.tree_size, batch.anchored_block, batch.anchored_at
    if size is None or block is None or time is None:
        raise OfficeError("the batch is not anchored yet", code="office.order")
    with office.database.read() as connection:
        paths = trees.paths(connection, pairing.tree_of(batch), size, [place for place, _ in placed])
    return [
        Receipt(
            chain=pins.chain,
            registry=pins.registry,
            issuer_id=institution.issuer_id,
            root=_root(batch),
            tree_size=size,
            index=place,
            path=path,
            salt=salt,
            block=block,
            time=time,
        )
        for (place, salt), path in zip(placed, paths, strict=True)
    ]
