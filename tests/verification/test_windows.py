"""Keys and accreditation are judged at the anchored time; near the end of a window nothing can be said."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jikin.anchoring.chain import IssuerRecord, KeyWindow
from jikin.anchoring.receipt import Receipt
from jikin.values import DidUrl
from jikin.verification.document import Document
from jikin.verification.evidence import Evidence, Fact, Known, Missing
from jikin.verification.gathering import gather
from jikin.verification.judging import judge
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome
from tests.small_world import DAY, HOUR, SUITES, SmallWorld


class Anchored:
    """A sound certificate with its evidence, of which single facts are then replaced."""

    def __init__(self) -> None:
        self.world = SmallWorld()
        issued = self.world.issue()
        assert issued.receipt is not None
        self.document = issued.document
        self.time = issued.receipt.time
        self.evidence = gather(self.document, self.world.sources())
        self.now = self.time + HOUR
        self.world.later(HOUR)

    def codes(self, evidence: Evidence, question: str) -> list[str]:
        report = judge(self.document, evidence, packaged("archive"), SUITES, self.now)
        return [finding.code for finding in report.findings if finding.code.startswith(question + ".")]

    def with_key(self, window: KeyWindow, evidence: Evidence | None = None) -> Evidence:
        evidence = evidence or self.evidence
        keys: Mapping[DidUrl, object] = {
            method: replace(known, registered=Known((known.registered.value[0], window)))  # type: ignore[union-attr,index]
            for method, known in evidence.keys.items()
        }
        return replace(evidence, keys=keys)  # type: ignore[arg-type]

    def with_issuer(self, evidence: Evidence | None = None, **members: int) -> Evidence:
        evidence = evidence or self.evidence
        record = evidence.issuer
        assert isinstance(record, Known)
        assert record.value is not None
        return replace(evidence, issuer=Known(replace(record.value, **members)))  # type: ignore[arg-type]

    def without_receipt(self, receipt: Fact[Receipt | None]) -> Evidence:
        return replace(self.evidence, receipt=receipt)


@pytest.fixture(scope="module")
def anchored() -> Anchored:
    return Anchored()


# seconds between the anchoring and the edge: negative, the edge was before
KEY_WINDOWS: dict[str, tuple[tuple[int, int, int], str]] = {
    "open": ((-DAY, 0, 0), "key.valid"),
    "registered in the same second": ((0, 0, 0), "key.valid"),
    "registered a second before": ((-1, 0, 0), "key.valid"),
    "registered a second after": ((1, 0, 0), "key.edge"),
    "registered 59 seconds after": ((59, 0, 0), "key.edge"),
    "registered a minute after": ((60, 0, 0), "key.not-yet-added"),
    "retired a minute after": ((-DAY, 60, 0), "key.valid"),
    "retired 59 seconds after": ((-DAY, 59, 0), "key.edge"),
    "retired in the same second": ((-DAY, "same", 0), "key.edge"),  # type: ignore[dict-item]
    "retired 59 seconds before": ((-DAY, -59, 0), "key.edge"),
    "retired a minute before": ((-DAY, -60, 0), "key.retired"),
    "stolen a minute after": ((-DAY, 0, 60), "key.valid"),
    "stolen 59 seconds after": ((-DAY, 0, 59), "key.edge"),
    "stolen 59 seconds before": ((-DAY, 0, -59), "key.edge"),
    "stolen a minute before": ((-DAY, 0, -60), "key.compromised"),
    "retired after, stolen before": ((-DAY, DAY, -DAY), "key.compromised"),
    "retired and stolen before": ((-DAY, -HOUR, -HOUR), "key.compromised"),
}


def window(anchored: Anchored, edges: tuple[int, int, int]) -> KeyWindow:
    def at(edge: object) -> int:
        if edge == "same":
            return anchored.time
        assert isinstance(edge, int)
        return anchored.time + edge if edge else 0

    added, retired, compromised = edges
    return KeyWindow(anchored.time + added, at(retired), at(compromised))


@pytest.mark.parametrize(("edges", "code"), KEY_WINDOWS.values(), ids=KEY_WINDOWS.keys())
def test_a_key_counts_at_the_anchored_time(anchored: Anchored, edges: tuple[int, int, int], code: str) -> None:
    assert anchored.codes(anchored.with_key(window(anchored, edges)), "key") == [code]


WITHOUT_ANCHOR: dict[str, tuple[tuple[int, int, int], str, str]] = {
    # what happened to the key → code when nothing was anchored, code when that is not known
    "open": ((-DAY, 0, 0), "key.valid", "key.valid"),
    "retired": ((-DAY, 60, 0), "key.retired", "key.unknown"),
    "retired from tomorrow": ((-DAY, 2 * DAY, 0), "key.valid", "key.valid"),
    "stolen": ((-DAY, 0, 60), "key.compromised", "key.unknown"),
    "retired and stolen": ((-DAY, 60, 60), "key.compromised", "key.unknown"),
}


@pytest.mark.parametrize(("edges", "none", "unknown"), WITHOUT_ANCHOR.values(), ids=WITHOUT_ANCHOR.keys())
def test_without_an_anchor_an_ended_key_fails_and_an_unseen_anchor_cannot_be_told(
    anchored: Anchored, edges: tuple[int, int, int], none: str, unknown: str
) -> None:
    bare = anchored.with_key(window(anchored, edges), anchored.without_receipt(Known(None)))
    unseen = anchored.with_key(window(anchored, edges), anchored.without_receipt(Missing("fetch.timeout", "no answer")))
    assert anchored.codes(bare, "key") == [none]
    assert anchored.codes(unseen, "key") == [unknown]


ACCREDITATIONS: dict[str, tuple[dict[str, int], str]] = {
    "open": ({"valid_from": -DAY, "valid_until": DAY}, "issuer.accredited"),
    "begun in the same second": ({"valid_from": 0}, "issuer.accredited"),
    "begun a second after": ({"valid_from": 1}, "issuer.edge"),
    "begun a minute after": ({"valid_from": 60}, "issuer.unaccredited"),
    "ended a minute after": ({"valid_until": 60}, "issuer.accredited"),
    "ended 59 seconds after": ({"valid_until": 59}, "issuer.edge"),
    "ended 59 seconds before": ({"valid_until": -59}, "issuer.edge"),
    "ended a minute before": ({"valid_until": -60}, "issuer.unaccredited"),
    "invalidated from a minute after": ({"invalid_since": 60}, "issuer.accredited"),
    "invalidated from a second after": ({"invalid_since": 1}, "issuer.edge"),
    "invalidated from a second before": ({"invalid_since": -1}, "issuer.edge"),
    "invalidated from a minute before": ({"invalid_since": -60}, "issuer.invalidated"),
}


def moved(anchored: Anchored, members: dict[str, int], evidence: Evidence | None = None) -> Evidence:
    return anchored.with_issuer(evidence, **{name: anchored.time + seconds for name, seconds in members.items()})


@pytest.mark.parametrize(("members", "code"), ACCREDITATIONS.values(), ids=ACCREDITATIONS.keys())
def test_accreditation_counts_at_the_anchored_time(anchored: Anchored, members: dict[str, int], code: str) -> None:
    assert anchored.codes(moved(anchored, members), "issuer") == [code]


VECTORS = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "statements.json").read_text())
CASES = {
    f"{name}: {field}": case
    for name in ("keyCounts", "keyCountsWithoutEnd")
    for field, case in {"positive": VECTORS[name]["positive"], **VECTORS[name]["mutated"]}.items()
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_windows_count_as_line_4_of_the_statements_says(anchored: Anchored, case: dict[str, Any]) -> None:
    stated = {name: value and value + anchored.time - case["input"]["time"] for name, value in case["input"].items()}
    key = KeyWindow(stated["addedAt"], stated["retiredAt"], stated["compromisedSince"])
    evidence = anchored.with_issuer(
        anchored.with_key(key), valid_from=stated["validFrom"], valid_until=stated["validUntil"]
    )
    policy = replace(packaged("archive"), edge_seconds=0)
    codes = {f.code for f in judge(anchored.document, evidence, policy, SUITES, anchored.now).findings}
    assert ({"key.valid", "issuer.accredited"} <= codes) is case["output"]


UNANCHORED_ISSUERS: dict[str, tuple[dict[str, int], str, str]] = {
    "open": ({}, "issuer.accredited", "issuer.accredited"),
    "ended": ({"valid_until": 60}, "issuer.unaccredited", "issuer.unknown"),
    "invalidated": ({"invalid_since": 60}, "issuer.invalidated", "issuer.unknown"),
}


@pytest.mark.parametrize(("members", "none", "unknown"), UNANCHORED_ISSUERS.values(), ids=UNANCHORED_ISSUERS.keys())
def test_without_an_anchor_accreditation_counts_now(
    anchored: Anchored, members: dict[str, int], none: str, unknown: str
) -> None:
    bare = moved(anchored, members, anchored.without_receipt(Known(None)))
    unseen = moved(anchored, members, anchored.without_receipt(Missing("fetch.timeout", "no answer")))
    assert anchored.codes(bare, "issuer") == [none]
    assert anchored.codes(unseen, "issuer") == [unknown]


def test_an_anchor_is_demanded_where_it_is_promised_or_the_policy_wants_it(anchored: Anchored) -> None:
    bare = anchored.without_receipt(Known(None))
    issuer = bare.issuer
    assert isinstance(issuer, Known)
    assert isinstance(issuer.value, IssuerRecord)
    free = replace(bare, issuer=Known(replace(issuer.value, anchors_all=False)))
    said = {
        (policy, promise): [
            finding.code
            for finding in judge(anchored.document, evidence, packaged(policy), SUITES, anchored.now).findings
            if finding.code.startswith("anchor.")
        ]
        for policy in ("public", "strict", "proof")
        for promise, evidence in (("all", bare), ("some", free))
    }
    assert said == {
        ("public", "all"): ["anchor.missing-receipt"],
        ("public", "some"): ["anchor.not-promised"],
        ("strict", "all"): ["anchor.missing-receipt"],
        ("strict", "some"): ["anchor.missing-receipt"],
        ("proof", "all"): ["anchor.not-promised"],
        ("proof", "some"): ["anchor.not-promised"],
    }


def test_a_proof_may_be_dated_up_to_ten_minutes_after_its_anchor() -> None:
    for seconds, code in ((600, None), (601, "anchor.created-later")):
        world = SmallWorld()
        unsecured, index = world.unsecured()
        from jikin.anchoring.batch import new_salt
        from tests.small_world import Issued

        issued = Issued(world.sign(unsecured, created=world.time + seconds), index, new_salt())
        world.anchor(issued)
        report = judge(
            issued.document, gather(issued.document, world.sources()), packaged("public"), SUITES, world.time
        )
        assert report.outcome is (Outcome.PASSED if code is None else Outcome.UNKNOWN)
        assert [f.code for f in report.findings if f.outcome is not Outcome.PASSED] == ([] if code is None else [code])


def test_the_judgement_needs_nothing_but_its_arguments(anchored: Anchored) -> None:
    first = judge(anchored.document, anchored.evidence, packaged("public"), SUITES, anchored.now)
    anchored.world.chain.reachable = False
    second = judge(anchored.document, anchored.evidence, packaged("public"), SUITES, anchored.now)
    anchored.world.chain.reachable = True
    assert first == second


def test_evidence_of_another_document_passes_nothing(anchored: Anchored) -> None:
    world = SmallWorld()
    other = Document(world.sign(world.unsecured("이다른")[0]))
    report = judge(other, anchored.evidence, packaged("public"), SUITES, anchored.now)
    assert report.outcome is Outcome.FAILED
    assert "anchor.foreign" in {finding.code for finding in report.findings}
