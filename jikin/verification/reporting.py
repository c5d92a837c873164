"""A report for programs (JSON) and for people (sentences)."""

from __future__ import annotations

from datetime import tzinfo

from jikin.values import Json, JsonObject, format_instant
from jikin.verification.findings import FINDINGS, Code, Question
from jikin.verification.report import AsOf, Finding, Outcome, Report, Weight
from jikin.verification.texts import LANGUAGES, SEOUL, language_of, sentence

_ORDER = {Outcome.FAILED: 0, Outcome.UNKNOWN: 1, Outcome.PASSED: 2}
# What decides is told in the order in which it matters to somebody who holds the certificate in the hand.
_WEIGHTIEST = (Question.PROOF, Question.MODEL, Question.KEY, Question.ISSUER, Question.ANCHOR, Question.STATUS)
_QUESTIONS = {question: place for place, question in enumerate(_WEIGHTIEST)}
# Where the chain does not answer, most else is unknown for that one reason.
_ROOT_CAUSES = frozenset(
    {
        Code.CHAIN_UNREACHABLE,
        Code.CHAIN_UNPROVEN,
        Code.CHAIN_UNVOUCHED,
        Code.CHAIN_CONTRADICTION,
        Code.CHAIN_DISAGREE,
        Code.CHAIN_SPLIT_VIEW,
        Code.REGISTRY_MISMATCH,
        Code.REGISTRY_NONE,
    }
)
# Where the registry was not asked, a list from the web may be a copy of any age: nothing is said about today.
_LATER = frozenset({Code.STATUS_UNREACHABLE, Code.STATUS_STALE}) | _ROOT_CAUSES


def report_json(report: Report, *, zone: tzinfo = SEOUL) -> JsonObject:
    """Return the report as INTERFACES 7 fixes it: the same from command line, library and HTTP.

    Members without a value are left out; instants are date-time texts in UTC; *zone* is that of days in sentences.
    """
    subject: dict[str, Json] = {"kind": report.subject.kind}
    if report.subject.number is not None:
        subject["number"] = report.subject.number
    if report.subject.title is not None:
        subject["title"] = report.subject.title
    issuer: dict[str, Json] = {"did": None if report.issuer.did is None else str(report.issuer.did)}
    if report.issuer.name is not None:
        issuer["name"] = report.issuer.name
    issuer["accredited"] = report.issuer.accredited.value
    checkpoint: JsonObject = {} if report.checkpoint is None else {"checkpoint": report.checkpoint}
    return {
        "outcome": report.outcome.value,
        "subject": subject,
        "issuer": issuer,
        "findings": [_finding_json(finding) for finding in report.findings],
        "policy": report.policy,
        "checked_at": format_instant(report.checked_at),
        "sentences": {language: list(sentences(report, language, zone=zone)) for language in LANGUAGES},
        **checkpoint,
    }


def sentences(report: Report, language: str, *, zone: tzinfo = SEOUL) -> tuple[str, ...]:
    """Return the report in words, "ko" or "en" (every other language reads English): the verdict first.

    After it come the findings: what failed, what is unknown, notes, what is in order; the same sentence once.
    """
    tongue = language_of(language)
    said = (sentence_of(report, finding, tongue, zone) for finding in in_order(report.findings))
    return tuple(dict.fromkeys((verdict(report, tongue, zone=zone), *said)))


def verdict(report: Report, language: str, *, zone: tzinfo = SEOUL) -> str:
    """Return the one sentence that says what the outcome is and why."""
    tongue = language_of(language)
    if report.outcome is not Outcome.PASSED:
        deciding = deciding_finding(report)
        if deciding is None:
            return sentence("verdict.nothing-judged", {}, tongue, zone)
        return sentence_of(report, deciding, tongue, zone)
    codes = {finding.code for finding in report.findings}
    facts: dict[str, int | str] = {} if report.issuer.names is None else _issuer(report, tongue)
    for finding in report.findings:
        if finding.code == Code.ANCHOR_PRESENT:
            facts["issued"] = finding.facts["at"]
    if codes & _LATER:
        return sentence("verdict.signature-only", {}, tongue, zone)
    if report.asked_about is not None:
        return sentence("verdict.passed-then", {**facts, "asked": report.asked_about}, tongue, zone)
    return sentence("verdict.number" if Code.NUMBER_FOUND in codes else "verdict.passed", facts, tongue, zone)


def sentence_of(report: Report, finding: Finding, language: str, zone: tzinfo = SEOUL) -> str:
    """Return the sentence of one *finding*."""
    return sentence(finding.code, {**_issuer(report, language), **finding.facts}, language, zone)


def deciding_finding(report: Report) -> Finding | None:
    """Return the finding that the verdict is told by: of those that decide, the weightiest; None if none decides."""
    deciding = [finding for finding in report.findings if finding.outcome is report.outcome and _decides(finding)]
    return min(deciding, key=_weightiness, default=None)


def in_order(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return *findings* as they are shown: failed, unknown, notes, passed; within these as they were found."""
    return tuple(sorted(findings, key=_place))


def _decides(finding: Finding) -> bool:
    return finding.weight is Weight.REQUIRED


def _place(finding: Finding) -> int:
    if finding.outcome is Outcome.PASSED:
        return 3 if FINDINGS[Code(finding.code)].weight is Weight.REQUIRED else 2
    return _ORDER[finding.outcome] if _decides(finding) else 2


def _weightiness(finding: Finding) -> tuple[int, int]:
    code = Code(finding.code)
    return (0 if code in _ROOT_CAUSES else 1, _QUESTIONS.get(code.question, len(_QUESTIONS)))


def _issuer(report: Report, language: str) -> dict[str, int | str]:
    names = report.issuer.names
    return {} if names is None else {"issuer": names.in_language(language)}


def _finding_json(finding: Finding) -> JsonObject:
    found: dict[str, Json] = {
        "code": finding.code,
        "outcome": finding.outcome.value,
        "weight": finding.weight.value,
        "detail": finding.detail,
    }
    if finding.source is not None:
        found["source"] = finding.source
    if finding.as_of is not None:
        found["as_of"] = _as_of_json(finding.as_of)
    if finding.proof:
        found["proof"] = list(finding.proof)
    return found


def _as_of_json(as_of: AsOf) -> JsonObject:
    vouched: JsonObject = {} if as_of.voucher is None else {"vouched_by": as_of.voucher.value}
    return {
        "chain": str(as_of.chain),
        "block": as_of.block.number,
        "time": format_instant(as_of.block.time),
        **vouched,
    }
