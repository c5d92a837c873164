"""Answers for a terminal: the verdict first, in words, shape and colour; then each finding in one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jikin.badges.imported import Imported
from jikin.credentials.text import visible
from jikin.errors import BadgeError
from jikin.values import format_instant
from jikin.verification import reporting
from jikin.verification.report import AsOf, Outcome, Report
from jikin.web.texts import Texts
from verifier import imports
from verifier.checking import Checked
from verifier.faults import fault_words
from verifier.words import Say, saying

_SHAPE = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.UNKNOWN: "?"}
_COLOUR = {Outcome.PASSED: "green", Outcome.FAILED: "red", Outcome.UNKNOWN: "blue"}
_WORD = {
    "ko": {Outcome.PASSED: "맞음", Outcome.FAILED: "틀림", Outcome.UNKNOWN: "모름"},
    "en": {Outcome.PASSED: "right", Outcome.FAILED: "wrong", Outcome.UNKNOWN: "unknown"},
}
_LABELS = {
    "ko": {
        "number": "번호",
        "title": "이름",
        "issuer": "발급",
        "as_of": "기준",
        "block": "블록",
        "host": "QR이 이끄는 곳",
        "witnesses": "증인들이 보증함",
        "nodes": "여러 서버가 똑같이 알려 줌",
        "pin": "미리 정해 둔 블록",
    },
    "en": {
        "number": "Number",
        "title": "Title",
        "issuer": "Issuer",
        "as_of": "As of",
        "block": "block",
        "host": "QR leads to",
        "witnesses": "vouched for by witnesses",
        "nodes": "several servers agree",
        "pin": "set down in advance",
    },
}
_MAX = 300
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})T00:00:00(?:Z|[+-]\d{2}:\d{2})")


def show(checked: Checked, console: Console, language: str) -> None:
    """Write one answer, every check with its sentence."""
    _headline(checked, console, language)
    report = checked.report
    if report is None:
        if checked.imported is not None:
            _imported(checked.imported, console, language)
        return
    labels = _LABELS[language]
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    rows = [(labels["number"], report.subject.number), (labels["title"], report.subject.title)]
    if report.issuer.names is not None:
        rows.append((labels["issuer"], report.issuer.names.in_language(language)))
    if checked.record is not None:
        rows += [(field.label.get(language, ""), _day(field.value)) for field in checked.record.public]
    rows.append((labels["host"], checked.host))
    as_of = next((finding.as_of for finding in report.findings if finding.as_of is not None), None)
    rows.append((labels["as_of"], None if as_of is None else _as_of(as_of, labels)))
    for label, value in rows:
        if value:
            facts.add_row(f"  {label}", escape(visible(value, _MAX)))
    console.print(facts)
    _findings(report, console, language)


def show_line(checked: Checked, console: Console, language: str) -> None:
    """Write one answer in one line, for folders."""
    _headline(checked, console, language)


def _headline(checked: Checked, console: Console, language: str) -> None:
    outcome = checked.outcome
    if checked.report is not None:
        sentence = reporting.verdict(checked.report, language)
    elif checked.imported is not None:
        sentence = " ".join(imports.words(checked.imported, _say(language))[1:])
    elif isinstance(checked.fault, BadgeError):
        sentence = " ".join(fault_words(checked.fault, _say(language))[1:])
    else:
        fault = checked.fault
        sentence = "" if fault is None else f"{fault} {fault.hint or ''}".strip()
    colour = _COLOUR[outcome]
    console.print(
        f"[bold {colour}]{_SHAPE[outcome]}[/bold {colour}] [bold]{escape(visible(checked.name, _MAX))}[/bold]  "
        f"{escape(visible(sentence, 4 * _MAX))}",
        soft_wrap=True,
    )


def _imported(imported: Imported, console: Console, language: str) -> None:
    """Write what a badge of another system says of itself, and what was looked at."""
    say = _say(language)
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    for fact in imports.facts(imported, language, say):
        facts.add_row(f"  {escape(fact.label)}", escape(fact.value))
    console.print(facts)
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(overflow="fold")
    for line in imports.lines(imported, say):
        outcome = Outcome(line.outcome)
        colour = _COLOUR[outcome]
        table.add_row(
            f"  [{colour}]{_SHAPE[outcome]} {_WORD[language][outcome]}[/{colour}]",
            escape(f"{line.title}: {line.sentence}"),
            f"[dim]{escape(line.code)}[/dim]",
        )
    console.print(table)


@cache
def _texts() -> Texts:
    return Texts.load(Path(__file__).parent / "texts")


def _say(language: str) -> Say:
    """Return the words of the pages: a badge of another system is told alike in both places."""
    return saying(_texts(), language)


def _day(text: str) -> str:
    """Return the day of a date and time at midnight as it is written, every other text unchanged."""
    midnight = _MIDNIGHT.fullmatch(text)
    return text if midnight is None else midnight[1]


def _as_of(as_of: AsOf, labels: Mapping[str, str]) -> str:
    vouched = "" if as_of.voucher is None else f" · {labels[as_of.voucher.value]}"
    return f"{format_instant(as_of.block.time)} · {labels['block']} {as_of.block.number} · {as_of.chain}{vouched}"


def _findings(report: Report, console: Console, language: str) -> None:
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(overflow="fold")
    for finding in reporting.in_order(report.findings):
        colour = _COLOUR[finding.outcome]
        table.add_row(
            f"  [{colour}]{_SHAPE[finding.outcome]} {_WORD[language][finding.outcome]}[/{colour}]",
            escape(visible(reporting.sentence_of(report, finding, language), _MAX)),
            f"[dim]{escape(finding.code)}[/dim]",
        )
    console.print(table)
