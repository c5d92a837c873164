"""What a page shows of an answer: the verdict in words and by kind, what must match the paper, each check in words.

A view is chosen from the report's codes alone and holds words of one language. It says no more than the report: what is
unknown stays unknown, and "genuine" stands nowhere but on a report that passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from jikin.badges.imported import Imported
from jikin.credentials import parsing
from jikin.credentials.model import Credential
from jikin.errors import CredentialError
from jikin.verification import reporting, texts
from jikin.verification.findings import FINDINGS, Code, Question
from jikin.verification.report import AsOf, Finding, Outcome, Report, Weight
from jikin.web import languages
from verifier import facts, imports
from verifier.checking import Checked
from verifier.facts import Fact
from verifier.faults import fault_words
from verifier.lines import Line
from verifier.words import Say


class Kind(StrEnum):
    """The kinds of verdict; each has its shape and colour."""

    PASSED = "passed"
    FAILED = "failed"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    WAITING = "waiting"


_KINDS: Mapping[Code, Kind] = {
    Code.STATUS_REVOKED: Kind.REVOKED,
    Code.STATUS_REPLACED: Kind.REVOKED,
    Code.STATUS_SUSPENDED: Kind.SUSPENDED,
    Code.TIME_EXPIRED: Kind.EXPIRED,
    Code.TIME_NOT_YET_VALID: Kind.EXPIRED,
    Code.PROOF_EXPIRED: Kind.EXPIRED,
}
# What failed and shows no forgery, or not by that alone.
_REFUSED = frozenset(
    {
        *(Code.KEY_RETIRED, Code.KEY_COMPROMISED, Code.KEY_NOT_YET_ADDED, Code.ISSUER_INVALIDATED),
        *(Code.MODEL_MALFORMED, Code.MODEL_SCHEMA, Code.MODEL_UNDEFINED_TERM, Code.STATUS_MISSING),
    }
)
_SIGNATURE_ONLY = "verdict.signature-only"
_SIGNED = frozenset({Code.PROOF_VALID, Code.KEY_VALID})
_TOGETHER = _SIGNED | {Code.MODEL_VALID}
_REASONS = frozenset({Code.STATUS_REASON, Code.STATUS_REASON_UNAVAILABLE})
_ENDED_WORDS: Mapping[Code, str] = {
    Code.STATUS_REVOKED: "word.revoked",
    Code.STATUS_SUSPENDED: "word.suspended",
    Code.STATUS_REPLACED: "word.replaced",
    Code.TIME_EXPIRED: "word.expired",
}
_TITLES: Mapping[Question, str] = {
    Question.MODEL: "check.model",
    Question.TIME: "check.time",
    Question.PROOF: "check.proof",
    Question.KEY: "check.key",
    Question.ISSUER: "check.issuer",
    Question.ANCHOR: "check.anchor",
    Question.STATUS: "check.status",
    Question.NUMBER: "check.number",
    Question.CHAIN: "check.chain",
    Question.REGISTRY: "check.registry",
    Question.PRESENTATION: "check.answer",
}
_OF_HOLDER = frozenset({Code.PRESENTATION_BOUND, Code.PRESENTATION_UNBOUND, Code.PRESENTATION_HOLDER})
_KO_DATE = re.compile(r"(\d{4}년) (\d{1,2}월) (\d{1,2}일)")
_EN_DATE = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2,8}) (\d{4})")
_SENTENCE_END = re.compile(r"(?<=[.])\s+")
_REQUESTS = ("Ask ", "Check ", "Try ", "Do not ", "Compare ", "Please ", "Set ", "If ")
_NO_BREAK = "\u00a0"
_FRESH_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer in short; *when* are label and value of the instant and of the block it speaks of."""

    kind: Kind
    word: str
    sentence: str
    next: str
    when: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One answer as a page shows it. *name* is that of the file; it, *number*, *title* and *facts* may be personal.

    *compare*: somebody has the thing in the hand and should compare *facts* with it.
    """

    verdict: Verdict
    lines: tuple[Line, ...]
    facts: tuple[Fact, ...] = field(repr=False)
    compare: bool
    facts_title: str
    facts_hint: str
    name: str = field(repr=False)
    number: str | None = field(repr=False)
    title: str | None = field(repr=False)
    policy: str
    foreign_host: str | None = None


def view(checked: Checked, language: str, say: Say, own_hosts: frozenset[str], now: int) -> View:
    """Return what a page shows of *checked* at *now* (Unix second).

    A code that leads to none of *own_hosts* is told of and its number not judged: whoever printed it chose the host,
    and who follows it lands on a page that says what they like.
    """
    if checked.host is not None and checked.host not in own_hosts:
        word, sentence, next_ = say("fault.foreign.word"), say("fault.foreign.why", host=checked.host), ""
        verdict = Verdict(
            Kind.UNKNOWN, word, sentence, next_ or say("fault.foreign.next"), _checked_at(now, language, say)
        )
        return _plain(checked, verdict, foreign_host=checked.host)
    if checked.imported is not None:
        return _imported(checked, checked.imported, language, say, now)
    report = checked.report
    if report is None:
        word, sentence, next_ = fault_words(checked.fault, say)
        return _plain(checked, Verdict(Kind.UNKNOWN, word, sentence, next_, _checked_at(now, language, say)))
    credential = parsed(checked)
    until = facts.until(credential, checked.record)
    machine = facts.is_machine(credential, checked.record)
    verdict = verdict_of(report, language, say, machine=machine)
    compare = verdict.kind is Kind.PASSED
    about = ("machine" if machine else "paper") if compare else "said"
    believed = compare or verdict.kind in (Kind.REVOKED, Kind.SUSPENDED, Kind.EXPIRED)
    said = facts.of(report, credential, checked.record, language, say)
    if len(said) == 1:  # the number that was asked about, and nothing else
        about, believed = "asked", True
    return View(
        verdict=verdict,
        lines=lines(report, language, say, until=until),
        facts=said,
        compare=compare,
        facts_title=say(f"facts.{about}.title"),
        facts_hint=say(f"facts.{about}.hint") if compare else "" if believed else say("facts.unproven"),
        name=checked.name,
        number=report.subject.number,
        title=report.subject.title,
        policy=report.policy,
    )


def _imported(checked: Checked, imported: Imported, language: str, say: Say, now: int) -> View:
    """Return the view of a badge of another system, which is told and never called genuine."""
    kind = Kind.FAILED if checked.outcome is Outcome.FAILED else Kind.UNKNOWN
    word, sentence, next_ = imports.words(imported, say)
    return View(
        verdict=Verdict(kind, word, unbroken(sentence), unbroken(next_), _checked_at(now, language, say)),
        lines=imports.lines(imported, say),
        facts=imports.facts(imported, language, say),
        compare=False,
        facts_title=say("imported.said"),
        facts_hint=say("imported.unproven"),
        name=checked.name,
        number=None,
        title=imported.title,
        policy="",
    )


def shown(one: View, showing: tuple[Line, ...], say: Say) -> View:
    """Return the view of a certificate that its holder showed: nothing to compare, and *showing* among the checks."""
    troubles = tuple(line for line in one.lines if line.outcome in ("failed", "unknown"))
    return replace(
        one,
        lines=(*troubles, *showing, *(line for line in one.lines if line not in troubles)),
        compare=False,
        facts_title=say("asked.shown_title"),
        facts_hint=say("asked.shown_hint") if one.compare else one.facts_hint,
    )


def parsed(checked: Checked) -> Credential | None:
    """Return the credential of *checked* as a value, None where it is none."""
    if checked.credential is None:
        return None
    try:
        return parsing.parse(checked.credential)
    except CredentialError:
        return None


def verdict_of(report: Report, language: str, say: Say, *, machine: bool = False) -> Verdict:
    """Return the verdict of *report*: its word, why in one sentence, what to do next, and as of when."""
    kind = kind_of(report)
    word = _word(report, kind, say, machine=machine)
    why, next_ = _split(reporting.verdict(report, language), word)
    if machine and kind is Kind.PASSED:
        next_ = say("next.machine")
    fallback = say(f"next.{kind}")
    return Verdict(kind, word, why or say(f"why.{kind}"), next_ or fallback, _when(report, language, say))


def kind_of(report: Report) -> Kind:
    """Return the kind of verdict: the report's outcome, and for what failed why it did."""
    if report.outcome is Outcome.PASSED:
        later = reporting.verdict(report, "en") == texts.sentence(_SIGNATURE_ONLY, {}, "en")
        return Kind.WAITING if later else Kind.PASSED
    if report.outcome is Outcome.UNKNOWN:
        return Kind.UNKNOWN
    deciding = reporting.deciding_finding(report)
    return Kind.FAILED if deciding is None else _KINDS.get(Code(deciding.code), Kind.FAILED)


