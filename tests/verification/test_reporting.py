"""The report as JSON has exactly the members that outsiders rely on; its sentences come in an order that helps."""

import json
from pathlib import Path
from typing import Any

from jikin.status.array import State
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report
from jikin.verification.reporting import deciding_finding, in_order, report_json, sentences
from jikin.verification.verifying import verify
from tests.small_world import MINUTE, SmallWorld


def judged(world: SmallWorld, document: Document) -> Report:
    return verify(document, world.sources(), packaged("public"), world.time)


def test_the_json_has_exactly_the_promised_members() -> None:
    world = SmallWorld()
    issued = world.issue()
    world.set_state(issued, State.REVOKED)
    world.later(MINUTE)
    document: Any = json.loads(json.dumps(report_json(judged(world, issued.document))))
    assert list(document) == ["outcome", "subject", "issuer", "findings", "policy", "checked_at", "sentences"]
    assert set(document["subject"]) == {"kind", "number", "title"}
    assert set(document["issuer"]) == {"did", "name", "accredited"}
    assert set(document["sentences"]) == {"ko", "en"}
    assert document["outcome"] == "failed"
    assert document["policy"] == "public"
    assert document["checked_at"] == "2026-09-21T15:14:20Z"
    assert document["subject"]["kind"] == "credential"
    for finding in document["findings"]:
        assert (
            {"code", "outcome", "weight", "detail"}
            <= set(finding)
            <= {
                "code",
                "outcome",
                "weight",
                "detail",
                "source",
                "as_of",
            }
        )
        assert finding["outcome"] in {"passed", "failed", "unknown"}
        assert finding["weight"] in {"required", "advisory"}
    block = world.chain.view().block
    (revoked,) = (finding for finding in document["findings"] if finding["code"] == "status.revoked")
    assert revoked["as_of"] == {"chain": "eip155:31337", "block": block.number, "time": "2026-09-21T15:14:20Z"}


def test_what_is_not_known_is_left_out_and_not_null() -> None:
    world = SmallWorld()
    document: Any = report_json(verify(Document({}), world.sources(), packaged("public"), world.time))
    assert document["outcome"] == "failed"
    assert document["subject"] == {"kind": "credential"}
    assert document["issuer"] == {"did": None, "accredited": "unknown"}
    assert [finding["code"] for finding in document["findings"]] == ["model.malformed"]


def test_failed_comes_first_then_unknown_then_notes_then_what_is_in_order() -> None:
    world = SmallWorld()
    issued = world.issue()
    world.set_state(issued, State.REVOKED)
    world.web.reachable = False
    report = judged(world, issued.document)
    shown = [finding.code for finding in in_order(report.findings)]
    assert shown[:3] == ["status.revoked", "status.not-final", "status.reason-unavailable"]
    assert set(shown[3:]) == {
        "model.valid",
        "time.valid",
        "proof.valid",
        "key.valid",
        "issuer.accredited",
        "anchor.present",
    }


def test_the_verdict_is_told_once_and_first() -> None:
    world = SmallWorld()
    issued = world.issue()
    world.set_state(issued, State.REVOKED)
    said = sentences(judged(world, issued.document), "ko")
    assert said[0].startswith("취소된 증명서입니다.")
    assert len(said) == len(set(said)) == 9
    assert sentences(judged(world, issued.document), "fr") == sentences(judged(world, issued.document), "en")


def test_that_the_chain_is_silent_is_told_before_what_follows_from_it() -> None:
    world = SmallWorld()
    document = world.issue().document
    world.chain.reachable = False
    report = judged(world, document)
    assert report.outcome is Outcome.UNKNOWN
    deciding = deciding_finding(report)
    assert deciding is not None
    assert deciding.code == "chain.unreachable"


def test_no_name_is_shown_that_the_accreditor_did_not_approve() -> None:
    world = SmallWorld()
    issued = world.issue()
    forged = issued.changed(issuer={"id": str(world.did), "type": ["Profile"], "name": "대한민국 정부"})
    report = judged(world, forged.document)
    assert report.issuer.name == "한빛직업능력원"
    assert all("대한민국" not in text for text in (*sentences(report, "ko"), *sentences(report, "en")))
    assert "대한민국" not in json.dumps(report_json(report), ensure_ascii=False)


def test_the_report_quotes_nothing_personal() -> None:
    world = SmallWorld()
    issued = world.issue("남궁하늘")
    world.set_state(issued, State.REVOKED, reason="reason code 7")
    for document in (issued.document, issued.changed(name="x").document, issued.changed(validFrom="never").document):
        report = judged(world, document)
        shown = json.dumps(report_json(report), ensure_ascii=False) + repr(report) + repr(document)
        assert "남궁하늘" not in shown
        assert issued.salt.hex() not in shown
        assert repr(issued.salt)[2:-1] not in shown


def test_docs_findings_is_the_table_of_the_code() -> None:
    from tools.build_findings import page

    written = Path(__file__).resolve().parents[2] / "docs" / "findings.md"
    assert written.read_text() == page()
