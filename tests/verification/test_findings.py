"""The table of findings is whole: no code outside it can be reported, and nothing unknown can count as passed."""

import ast
import re
from pathlib import Path

import pytest

import jikin.verification
from jikin.verification.findings import FINDINGS, Code, Question
from jikin.verification.policy import packaged, packaged_names
from jikin.verification.report import Finding, IssuerSummary, Outcome, Report, Subject, Weight

PACKAGE = Path(jikin.verification.__file__ or "").parent if jikin.verification.__file__ else None
FOLDER = Path(next(iter(jikin.verification.__path__)))


def test_every_code_has_a_rule_and_every_rule_a_code() -> None:
    assert set(FINDINGS) == set(Code)
    assert len(FINDINGS) == len(Code) == len({code.value for code in Code})


def test_codes_are_lower_case_dotted_words_that_begin_with_their_question() -> None:
    for code in Code:
        assert re.fullmatch(r"[a-z]+\.[a-z]+(?:-[a-z]+)*", code.value), code
        assert code.question in Question
    assert {code.question for code in Code} == set(Question)


def test_exactly_these_codes_pass() -> None:
    passed = {code.value for code, rule in FINDINGS.items() if rule.outcome is Outcome.PASSED}
    assert passed == {
        "anchor.present",
        "chain.proven",
        "issuer.accredited",
        "key.valid",
        "model.valid",
        "number.found",
        "presentation.bound",
        "presentation.valid",
        "proof.valid",
        "status.not-final",
        "status.reason",
        "status.valid",
        "time.valid",
    }


def test_what_could_not_be_asked_is_never_passed_and_never_failed() -> None:
    words = ("unknown", "unreachable", "unchecked", "unconfirmed", "stale", "contradiction", "mismatch", "none", "edge")
    unsure = [code for code in Code if code.value.split(".")[1].split("-")[0] in words and code != Code.PROOF_MISMATCH]
    assert len(unsure) > 15
    assert {FINDINGS[code].outcome for code in unsure} == {Outcome.UNKNOWN}


def test_a_check_can_name_codes_of_the_table_only() -> None:
    """Every ``Said(...)`` takes its code from the enumeration: no code is written as a text anywhere."""
    literals = set()
    said = 0
    for file in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Said", "_said", "Finding", "Fault"}:
                said += 1
                literals |= {arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    assert literals == set()
    assert said > 60


def test_every_code_of_the_table_is_used() -> None:
    source = "".join(file.read_text() for file in FOLDER.rglob("*.py") if file.name != "findings.py")
    assert [code.name for code in Code if f"Code.{code.name}" not in source] == []


@pytest.mark.parametrize("policy", packaged_names())
def test_no_policy_lets_a_single_unknown_or_failed_finding_pass(policy: str) -> None:
    chosen = packaged(policy)
    for code, rule in FINDINGS.items():
        finding = Finding(code.value, rule.outcome, Weight.REQUIRED, "")
        report = Report(Subject("credential"), IssuerSummary(None, None, Outcome.UNKNOWN), (finding,), policy, 0)
        assert (report.outcome is Outcome.PASSED) is (rule.outcome is Outcome.PASSED)
        noted = Finding(code.value, rule.outcome, Weight.ADVISORY, "")
        alone = Report(Subject("credential"), IssuerSummary(None, None, Outcome.UNKNOWN), (noted,), policy, 0)
        assert alone.outcome is Outcome.UNKNOWN  # nothing that decides: nothing was judged
        assert chosen.weight(code) in Weight


def test_one_failed_finding_outweighs_everything_and_one_unknown_all_that_passed() -> None:
    def outcome(*codes: Code) -> Outcome:
        findings = tuple(Finding(code.value, FINDINGS[code].outcome, Weight.REQUIRED, "") for code in codes)
        return Report(Subject("credential"), IssuerSummary(None, None, Outcome.UNKNOWN), findings, "public", 0).outcome

    assert outcome(Code.PROOF_VALID, Code.KEY_VALID) is Outcome.PASSED
    assert outcome(Code.PROOF_VALID, Code.CHAIN_UNREACHABLE) is Outcome.UNKNOWN
    assert outcome(Code.PROOF_VALID, Code.CHAIN_UNREACHABLE, Code.STATUS_REVOKED) is Outcome.FAILED
