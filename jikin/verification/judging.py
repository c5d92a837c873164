"""The judgement: a pure function of document, evidence, policy and instant. It asks nobody and knows no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jikin.proofs.suite import Suites
from jikin.verification.checks import anchor, chain, issuer, key, model, proof, status, time
from jikin.verification.checks.case import Anchoring, Case, Said
from jikin.verification.document import Document
from jikin.verification.evidence import Evidence, Known
from jikin.verification.findings import FINDINGS, Code, Question
from jikin.verification.policy import Policy
from jikin.verification.reading import Reading, read
from jikin.verification.report import AsOf, Finding, IssuerSummary, Outcome, Report, Subject


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
    return report_on(case, reading.subject, _document_checks(case))


def report_on(case: Case, subject: Subject, said: Iterable[Said]) -> Report:
    """Return the report on *subject* that is made of what the checks *said* about *case*."""
    findings = tuple(_finding(case, one) for one in said)
    return Report(
        subject=subject,
        issuer=IssuerSummary(case.reading.issuer, issuer.names(case), _accredited(findings)),
        findings=findings,
        policy=case.policy.name,
        checked_at=case.now,
        asked_about=case.at,
        checkpoint=case.evidence.checkpoints.newest,
    )


def _document_checks(case: Case) -> Iterator[Said]:
    """Yield what every check says, in the order in which a verifier asks."""
    yield from chain.check(case)
    yield from model.check(case)
    if case.reading.fault is None:  # what is no credential has no issuer, no anchor and no status to speak of
        yield from statement_checks(case, anchor.find(case))


def statement_checks(case: Case, anchoring: Anchoring, *, signing: Anchoring | None = None) -> Iterator[Said]:
    """Yield what the checks say of a signed statement whose anchor was found already.

    *signing* is given where the signature has another time than what was anchored; its key is judged by it.
    """
    signed = anchoring if signing is None else signing
    yield from time.check(case)
    yield from proof.check(case, signed)
    yield from key.check(case, signed)
    yield from issuer.check(case, anchoring)
    yield from anchoring.said
    yield from status.check(case)


def _finding(case: Case, said: Said) -> Finding:
    rule = FINDINGS[said.code]
    pins, block = case.evidence.pins, case.evidence.block
    as_of = None
    if said.on_chain and pins is not None and isinstance(block, Known):
        as_of = AsOf(pins.chain, block.value, case.evidence.voucher)
    return Finding(
        code=said.code.value,
        outcome=rule.outcome,
        weight=case.policy.weight(said.code),
        detail=said.detail,
        source=said.source,
        as_of=as_of,
        facts=dict(said.facts),
        proof=said.proof,
    )


def _accredited(findings: tuple[Finding, ...]) -> Outcome:
    """Return what the findings about the issuer say together, whatever the policy makes of them."""
    said = {finding.outcome for finding in findings if Code(finding.code).question is Question.ISSUER}
    if Outcome.FAILED in said:
        return Outcome.FAILED
    return Outcome.PASSED if said == {Outcome.PASSED} else Outcome.UNKNOWN
