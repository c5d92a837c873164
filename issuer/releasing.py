"""The last steps of a batch: every certificate is verified as a stranger would, then receipts are published.

What is not verified is not released. A certificate that does not pass holds the whole batch back: it means that
something is wrong with keys, registry or software, and the next certificate would be wrong too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from issuer import issuing, reanchoring, steps
from issuer.checking import Checker
from issuer.office import ASSERTION, Office
from issuer.publishing import PublicFolder, Seal
from issuer.signing import content_of, to_document
from issuer.store import audit, batches, trees
from issuer.store.batches import Batch, BatchState, Credential, CredentialState
from issuer.store.institutions import Institution
from issuer.store.parts import in_parts
from jikin.anchoring.acts import LeafKind
from jikin.anchoring.merkle import Tree
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import leaf
from jikin.codec import multikey
from jikin.credentials.model import Credential as Model
from jikin.credentials.pointers import resolve
from jikin.credentials.record import NumberRecord, PublicField, RecordAnchor
from jikin.credentials.structure import text_of
from jikin.credentials.types import CredentialType
from jikin.errors import OfficeError
from jikin.values import CertificateNumber, Digest
from jikin.verification.document import Document

# A record is no JSON-LD document: it is signed in its JCS form, by the suite that the institution's key takes.
_NUMBER_SUITES = ("eddsa-jcs-2022", "ecdsa-jcs-2019")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate ready to be handed out: the stored row, its document, and its receipt."""

    credential: Credential
    document: Document
    receipt: Receipt


def issued(office: Office, institution: Institution, batch: Batch, credentials: Sequence[Credential]) -> list[Issued]:
    """Return *credentials* of an anchored batch with document and receipt; raises OfficeError for an erased one."""
    with office.database.read() as connection:
        salts = trees.salts_of(connection, [credential.id for credential in credentials])
    whole: list[tuple[Credential, bytes]] = []
    placed: list[tuple[int, bytes]] = []
    for credential in credentials:
        salt = salts.get(credential.id)
        if credential.document is None or credential.place is None or salt is None:
            raise OfficeError(f"credential {credential.id} was erased or is not anchored", code="office.erased")
        whole.append((credential, credential.document))
        placed.append((credential.place, salt))
    receipts = issuing.receipts(office, institution, batch, placed)
    return [
        Issued(credential, replace(to_document(document), receipt=receipt), receipt)
        for (credential, document), receipt in zip(whole, receipts, strict=True)
    ]


# ---------------------------------------------------------------------------------------------------------- 5 verify


def verify_chunk(office: Office, batch_id: int) -> int:
    """Verify the next certificates of the batch against what the chain says now; return how many wait still.

    Returns AGAIN when the anchor is not where it was. Raises OfficeError ``office.self-check`` with the finding codes
    when one does not pass; nothing is released then.
    """
    batch, institution = issuing.batch_of(office, batch_id)
    if batch.state is not BatchState.ANCHORED:
        return 0
    size = office.settings.sign_chunk
    with office.database.read() as connection:
        chunk = batches.credentials_of(
            connection, batch_id, after=batch.verified_to, limit=size, state=CredentialState.SIGNED
        )
    checker = Checker.of(office, institution)
    for one in issued(office, institution, batch, chunk):
        codes = checker.objections(one.document)
        if codes:
            if not reanchoring.holds_final(office, institution, batch):
                return steps.AGAIN
            raise OfficeError(
                f"the certificate of line {one.credential.line} does not verify: {', '.join(codes[:_SHOWN])}; "
                "nothing of this batch was released",
                code="office.self-check",
                hint="`jikin doctor` looks for the cause; then run the same command again",
            )
    with office.database.write() as connection:
        if not batches.stands_at(connection, batch_id, BatchState.ANCHORED):
            return 0
        last = chunk[-1].id if chunk else batch.verified_to
        left = len(batches.credentials_of(connection, batch_id, after=last, limit=1, state=CredentialState.SIGNED))
        state = BatchState.ANCHORED if left else BatchState.VERIFIED
        batches.advance(connection, batch_id, state, verified_to=last)
    return left


# --------------------------------------------------------------------------------------------------------- 6 release


def release(office: Office, batch_id: int) -> int:
    """Publish receipts, number records and leaves, then mark every certificate of the batch as released; return 0.

    Returns AGAIN when the anchor is not where it was. Where a batch was released before, and anchored again after a
    reorganisation, what its certificates have become meanwhile stays, and their receipts are written anew.
    """
    batch, institution = issuing.batch_of(office, batch_id)
    if batch.state is not BatchState.VERIFIED:
        return 0
    if not reanchoring.holds_final(office, institution, batch):
        return steps.AGAIN
    with office.database.read() as connection:
        credentials = batches.credentials_of(connection, batch_id, state=CredentialState.SIGNED)
        nodes = trees.tree_bytes(connection, batch_id if batch.tree_id is None else batch.tree_id)
    kind, public = office.types.named(batch.type), office.public(institution)
    seal = _number_seal(office, institution)
    ready = issued(office, institution, batch, credentials)
    for one in ready:
        _publish(office, institution, one, kind=kind, seal=seal, public=public)
    renewed = 0 if batch.released_at is None else _renew_receipts(office, institution, batch)
    if batch.root is not None and batch.tree_size is not None:
        public.leaves(batch.root, Tree.from_bytes(nodes, batch.tree_size).leaves())
    public.settle()
    now = office.clock()
    with office.database.write() as connection:
        if not batches.stands_at(connection, batch_id, BatchState.VERIFIED):
            return 0
        batches.release(connection, batch_id)
        first = now if batch.released_at is None else batch.released_at
        batches.advance(connection, batch_id, BatchState.RELEASED, released_at=first)
        audit.record(
            connection,
            at=now,
            act="batch released" if batch.released_at is None else "batch anchored again",
            subject=f"batches/{batch_id}",
            institution_id=institution.id,
            count=len(ready) + renewed,
        )
    return 0


