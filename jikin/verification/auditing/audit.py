"""The audit itself: a pure function of what was read, and its answer as a value, as JSON and by its exit."""

from __future__ import annotations

from dataclasses import dataclass

from jikin.anchoring.chain import Block, RegistryPins
from jikin.anchoring.statements import context_hash
from jikin.status.array import State
from jikin.values import Json, JsonObject, format_instant
from jikin.verification.auditing import anchors, approvals, lists
from jikin.verification.auditing.evidence import AuditEvidence, IssuerEvidence
from jikin.verification.auditing.findings import AuditCode, AuditFinding
from jikin.verification.auditing.lists import AuditedList
from jikin.verification.report import Outcome


@dataclass(frozen=True, slots=True)
class AuditedIssuer:
    """One issuer after the audit: what there was, and what did not hold."""

    did: str
    anchors: int
    leaves: int
    lists: tuple[AuditedList, ...]
    findings: tuple[AuditFinding, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """The answer as of *block*."""

    pins: RegistryPins
    block: Block
    issuers: tuple[AuditedIssuer, ...]

    @property
    def findings(self) -> tuple[AuditFinding, ...]:
        """Return every finding, issuer by issuer."""
        return tuple(finding for issuer in self.issuers for finding in issuer.findings)

    @property
    def outcome(self) -> Outcome:
        """Return failed for any contradiction, else unknown where something could not be told, else passed."""
        said = {finding.outcome for finding in self.findings}
        if Outcome.FAILED in said:
            return Outcome.FAILED
        return Outcome.UNKNOWN if Outcome.UNKNOWN in said else Outcome.PASSED

    def __bool__(self) -> bool:
        """Refuse to be a yes or no."""
        raise TypeError("an audit can also say 'unknown': compare audit.outcome")

    def to_json(self) -> JsonObject:
        """Return the answer as JSON."""
        return {
            "outcome": self.outcome.value,
            "chain": str(self.pins.chain),
            "registry": str(self.pins.registry),
            "block": self.block.number,
            "time": format_instant(self.block.time),
            "issuers": [_issuer_json(issuer) for issuer in self.issuers],
        }


def audit(evidence: AuditEvidence) -> Audit:
    """Return what holds and what does not of everything in *evidence*. Asks nobody and never raises for what is there.

    What has no books, files or index keys beside it is held against the storage alone.
    """
    return Audit(evidence.pins, evidence.block, tuple(_audited(issuer, evidence) for issuer in evidence.issuers))


def _audited(issuer: IssuerEvidence, evidence: AuditEvidence) -> AuditedIssuer:
    context = context_hash(evidence.pins.chain, evidence.pins.registry, issuer.issuer_id)
    audited = lists.check(issuer, evidence.pins, evidence.block)
    unreadable = () if issuer.published is None else issuer.published.unreadable.items()
    findings = (
        *anchors.check(issuer),
        *(finding for one in audited for finding in one.findings),
        *approvals.check(issuer, context),
        *(AuditFinding(AuditCode.FILE_UNREADABLE, issuer.did.text, name, why) for name, why in unreadable),
    )
    return AuditedIssuer(
        did=issuer.did.text,
        anchors=len(issuer.anchored),
        leaves=sum(event.tree_size for event in issuer.anchored),
        lists=audited,
        findings=findings,
    )


def _issuer_json(issuer: AuditedIssuer) -> JsonObject:
    return {
        "did": issuer.did,
        "anchors": issuer.anchors,
        "leaves": issuer.leaves,
        "lists": [_list_json(one) for one in issuer.lists],
        "findings": [
            {
                "code": one.code.value,
                "outcome": one.outcome.value,
                "where": one.where,
                "detail": one.detail,
                "sentences": {"ko": one.sentence("ko"), "en": one.sentence("en")},
            }
            for one in issuer.findings
        ],
    }


def _list_json(one: AuditedList) -> JsonObject:
    states: dict[str, Json] = {}
    if one.snapshot is not None and one.snapshot.folded is not None:
        counts = final_states(one)
        states = {"states": {state.name.lower(): count for state, count in counts.items()}}
    return {"list": one.list_id.hex(), "epochs": one.epochs, "rootsOpened": one.opened, **states}


def final_states(one: AuditedList) -> dict[State, int]:
    """Return how many entries of an audited list are in each state; none where its epochs make no list."""
    if one.snapshot is None or one.snapshot.folded is None:
        return {}
    raw = one.snapshot.folded.array.raw
    counts = [0, 0, 0, 0]
    for packed, times in enumerate(raw.count(bytes([value])) for value in range(256)):
        for place in range(4):
            counts[packed >> 2 * place & 3] += times
    return {state: counts[state] for state in State}