def lines(report: Report, language: str, say: Say, *, until: int | None = None) -> tuple[Line, ...]:
    """Return the checks in the order in which they are shown; the same sentence stands once.

    Signature, form and key together make one line when nothing is wrong with any of them.
    """
    found = reporting.in_order(report.findings)
    whole = {Code(one.code) for one in found} >= _SIGNED and not any(_troubled(one) for one in found)
    made: dict[tuple[str, str], Line] = {}
    for finding in found:
        code = Code(finding.code)
        if whole and code in _TOGETHER - {Code.PROOF_VALID}:
            continue
        line = _line(report, finding, language, say, until=until)
        if whole and code is Code.PROOF_VALID:
            line = Line(line.outcome, line.title, line.word, say("check.whole"), line.code)
        made.setdefault((line.title, line.sentence), line)
    return tuple(made.values())


def _troubled(finding: Finding) -> bool:
    return finding.outcome is not Outcome.PASSED and Code(finding.code).question in (
        Question.MODEL,
        Question.PROOF,
        Question.KEY,
    )


def _line(report: Report, finding: Finding, language: str, say: Say, *, until: int | None) -> Line:
    code = Code(finding.code)
    advisory = finding.weight is Weight.ADVISORY or FINDINGS[code].weight is Weight.ADVISORY
    outcome = "note" if advisory else finding.outcome.value
    word = say("word.note") if advisory else say(_ENDED_WORDS.get(code, f"word.{finding.outcome.value}"))
    said = _told(reporting.sentence_of(report, finding, language), say)
    if code is Code.TIME_VALID:
        said = say("check.no-end") if until is None else say("check.until", day=languages.day(until, language))
    elif code is Code.STATUS_VALID and finding.as_of is not None:
        said = f"{said} {_age(report.checked_at - finding.as_of.block.time, say)}"
    if code is Code.CHAIN_UNREACHABLE:
        said = say("check.chain_away")
    title = "check.reason" if code in _REASONS else _TITLES[code.question]
    if code in _OF_HOLDER:
        title = "check.holder"
    return Line(outcome, say(title), word, unbroken(said), finding.code)


