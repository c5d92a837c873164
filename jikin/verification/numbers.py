"""What can be said of a certificate number alone: the issuer's public record, checked against the chain.

The four issuer symbols of a number lead to the accredited issuer with that code, its approved profile to its site, the
site (or a mirror of it) to the signed record. Signature, key, accreditation, anchor and status are then judged by the
same checks as those of a credential. That a number is good says nothing about the paper it is printed on: what the
record shows has to be compared with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from jikin.anchoring.acts import LeafKind
from jikin.anchoring.chain import AnchorSlot
from jikin.anchoring.merkle import root_from_path
from jikin.credentials.model import Credential
from jikin.credentials.record import NumberRecord, RecordAnchor
from jikin.credentials.types import CredentialTypes
from jikin.errors import AnchorError, CredentialError, ProofError
from jikin.proofs import securing
from jikin.values import CertificateNumber, Digest, JsonObject, format_instant
from jikin.verification.checks import chain
from jikin.verification.checks.anchor import after_the_end
from jikin.verification.checks.case import Anchored, Anchoring, Case, Said
from jikin.verification.document import Document
from jikin.verification.evidence import Evidence, Fact, Known, Missing
from jikin.verification.findings import FINDINGS, Code, Question
from jikin.verification.gathering import gather_reading
from jikin.verification.judging import report_on, statement_checks
from jikin.verification.policy import Policy
from jikin.verification.reading import Reading, read_proof
from jikin.verification.report import Outcome, Report, Subject
from jikin.verification.sources import Session

KIND = "number"
_OF_THE_RECORD = frozenset({Question.PROOF, Question.KEY, Question.ANCHOR})
_NOT_FOUND = "fetch.not-found"


@dataclass(frozen=True, slots=True)
class NumberAnswer:
    """The report on a number, and the issuer's record it rests on; None where no record could be read."""

    report: Report
    record: NumberRecord | None


def verify_number(
    number: CertificateNumber, session: Session, policy: Policy, now: int, *, at: int | None = None
) -> NumberAnswer:
    """Return what is known of *number* as of *now* (Unix second), or of whether it held at the earlier instant *at*.

    Passed: a certificate of this number was issued, anchored, and stands. Never raises for what a source answers.
    """
    profiles = session.profiles_with_code(number.issuer)
    if isinstance(profiles, Missing):
        # Without the registry nobody can say who gives out these numbers.
        return _without_record(number, session, policy, now, ())
    found: JsonObject | None = None
    for profile in profiles.value:
        document = session.document(f"{profile.base_url}/n/{number.symbols}")
        if isinstance(document, Known) and isinstance(document.value, Mapping):
            found = document.value
            break
        if isinstance(document, Known):
            return _without_record(number, session, policy, now, (_unreadable("it is no JSON object"),))
        if document.code != _NOT_FOUND:
            return _without_record(number, session, policy, now, (Said(Code.NUMBER_UNREACHABLE, document.detail),))
    if found is None:
        detail = f"no issuer with the code {number.issuer} has a certificate of this number"
        return _without_record(number, session, policy, now, (Said(Code.NUMBER_NOT_FOUND, detail),))
    return _with_record(number, found, session, policy, now, at=at)


def _with_record(
    number: CertificateNumber,
    document: JsonObject,
    session: Session,
    policy: Policy,
    now: int,
    *,
    at: int | None,
) -> NumberAnswer:
    try:
        record = NumberRecord.parse(document)
        reading = _reading(record, document, session)
    except (CredentialError, ProofError) as error:
        return _without_record(number, session, policy, now, (_unreadable(str(error)),))
    if record.number != number:
        return _without_record(number, session, policy, now, (_unreadable("it is the record of another number"),))
    evidence = _gathered(record, reading, session)
    case = Case(reading, evidence, policy, session.sources.suites, now, at)
    subject = Subject(KIND, str(number), record.title["ko"])
    anchoring = _anchoring(record.anchor, evidence, at)
    said = (
        *chain.check(case),
        Said(Code.NUMBER_FOUND, f"{record.issuer} has a record of it"),
        *(
            _with_successor(one, record)
            for one in statement_checks(case, anchoring, signing=_signing(reading, evidence, anchoring))
        ),
    )
    if unreliable := [one for one in said if one.code.question in _OF_THE_RECORD and _failed(one)]:
        # Whoever copies records can spoil one; that makes the record worthless and says nothing of the certificate.
        detail = ", ".join(f"{one.code}: {one.detail}" for one in unreliable)
        return _without_record(number, session, policy, now, (_unreadable(detail),))
    return NumberAnswer(report_on(case, subject, said), record)


def _with_successor(said: Said, record: NumberRecord) -> Said:
    """Return *said*, with the number of what took the certificate's place where the record names it."""
    if said.code is not Code.STATUS_REPLACED or record.replaced_by is None:
        return said
    return replace(said, facts={**said.facts, "replacement": str(record.replaced_by)})