def _renew_receipts(office: Office, institution: Institution, batch: Batch) -> int:
    """Write the receipts of what was released before, with the block and time that hold now; return how many."""
    with office.database.read() as connection:
        every = batches.credentials_of(connection, batch.id)
        kept = trees.salts_of(connection, [one.id for one in every])
    waits = (CredentialState.SIGNED, CredentialState.FAILED)
    before = [one for one in every if one.id in kept and one.document is not None and one.state not in waits]
    public = office.public(institution)
    for one in issued(office, institution, batch, before):
        if one.credential.digest is not None:
            public.receipt(one.credential.digest, one.receipt)
    return len(before)


def _publish(
    office: Office, institution: Institution, one: Issued, *, kind: CredentialType, seal: Seal, public: PublicFolder
) -> None:
    if one.credential.digest is None:
        raise OfficeError(f"credential {one.credential.id} has no digest", code="office.order")
    public.receipt(one.credential.digest, one.receipt)
    if one.credential.copy_of is not None:
        return  # the number's record names the original's leaf, whatever copies there are
    public.number(number_record(office, institution, one, kind), seal, office.clock())


def _number_seal(office: Office, institution: Institution) -> Seal:
    """Return what signs number records; raises OfficeError ``office.key-kind`` for a key of another kind."""
    kind = multikey.decode(office.key(institution, ASSERTION).public).type
    suite = next((name for name in _NUMBER_SUITES if kind in office.suites.named(name).key_types), None)
    if suite is None:
        raise OfficeError(f"a {kind.value} key signs no number records", code="office.key-kind")
    return office.seal(institution, suite)


def renew_records(
    office: Office,
    institution: Institution,
    credentials: Sequence[Credential],
    ended: Mapping[int, int],
    replaced: Mapping[int, CertificateNumber] | None = None,
) -> None:
    """Write the number records of *credentials* anew; *ended* says by list entry since when one is no longer valid.

    *replaced* says by list entry which certificate took its place.
    """
    seal, public = _number_seal(office, institution), office.public(institution)
    with office.database.read() as connection:
        kept = trees.salts_of(connection, [credential.id for credential in credentials])
    # Not those that were erased: their numbers tell nothing any more; nor copies, which have no records of their own.
    told: defaultdict[int, list[Credential]] = defaultdict(list)
    for credential in credentials:
        if credential.id in kept and credential.copy_of is None:
            told[credential.batch_id].append(credential)
    for batch_id, of_batch in told.items():
        batch, _ = issuing.batch_of(office, batch_id)
        kind = office.types.named(batch.type)
        for part in in_parts(of_batch):
            for one in issued(office, institution, batch, part):
                index = one.credential.status_index
                record = number_record(
                    office,
                    institution,
                    one,
                    kind,
                    effective=ended.get(index),
                    replaced_by=None if replaced is None else replaced.get(index),
                )
                public.number(record, seal, office.clock())
    public.settle()


def number_record(
    office: Office,
    institution: Institution,
    one: Issued,
    kind: CredentialType,
    *,
    effective: int | None = None,
    replaced_by: CertificateNumber | None = None,
) -> NumberRecord:
    """Return what the certificate number of *one* tells anybody: type, title, dates, public fields, status, anchor.

    *effective* is since when it is revoked or suspended, None when it is not; *replaced_by* the corrected certificate.
    """
    model = Model.parse(content_of(one.credential.document or b"{}"), office.types)
    public = {pointer: text_of(value) for pointer, value in model.public.items()}
    fields = tuple(
        PublicField({"ko": label.ko, "en": label.en}, text)
        for pointer, label in kind.public_labels.items()
        if (text := public.get(pointer)) is not None
    )
    receipt = one.receipt
    return NumberRecord(
        number=CertificateNumber(one.credential.number),
        type=kind.id,
        title=_title(model, kind),
        issuer=institution.did,
        valid_from=one.credential.valid_from,
        valid_until=one.credential.valid_until,
        public=fields,
        status=tuple(entry.document for entry in model.status),
        anchor=RecordAnchor(
            receipt.root, _leaf(office, institution, one), receipt.index, receipt.tree_size, receipt.path
        ),
        effective=effective,
        replaced_by=replaced_by,
    )


def _title(model: Model, kind: CredentialType) -> dict[str, str]:
    value = resolve(model.document, kind.title_pointer)
    return {
        "ko": text_of(value, "ko") or kind.name.ko,
        "en": text_of(value, "en") or kind.name.en,
    }


def _leaf(office: Office, institution: Institution, one: Issued) -> Digest:
    if one.credential.digest is None:
        raise OfficeError(f"credential {one.credential.id} has no digest", code="office.order")
    return leaf(LeafKind.CREDENTIAL, office.context(institution), one.receipt.salt, one.credential.digest)
