"""Certificates as the wallet's pages show them: words, shapes and sentences for the holder, not for a verifier."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from jikin.verification import reporting
from jikin.verification.findings import Code
from jikin.verification.report import AsOf, Finding, Outcome, Report, Weight
from jikin.verification.texts import reason_text
from jikin.web.languages import day
from wallet.values import Field, Held, Standing

Say = Callable[..., str]

_ENDED = frozenset({Standing.REVOKED, Standing.REPLACED, Standing.EXPIRED, Standing.FAILED})
FAMILIES = ("national-technical-qualification", "course-completion", "machine-safety-certification")
OTHER = "other"
# Where the registry was not asked, nothing is said about today.
_LATER = frozenset(
    {
        Code.STATUS_UNREACHABLE,
        Code.STATUS_STALE,
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
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TAIL = 7  # the last symbols of a number, enough to tell two certificates apart


def tongue(names: Mapping[str, str] | None, language: str) -> str:
    """Return the name in *language*, in whatever language there is, or an empty text."""
    if not names:
        return ""
    return names.get(language) or next((name for name in names.values() if name), "")


@dataclass(frozen=True, slots=True)
class Card:
    """A certificate on the list. *issued* is the day of issue, *received* that of keeping, where issue is not stated.

    *selective*: the holder can show a part of it.
    """

    id: str
    title: str
    issuer: str
    kind: str
    word: str
    ended: bool
    issued: str | None
    received: str
    number: str | None = field(repr=False)
    selective: bool


def card(held: Held, language: str, say: Say) -> Card:
    """Return *held* as a card."""
    return Card(
        id=held.id,
        title=tongue(held.title, language),
        issuer=tongue(held.issuer, language),
        kind=held.standing.value,
        word=say(f"pill.{held.standing}"),
        ended=held.standing in _ENDED,
        issued=None if held.issued_at is None else day(held.issued_at, language),
        received=day(held.received_at, language),
        number=None if held.number is None else f"…{held.number[-_TAIL:]}",
        selective=held.envelope is not None,
    )


def rows(held: Held, fields: Sequence[Field], language: str, say: Say) -> list[tuple[str, str]]:
    """Return label and value of *fields*, the title first where none of them says it; days in words."""
    title = tongue(held.title, language)
    said = said_of(fields, language)
    names = {title, *held.title.values()}
    return said if any(value in names for _, value in said) else [(say("detail.title-label"), title), *said]


def said_of(fields: Sequence[Field], language: str) -> list[tuple[str, str]]:
    """Return label and value of *fields*; days in words."""
    return [(tongue(entry.label, language), _in_words(entry.value, language)) for entry in fields if entry.value]


def _in_words(value: str, language: str) -> str:
    if not _DAY.fullmatch(value):
        return value
    try:
        noon = datetime.fromisoformat(f"{value}T12:00:00+09:00")
    except ValueError:
        return value
    return day(int(noon.timestamp()), language)


def family(held: Held) -> str:
    """Return which filter a certificate belongs to."""
    return held.type if held.type in FAMILIES else OTHER


def fits(held: Held, search: str) -> bool:
    """Say whether every word of *search* stands in title, issuer or number, whatever the case or hyphens."""
    number = held.number or ""
    text = " ".join((*held.title.values(), *held.issuer.values(), number, number.replace("-", ""))).casefold()
    return all(word.casefold() in text for word in search.split())


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer first: shape and word, why, what to do, and when it was looked at."""

    kind: str
    word: str
    why: str = field(repr=False)
    next: str | None


def verdict(held: Held, language: str, say: Say) -> Verdict:
    """Return how *held* stands, in words for whoever holds it."""
    standing = held.standing
    word = say(f"kind.{standing}")
    why = _why(held, language, say, word)
    tail = _reason(held.report, language, say)
    advice = None if standing in (Standing.PASSED, Standing.UNKNOWN) else say(f"next.{standing}")
    if standing is Standing.UNKNOWN and why == "":
        why = say("next.unknown")
    return Verdict(standing.value, word, " ".join(part for part in (why, tail) if part), advice)


def _why(held: Held, language: str, say: Say, word: str) -> str:
    facts = {name: value for finding in held.report.findings for name, value in _dated(finding, language)}
    match held.standing:
        case Standing.PASSED:
            return _why_passed(held, language, say)
        case Standing.REVOKED:
            return say("why.revoked", **facts) if "effective" in facts else say("why.revoked-plain")
        case Standing.SUSPENDED:
            return say("why.suspended", **facts) if "effective" in facts else say("why.suspended-plain")
        case Standing.EXPIRED:
            until = held.valid_until
            return say("why.expired-plain") if until is None else say("why.expired", until=day(until, language))
        case Standing.REPLACED | Standing.WAITING:
            return say(f"why.{held.standing}")
        case _:
            return _without(reporting.verdict(held.report, language), word)


def _why_passed(held: Held, language: str, say: Say) -> str:
    facts = {finding.code: finding.facts for finding in held.report.findings}
    if _LATER & facts.keys():
        return say("why.signature")
    issued = facts.get(Code.ANCHOR_PRESENT, {}).get("at", held.issued_at)
    if held.report.issuer.names is None or not isinstance(issued, int):
        return say("why.passed-plain")
    return say("why.passed", issuer=tongue(held.issuer, language), day=day(issued, language))


def _dated(finding: Finding, language: str) -> Sequence[tuple[str, str]]:
    return [
        (name, day(value, language))
        for name, value in finding.facts.items()
        if isinstance(value, int) and finding.weight is Weight.REQUIRED and finding.outcome is Outcome.FAILED
    ]


def _reason(report: Report, language: str, say: Say) -> str:
    for finding in report.findings:
        if finding.code == Code.STATUS_REASON:
            return say("why.reason", reason=reason_text(str(finding.facts.get("reason", "")), language))
    return ""


def _without(sentence: str, word: str) -> str:
    """Return *sentence* without the verdict's own word in front: it stands above it in large letters."""
    return sentence.removeprefix(f"{word}. ").removeprefix(f"{word}.")


def as_of(report: Report) -> AsOf | None:
    """Return the newest block that the answer speaks of, None where the chain was not asked."""
    seen = [finding.as_of for finding in report.findings if finding.as_of is not None]
    return max(seen, key=lambda moment: moment.block.number, default=None)


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was looked at, as a row."""

    outcome: str
    title: str
    word: str
    sentence: str = field(repr=False)
    code: str


def checks(report: Report, language: str, say: Say) -> tuple[Checked, ...]:
    """Return every finding of *report* as a row, failed first; the same sentence once."""
    rows: dict[str, Checked] = {}
    for finding in reporting.in_order(report.findings):
        note = finding.weight is Weight.ADVISORY
        outcome = "note" if note else finding.outcome.value
        sentence = reporting.sentence_of(report, finding, language)
        title = say(f"question.{Code(finding.code).question}")
        rows.setdefault(sentence, Checked(outcome, title, say(f"finding.{outcome}"), sentence, finding.code))
    return tuple(rows.values())


def all_passed(rows: Sequence[Checked]) -> bool:
    """Say whether nothing but what is in order was found."""
    return all(row.outcome == "passed" for row in rows)


def anchored_at(report: Report) -> int | None:
    """Return when the certificate was recorded on the chain, None where that is not known."""
    times = [finding.facts.get("at") for finding in report.findings if finding.code == Code.ANCHOR_PRESENT]
    return next((at for at in times if isinstance(at, int)), None)


def host(url: str) -> str:
    """Return the host and port of *url*, the URL itself where it has none."""
    return urlsplit(url).netloc or url
