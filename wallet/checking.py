"""How a certificate stands: verified like anybody would, with its receipt, and said in the words of the pages."""

from __future__ import annotations

from dataclasses import dataclass, field

from jikin.anchoring.receipt import Receipt
from jikin.credentials.parsing import parse
from jikin.errors import AnchorError, CredentialError
from jikin.status.array import State
from jikin.status.bitstring import list_id_of
from jikin.values import Json, JsonObject
from jikin.verification.document import Document
from jikin.verification.evidence import Known
from jikin.verification.findings import Code, Question
from jikin.verification.gathering import gather_reading
from jikin.verification.judging import judge_reading
from jikin.verification.reading import read
from jikin.verification.report import Finding, Outcome, Report, Weight
from jikin.verification.sources import Session
from wallet.app import Wallet
from wallet.sessions import Watched
from wallet.values import Standing

# Which end is told where several have come: the one that is for ever before the one that may be lifted.
_ENDED = {
    Code.STATUS_REVOKED.value: Standing.REVOKED,
    Code.STATUS_REPLACED.value: Standing.REPLACED,
    Code.STATUS_SUSPENDED.value: Standing.SUSPENDED,
    Code.TIME_EXPIRED.value: Standing.EXPIRED,
}
_NOT_YET_ANCHORED = frozenset({Code.ANCHOR_MISSING_RECEIPT.value, Code.ANCHOR_ABSENT.value})
# What is forged, or signed by a key that was not the issuer's: such a thing is not taken into the vault at all.
_FORGED = frozenset({Question.MODEL, Question.PROOF, Question.KEY})
_FINAL = frozenset({Standing.REVOKED, Standing.REPLACED})
_STATES = {
    Standing.PASSED: State.VALID,
    Standing.EXPIRED: State.VALID,
    Standing.REVOKED: State.REVOKED,
    Standing.SUSPENDED: State.SUSPENDED,
    Standing.REPLACED: State.REPLACED,
}
_ANY = -1  # no state of a list: whatever is read there is news


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. *receipt* is the one handed in, else the one the issuer publishes; None: there is none."""

    report: Report
    standing: Standing
    receipt: JsonObject | None = field(repr=False)


def check(wallet: Wallet, session: Session, issued: Json, receipt: JsonObject | None, now: int) -> Checked:
    """Return how the certificate *issued* stands as of *now* (Unix second); never raises for what it says.

    It is a JSON object, or the text of an SD-JWT VC.
    """
    reading = read(Document.of(issued, _receipt(receipt)), session.sources.suites)
    evidence = gather_reading(reading, session)
    report = judge_reading(reading, evidence, wallet.policy, session.sources.suites, now)
    found = evidence.receipt.value if isinstance(evidence.receipt, Known) else None
    return Checked(report, standing_of(report), None if found is None else found.to_json())


def standing_of(report: Report) -> Standing:
    """Return the word for *report*: what failed decides, then what is unknown."""
    failed = _codes(report, Outcome.FAILED)
    if failed:
        ended = next((word for code, word in _ENDED.items() if code in failed), None)
        return ended if ended is not None and failed <= set(_ENDED) else Standing.FAILED
    if report.outcome is Outcome.PASSED:
        return Standing.PASSED
    unknown = _codes(report, Outcome.UNKNOWN)
    return Standing.WAITING if unknown and unknown <= _NOT_YET_ANCHORED else Standing.UNKNOWN


def forgery(report: Report) -> Finding | None:
    """Return the finding for which a certificate is not taken into the vault, None when it may be."""
    for finding in report.findings:
        if finding.outcome is Outcome.FAILED and Code(finding.code).question in _FORGED:
            return finding
    return None


def kept(before: Standing, found: Standing) -> Standing:
    """Return the standing after a check that found *found*: an end for ever is not made uncertain by an outage."""
    return before if found is Standing.UNKNOWN and before in _FINAL else found


def watched(record: str, credential: JsonObject, standing: Standing) -> Watched | None:
    """Return where the state of a certificate can be asked for; None where it states no list of ours."""
    try:
        parsed = parse(credential)
    except CredentialError:
        return None
    for entry in parsed.status:
        address = entry.list_credential
        if parsed.issuer_did is not None and entry.index is not None and address and list_id_of(address) is not None:
            state = _STATES.get(standing)
            return Watched(record, str(parsed.issuer_did), address, entry.index, _ANY if state is None else int(state))
    return None


def _codes(report: Report, outcome: Outcome) -> set[str]:
    return {f.code for f in report.findings if f.outcome is outcome and f.weight is Weight.REQUIRED}


def _receipt(value: JsonObject | None) -> Receipt | None:
    if value is None:
        return None
    try:
        return Receipt.parse(value)
    except AnchorError:
        return None  # a receipt that cannot be read is none; the issuer publishes another copy
