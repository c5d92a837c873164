"""The policy for the day of quantum computers: one classical and one ML-DSA signature, both anchored, both genuine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jikin.proofs import securing
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.testing import FixedClock, Institution, Issued, World
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report
from jikin.verification.verifying import verify

TYPE = "course-completion"
RECORD = {"name": "김하늘", "course": "지게차 안전 운전", "completed_on": "2026-05-29"}
HYBRIDS = [
    ("eddsa-rdfc-2022", "mldsa44-jcs-2024"),
    ("eddsa-rdfc-2022", "mldsa44-rdfc-2024"),
    ("mldsa44-jcs-2024", "eddsa-rdfc-2022"),
    ("eddsa-jcs-2022", "mldsa44-jcs-2024"),
]
each_hybrid = pytest.mark.parametrize("suites", HYBRIDS, ids=[" and ".join(pair) for pair in HYBRIDS])


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(1_790_000_000)


@pytest.fixture(scope="module")
def world(clock: FixedClock) -> World:
    return World(clock)


@pytest.fixture(scope="module")
def institution(world: World) -> Institution:
    return world.institution(types=(TYPE,), post_quantum=True)


def issued(institution: Institution, *suites: str) -> Issued:
    (one,) = institution.issue(TYPE, [RECORD], suites=suites)
    return one


def judged(world: World, document: Document, policy: str = "post-quantum") -> Report:
    return verify(document, world.sources, packaged(policy), world.clock())


def not_passed(report: Report) -> list[str]:
    return [finding.code for finding in report.findings if finding.outcome is not Outcome.PASSED]


@each_hybrid
def test_both_signatures_together_pass(world: World, institution: Institution, suites: tuple[str, str]) -> None:
    report = judged(world, issued(institution, *suites).document)
    assert report.outcome is Outcome.PASSED
    said = [finding.code for finding in report.findings]
    assert said.count("proof.valid") == said.count("key.valid") == 2
    assert "anchor.present" in said


LONELY = ["eddsa-rdfc-2022", "eddsa-jcs-2022", "mldsa44-jcs-2024", "mldsa44-rdfc-2024"]


@pytest.mark.parametrize("suite", LONELY)
def test_one_signature_alone_is_told_that_the_second_is_missing(
    world: World, institution: Institution, suite: str
) -> None:
    document = issued(institution, suite).document
    report = judged(world, document)
    assert not_passed(report) == ["proof.second-missing"]
    assert report.outcome is not Outcome.PASSED
    assert judged(world, document, "public").outcome is Outcome.PASSED


def test_two_of_one_kind_are_not_one_of_each(world: World, institution: Institution) -> None:
    for suites in (("eddsa-rdfc-2022", "eddsa-jcs-2022"), ("mldsa44-jcs-2024", "mldsa44-rdfc-2024")):
        assert not_passed(judged(world, issued(institution, *suites).document)) == ["proof.second-missing"]


@each_hybrid
@pytest.mark.parametrize("place", [0, 1])
def test_a_broken_signature_counts_for_none(
    world: World, institution: Institution, suites: tuple[str, str], place: int
) -> None:
    one = issued(institution, *suites)
    document: dict[str, Any] = dict(one.document.credential)
    proofs = [dict(proof) for proof in document["proof"]]
    value = proofs[place]["proofValue"]
    proofs[place]["proofValue"] = value[:60] + ("A" if value[60] != "A" else "B") + value[61:]
    report = judged(world, replace(one.document, credential={**document, "proof": proofs}))
    assert report.outcome is Outcome.FAILED
    assert {"proof.mismatch", "proof.second-missing"} <= set(not_passed(report))


@each_hybrid
def test_a_changed_payload_breaks_both(world: World, institution: Institution, suites: tuple[str, str]) -> None:
    one = issued(institution, *suites)
    changed = {**one.document.credential, "validUntil": "2099-01-01T00:00:00Z"}
    report = judged(world, replace(one.document, credential=changed))
    assert report.outcome is Outcome.FAILED
    assert not_passed(report).count("proof.mismatch") == 2


def test_a_signature_taken_away_is_missed_by_policy_and_anchor(world: World, institution: Institution) -> None:
    one = issued(institution, "eddsa-rdfc-2022", "mldsa44-jcs-2024")
    _, (classical, _) = securing.split(one.document.credential)
    report = judged(world, replace(one.document, credential={**one.document.credential, "proof": classical}))
    assert report.outcome is not Outcome.PASSED
    assert "proof.second-missing" in not_passed(report)


def test_a_second_key_that_is_not_the_institutions_is_no_second_signature(
    world: World, institution: Institution
) -> None:
    """The thief of the classical key has no post-quantum key on record, whatever the proof calls its own."""
    thief = Institution(world, institution.profile, institution.account, Mldsa44Signer.generate())
    thief.signer = institution.signer
    document = thief.sign(institution.unsecured(TYPE, RECORD), "eddsa-rdfc-2022", "mldsa44-jcs-2024")
    report = judged(world, Document(document))
    assert report.outcome is Outcome.FAILED
    assert {"proof.mismatch", "proof.second-missing"} <= set(not_passed(report))