def _told(said: str, say: Say) -> str:
    """Return what a finding says without what the verdict says already: its word, and what to do next."""
    sentences = _SENTENCE_END.split(said)
    kept = [one for one in sentences if not _is_request(one) and one.rstrip(".") not in _verdict_words(say)]
    return " ".join(kept or sentences)


def _verdict_words(say: Say) -> frozenset[str]:
    return frozenset(say(key) for key in ("verdict.failed", "verdict.refused", "verdict.unknown", "verdict.revoked"))


def _is_request(sentence: str) -> bool:
    return sentence.endswith("세요.") or sentence.startswith(_REQUESTS)


def _age(seconds: int, say: Say) -> str:
    if seconds < _FRESH_SECONDS:
        return say("check.fresh")
    return say("check.age", minutes=seconds // 60)


def _word(report: Report, kind: Kind, say: Say, *, machine: bool) -> str:
    deciding = reporting.deciding_finding(report)
    code = None if deciding is None else Code(deciding.code)
    if kind is Kind.PASSED and report.subject.kind == "number":
        return say("verdict.machine-number" if machine else "verdict.number")
    if code is Code.STATUS_REPLACED:
        return say("verdict.replaced")
    if code is Code.TIME_NOT_YET_VALID:
        return say("verdict.early")
    if kind is Kind.FAILED and code in _REFUSED:
        return say("verdict.refused")
    return say(f"verdict.{kind}")


def _split(said: str, word: str) -> tuple[str, str]:
    """Return why and what to do next of a verdict's sentences, without those that only repeat *word*."""
    sentences = [one for one in _SENTENCE_END.split(said) if one.rstrip(".") != word]
    asked = [one for one in sentences if _is_request(one)]
    why = " ".join(one for one in sentences if one not in asked)
    return unbroken(why), unbroken(" ".join(asked))


def unbroken(text: str) -> str:
    """Return *text* with its dates in one piece."""
    text = _KO_DATE.sub(rf"\1{_NO_BREAK}\2{_NO_BREAK}\3", text)
    return _EN_DATE.sub(rf"\1{_NO_BREAK}\2{_NO_BREAK}\3", text)


def _when(report: Report, language: str, say: Say) -> tuple[tuple[str, str], ...]:
    as_of = next((finding.as_of for finding in report.findings if finding.as_of is not None), None)
    return (*_checked_at(report.checked_at, language, say), *_block(as_of, say), *_last_known(report, language, say))


def _checked_at(instant: int, language: str, say: Say) -> tuple[tuple[str, str], ...]:
    return ((say("when.checked"), languages.moment(instant, language)),)


def _block(as_of: AsOf | None, say: Say) -> Iterator[tuple[str, str]]:
    if as_of is not None:
        yield say("when.block"), f"{as_of.block.number:,}"


def _last_known(report: Report, language: str, say: Say) -> Iterator[tuple[str, str]]:
    stale = next((finding for finding in report.findings if finding.code == Code.STATUS_STALE), None)
    if stale is not None and isinstance(at := stale.facts.get("at"), int):
        yield say("when.last"), languages.moment(at, language)


def _plain(checked: Checked, verdict: Verdict, *, foreign_host: str | None = None) -> View:
    report = checked.report
    return View(
        verdict=verdict,
        lines=(),
        facts=(),
        compare=False,
        facts_title="",
        facts_hint="",
        name=checked.name,
        number=None if report is None else report.subject.number,
        title=None,
        policy="" if report is None else report.policy,
        foreign_host=foreign_host,
    )
