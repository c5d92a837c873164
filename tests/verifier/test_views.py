"""What a view makes of a report: every code has its words, and no view says more than its report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import verifier
from jikin.anchoring.chain import Block
from jikin.anchoring.trusted import Voucher
from jikin.credentials.profile import Names
from jikin.errors import DocumentError, JikinError
from jikin.values import ChainId, Did, Digest
from jikin.verification.findings import FINDINGS, Code
from jikin.verification.report import AsOf, Finding, IssuerSummary, Outcome, Report, Subject
from jikin.web.texts import LANGUAGES, Texts
from verifier import keeping, viewing
from verifier.checking import Checked
from verifier.faults import fault_words
from verifier.keeping import ShownAnswer, ShownCredential
from verifier.viewing import Kind
from verifier.words import saying

TEXTS = Texts.load(Path(verifier.__file__).parent / "texts")
NOW = 1_790_000_000
FACTS: dict[str, int | str] = {
    **dict.fromkeys(("at", "since", "until", "from", "effective", "recorded", "final"), NOW),
    "reason": "issued-in-error",
    "authority": "Example Root",
    **dict.fromkeys(("witnesses", "nodes", "pin"), "1,234"),
    "replacement": "26-KR12-7F3Q-9XK4-M2W8-37",
}


def report_with(*codes: Code) -> Report:
    findings = tuple(
        Finding(
            code.value,
            FINDINGS[code].outcome,
            FINDINGS[code].weight,
            "detail",
            facts={name: FACTS[name] for name in (*FINDINGS[code].facts, *FINDINGS[code].perhaps)},
        )
        for code in codes
    )
    names = Names(ko="한국산업인력공단", en="Human Resources Development Service of Korea")
    issuer = IssuerSummary(Did("did:web:hrdk.example"), names, Outcome.PASSED)
    return Report(Subject("credential"), issuer, findings, "public", NOW)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_every_finding_makes_a_line_and_a_verdict_in_words(code: Code, language: str) -> None:
    say = saying(TEXTS, language)
    report = report_with(code)
    (line,) = viewing.lines(report, language, say)
    assert line.title
    assert line.word
    assert line.sentence
    verdict = viewing.verdict_of(report, language, say)
    assert verdict.word
    assert verdict.sentence


@pytest.mark.parametrize("code", [code for code in Code if FINDINGS[code].outcome is not Outcome.PASSED])
def test_nothing_that_did_not_pass_is_called_genuine(code: Code) -> None:
    report = report_with(Code.MODEL_VALID, Code.PROOF_VALID, code)
    if report.outcome is Outcome.PASSED:  # a note decides nothing
        return
    verdict = viewing.verdict_of(report, "ko", saying(TEXTS, "ko"))
    assert verdict.kind is not Kind.PASSED
    assert verdict.word != "진본입니다"


@pytest.mark.parametrize("code", [code for code in Code if FINDINGS[code].outcome is Outcome.UNKNOWN])
def test_nothing_that_is_unknown_is_called_forged(code: Code) -> None:
    report = report_with(code)
    assert viewing.kind_of(report) is Kind.UNKNOWN
    assert viewing.verdict_of(report, "en", saying(TEXTS, "en")).word == "Cannot tell"


def test_what_failed_stands_before_what_is_unknown_and_notes_before_what_is_right() -> None:
    report = report_with(Code.PROOF_VALID, Code.STATUS_NOT_STATED, Code.ANCHOR_UNREACHABLE, Code.TIME_EXPIRED)
    outcomes = [line.outcome for line in viewing.lines(report, "en", saying(TEXTS, "en"))]
    assert outcomes == ["failed", "unknown", "note", "passed"]


def test_form_signature_and_key_make_one_line_while_nothing_is_wrong_with_them() -> None:
    say = saying(TEXTS, "en")
    whole = viewing.lines(report_with(Code.MODEL_VALID, Code.PROOF_VALID, Code.KEY_VALID), "en", say)
    assert [line.code for line in whole] == ["proof.valid"]
    apart = viewing.lines(report_with(Code.MODEL_VALID, Code.PROOF_VALID, Code.KEY_UNKNOWN), "en", say)
    assert len(apart) == 3


FAULTS = ["document.other-code", "document.zip", "document.image", "codec.json", "number.mistyped", "anything.else"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", FAULTS)
def test_every_fault_has_words(code: str, language: str) -> None:
    fault: JikinError = DocumentError("a message for programmers", code=code)
    said = fault_words(fault, saying(TEXTS, language))
    assert all(said)
    assert "programmers" not in " ".join(said)


def test_a_fault_is_unknown_and_says_nothing_of_forgery() -> None:
    checked = Checked("letter.txt", None, DocumentError("no", code="document.unknown-kind"))
    view = viewing.view(checked, "ko", saying(TEXTS, "ko"), frozenset(), NOW)
    assert view.verdict.kind is Kind.UNKNOWN


def test_what_is_kept_of_an_answer_reads_back_the_same() -> None:
    report = report_with(*Code)
    as_of = AsOf(ChainId(1), Block(7, Digest(bytes(32)), NOW), Voucher.WITNESSES)
    report = replace(
        report, findings=(replace(report.findings[0], as_of=as_of, proof=("one note", "another")), *report.findings[1:])
    )
    answer = ShownAnswer("q", Did("did:web:holder.example"), report.findings, (ShownCredential({"a": 1}, report),))
    assert keeping.from_json(keeping.to_json([answer])) == (answer,)
