"""The judgement: a pure function of document, evidence, policy and instant. It asks nobody and knows no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jikin.proofs.suite import Suites
from jikin.verification.checks import anchor, chain, issuer, key, model, proof, status, time
from jikin.verification.checks.case import Anchoring, Case, Said
from jikin.verification.document import Document
from jikin.verification.evidence import Evidence, Known
from jikin.verification.findings import FINDINGS, Question
from jikin.verification.policy import Policy
from jikin.verification.reading import Reading, read
from jikin.verification.report import AsOf, Finding, IssuerSummary, Outcome, Report, Subject, Subject


def judge(
    document: Document, evidence: Evidence, policy: Policy, suites: Suites, now: int, *, at: int | None = None
) -> Report:
    """Return the report on *document* as of *now* (Unix second), or on whether it held at the earlier instant *at*.

    *evidence* must have been gathered for this document. Never raises for what a document or receipt says.
    """
    return judge_reading(read(document, suites), evidence, policy, suites, now, at=at)


def judge_reading(
    reading: Reading, evidence: Evidence, policy: Policy, suites: Suites, now: int, *, at: int | None = None
) -> Report:
    """Return the report on a document that was read already; otherwise as ``judge``."""
    case = Case(reading, evidence, policy, suites, now, at)
    if reading.fault is None:
        return judge_case(case, anchor.find(case))
    # What is no credential has no issuer, no anchor and no status to speak of.
    issuer = IssuerSummary(None, None, Outcome.UNKNOWN)
    return report_on(case, reading.subject, issuer, (*chain.check(case), *model.check(case)))


def judge_case(
    case: Case, anchoring: Anchoring, said: Iterable[Said] = (), *, signing: Anchoring | None = None
) -> Report:
    """Return the report on a *case* whose *anchoring* was found out; what was *said* before stands at its head.

    *signing* is given where the signature has another time than the certificate: a record of a certificate is signed
    anew whenever it changes, so that its key is judged as of now and not as of the anchor.
    """
    signed = anchoring if signing is None else signing
    found = (
        *said,
        *chain.check(case),
        *model.check(case),
        *time.check(case),
        *proof.check(case, signed),
        *key.check(case, signed),
        *issuer.check(case, anchoring),
        *anchoring.said,
        *status.check(case),
    )
    accredited = _accredited(found)
    return report_on(case, case.reading.subject, IssuerSummary(case.reading.issuer, issuer.names(case), accredited), found)


def report_on(case: Case, subject: Subject, issued_by: IssuerSummary, said: Iterable[Said]) -> Report:
    """Return the report that says what was *said*, with the outcomes of the table and the weights of the policy."""
    return Report(
        subject=subject,
        issuer=issued_by,
        findings=tuple(_finding(case, one) for one in said),
        policy=case.policy.name,
        checked_at=case.now,
        asked_about=case.at,
    )


def _finding(case: Case, said: Said) -> Finding:
    rule = FINDINGS[said.code]
    pins, block = case.evidence.pins, case.evidence.block
    as_of = AsOf(pins.chain, block.value) if said.on_chain and pins and isinstance(block, Known) else None
    return Finding(
        code=said.code.value,
        outcome=rule.outcome,
        weight=case.policy.weight(said.code),
        detail=said.detail,
        source=said.source,
        as_of=as_of,
        facts=dict(said.facts),
    )


def _accredited(said: Iterable[Said]) -> Outcome:
    """Return what was said about the issuer, whatever the policy makes of it."""
    outcomes = {FINDINGS[one.code].outcome for one in said if one.code.question is Question.ISSUER}
    if Outcome.FAILED in outcomes:
        return Outcome.FAILED
    return Outcome.PASSED if outcomes == {Outcome.PASSED} else Outcome.UNKNOWN