def _reading(record: NumberRecord, document: JsonObject, session: Session) -> Reading:
    """Return the record as what the checks look at: a credential that says what the record says, with its proofs.

    Raises CredentialError, ProofError.
    """
    types = CredentialTypes.packaged()
    kind = types.named(record.type) if record.type in types.ids else None
    stated: JsonObject = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": str(record.issuer),
        "validFrom": format_instant(record.valid_from),
        **({} if record.valid_until is None else {"validUntil": format_instant(record.valid_until)}),
        "credentialSubject": {"id": f"urn:jikin:number:{record.number.symbols}"},
        "credentialStatus": list(record.status),
        **({} if kind is None else {"credentialSchema": {"id": kind.schema_url, "type": "JsonSchema"}}),
    }
    unsecured, proofs = securing.split(document)
    suites = session.sources.suites
    read = tuple(read_proof(unsecured, proof, proofs, suites) for proof in proofs)
    return Reading(Document(document), Credential.parse(stated), None, read)


def _gathered(record: NumberRecord, reading: Reading, session: Session) -> Evidence:
    """Return the evidence: as for a credential, but the anchored leaf is the record's, and it opens no note."""
    evidence = gather_reading(reading, session, receipt=Known(None))
    status = {place: replace(known, stated_effective=record.effective) for place, known in evidence.status.items()}
    anchors: dict[Digest, Fact[AnchorSlot | None]] = {}
    if isinstance(evidence.issuer, Known) and evidence.issuer.value is not None:
        anchors[record.anchor.root] = session.anchor(record.issuer.issuer_id, record.anchor.root)
    return replace(evidence, status=status, anchors=anchors, successor=session.successor() if anchors else Known(None))


def _anchoring(anchor: RecordAnchor, evidence: Evidence, at: int | None) -> Anchoring:
    """Return whether and when the leaf that the record names was anchored; later than *at*: not yet, by then."""
    fact = evidence.anchors.get(anchor.root, Missing("chain.unreachable", "the anchor was not asked for"))
    try:
        leads = root_from_path(anchor.leaf, anchor.index, anchor.tree_size, anchor.path) == anchor.root
    except AnchorError:
        leads = False
    if not leads:
        return _no(Code.ANCHOR_FOREIGN, "the record's leaf does not lead to its root")
    if isinstance(fact, Missing):
        return Anchoring(Anchored.UNKNOWN, None, (Said(Code.ANCHOR_UNREACHABLE, fact.detail),))
    slot = fact.value
    if slot is None:
        return _no(Code.ANCHOR_ABSENT, f"root {anchor.root} is not on record")
    if slot.tree_size != anchor.tree_size or slot.kind != LeafKind.CREDENTIAL:
        return _no(Code.ANCHOR_FOREIGN, "size or kind of the tree is not what is on record")
    if (ended := after_the_end(evidence, slot)) is not None:
        return ended
    when = f"anchored in block {slot.block} at {format_instant(slot.time)}"
    code = Code.ANCHOR_PRESENT if at is None or slot.time <= at else Code.ANCHOR_LATER
    said = Said(code, when, {"at": slot.time}, "chain", on_chain=True)
    return Anchoring(Anchored.YES, slot, (said,))


def _signing(reading: Reading, evidence: Evidence, anchoring: Anchoring) -> Anchoring:
    """Return the time by which the key of the record's signature is judged.

    A record is signed again whenever its certificate's state changes, so its key may be younger than the anchor: then
    it is judged as of now. A key that was there already may have been retired since, in good order; one that counts as
    stolen, from whatever time on, is judged as of now, for a thief could sign a record of any certificate today.
    """
    windows = [
        known.registered.value[1]
        for proof in reading.sound_proofs
        if proof.method is not None and (known := evidence.keys.get(proof.method)) is not None
        if isinstance(known.registered, Known) and known.registered.value is not None
    ]
    slot = anchoring.slot
    old = slot is not None and all(w.added_at <= slot.time and not w.compromised_since for w in windows)
    return anchoring if old else Anchoring(Anchored.NO, None, ())


def _no(code: Code, detail: str) -> Anchoring:
    return Anchoring(Anchored.NO, None, (Said(code, detail, source="chain", on_chain=True),))


def _failed(said: Said) -> bool:
    return FINDINGS[said.code].outcome is Outcome.FAILED


def _unreadable(detail: str) -> Said:
    return Said(Code.NUMBER_UNREADABLE, detail)


def _without_record(
    number: CertificateNumber, session: Session, policy: Policy, now: int, said: tuple[Said, ...]
) -> NumberAnswer:
    """Return the report on a number of which no record could be read: always unknown."""
    empty = Reading(Document({}), None, None, ())
    registry = session.sources.registry
    evidence = Evidence(
        pins=None if registry is None else registry.pins,
        block=session.block,
        issuer=Known(None),
        profile=Known(None),
        checkpoints=session.checkpoints,
    )
    case = Case(empty, evidence, policy, session.sources.suites, now)
    return NumberAnswer(report_on(case, Subject(KIND, str(number)), (*chain.check(case), *said)), None)
