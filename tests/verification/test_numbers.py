"""A certificate number alone: what the issuer's signed record and the chain say together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from jikin.anchoring.acts import AddKey, ReportKeyCompromised, RetireKey
from jikin.codec import multikey
from jikin.credentials.record import NumberRecord
from jikin.errors import CredentialError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.status.array import State
from jikin.testing import FixedClock, Institution, Issued, World
from jikin.values import CertificateNumber, Digest, KeyId
from jikin.verification import policy, reporting
from jikin.verification.numbers import NumberAnswer, verify_number
from jikin.verification.report import Outcome

TYPE = "course-completion"
RECORD = {"name": "김하늘", "course": "지게차 안전 운전", "completed_on": "2026-05-29"}
NOW = 1_790_000_000
DAY = 86_400


@dataclass
class Case:
    clock: FixedClock
    world: World
    institution: Institution
    issued: Issued
    record: NumberRecord

    def answer(self, number: CertificateNumber | None = None) -> NumberAnswer:
        chosen = self.issued.number if number is None else number
        return verify_number(chosen, self.world.sources.at_newest(), policy.packaged("public"), self.clock())

    def deciding(self) -> set[str]:
        report = self.answer().report
        return {f.code for f in report.findings if f.outcome is not Outcome.PASSED and f.weight.value == "required"}

    @property
    def url(self) -> str:
        return f"{self.institution.profile.base_url}/n/{self.issued.number.symbols}"


@pytest.fixture
def case() -> Case:
    clock = FixedClock(NOW)
    world = World(clock)
    institution = world.institution("hanbit.example", number_code="HANB", types=(TYPE,))
    issued, *_ = institution.issue(TYPE, [RECORD, {**RECORD, "name": "이서준"}])
    record = institution.record(issued, TYPE)
    institution.publish_record(record)
    return Case(clock, world, institution, issued, record)


def test_a_number_of_a_sound_certificate_passes_and_shows_what_the_type_declares_public(case: Case) -> None:
    answer = case.answer()
    assert answer.report.outcome is Outcome.PASSED
    assert answer.report.subject.number == str(case.issued.number)
    assert answer.record is not None
    assert next(field.value for field in answer.record.public) == "지게차 안전 운전"
    assert "비교해" in reporting.verdict(answer.report, "ko")


def test_a_record_names_neither_the_holder_nor_salt_nor_digest(case: Case) -> None:
    text = case.world.files.files[case.url].decode()
    digest = case.institution.digest(case.issued.document.credential)
    assert "김하늘" not in text
    assert case.issued.salt.hex() not in text
    assert digest.raw.hex() not in text


def revoke(case: Case) -> None:
    case.institution.change(case.issued, State.REVOKED, "issued-in-error")


def stranger_signs(case: Case) -> None:
    case.institution.publish_record(case.record, Ed25519Signer.generate())


def other_leaf(case: Case) -> None:
    anchor = replace(case.record.anchor, leaf=Digest(b"\x07" * 32))
    case.institution.publish_record(replace(case.record, anchor=anchor))


def other_root(case: Case) -> None:
    anchor = replace(case.record.anchor, root=Digest(b"\x07" * 32))
    case.institution.publish_record(replace(case.record, anchor=anchor))


def edited(case: Case) -> None:
    document = json.loads(case.world.files.files[case.url])
    document["public"][0]["value"] = "타워크레인 운전"
    case.world.files.publish(case.url, document)


def expired(case: Case) -> None:
    case.institution.publish_record(replace(case.record, valid_from=NOW - 100, valid_until=NOW - 10))


def compromised(case: Case) -> None:
    key_id, issuer_id = KeyId.of(case.institution.multikey), case.institution.did.issuer_id
    case.world.send(case.institution.account, ReportKeyCompromised(issuer_id, key_id, NOW))


FAILS: dict[str, tuple[Callable[[Case], None], set[str]]] = {
    "revoked": (revoke, {"status.revoked"}),
    "expired": (expired, {"time.expired"}),
}


@pytest.mark.parametrize(("spoil", "codes"), FAILS.values(), ids=FAILS.keys())
def test_a_record_that_does_not_hold_fails_by_its_own_code(
    case: Case, spoil: Callable[[Case], None], codes: set[str]
) -> None:
    spoil(case)
    assert case.answer().report.outcome is Outcome.FAILED
    assert case.deciding() == codes


def nobody_answers(case: Case) -> None:
    case.world.files.reachable = False


def chain_silent(case: Case) -> None:
    case.world.chain.reachable = False


def no_record(case: Case) -> None:
    del case.world.files.files[case.url]


def no_object(case: Case) -> None:
    case.world.files.files[case.url] = b"[]"


def no_record_shape(case: Case) -> None:
    case.world.files.publish(case.url, {"v": 1})


def of_another_number(case: Case) -> None:
    other = CertificateNumber.random(2026, "HANB")
    case.institution.publish_record(replace(case.record, number=other))
    files = case.world.files.files
    files[case.url] = files.pop(f"{case.institution.profile.base_url}/n/{other.symbols}")


def unsigned(case: Case) -> None:
    case.world.files.publish(case.url, case.record.to_json())


UNKNOWN: dict[str, tuple[Callable[[Case], None], set[str]]] = {
    "the issuer's site is silent": (nobody_answers, {"number.unreachable"}),
    "the chain is silent": (chain_silent, {"chain.unreachable"}),
    "the issuer has no such record": (no_record, {"number.not-found"}),
    "the record is no object": (no_object, {"number.unreadable"}),
    "the record lacks members": (no_record_shape, {"number.unreadable"}),
    "the record is of another number": (of_another_number, {"number.unreadable"}),
    "the record is signed by a key nobody registered": (stranger_signs, {"number.unreadable"}),
    "the record is with another leaf": (other_leaf, {"number.unreadable"}),
    "the record is with another root": (other_root, {"number.unreadable"}),
    "the record is edited after it was signed": (edited, {"number.unreadable"}),
    "the record is signed with a key reported stolen": (compromised, {"number.unreadable"}),
    "the record is not signed": (unsigned, {"number.unreadable"}),
}


@pytest.mark.parametrize(("spoil", "codes"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_number_of_which_nothing_can_be_learned_is_unknown_never_forged(
    case: Case, spoil: Callable[[Case], None], codes: set[str]
) -> None:
    spoil(case)
    assert case.answer().report.outcome is Outcome.UNKNOWN
    assert case.deciding() == codes


def test_a_number_with_an_issuer_code_nobody_has_is_not_found(case: Case) -> None:
    report = case.answer(CertificateNumber.random(2026, "NNNN")).report
    assert report.outcome is Outcome.UNKNOWN
    assert [finding.code for finding in report.findings] == ["number.not-found"]


def test_a_retired_key_does_not_spoil_the_records_it_signed(case: Case) -> None:
    key_id, issuer_id = KeyId.of(case.institution.multikey), case.institution.did.issuer_id
    case.clock.advance(3600)
    case.world.send(case.institution.account, RetireKey(issuer_id, key_id))
    case.clock.advance(3600)
    assert case.answer().report.outcome is Outcome.PASSED


def test_a_record_signed_anew_with_a_younger_key_holds(case: Case) -> None:
    younger = Ed25519Signer.generate()
    case.clock.advance(3600)
    text = multikey.encode(younger.public_key)
    case.world.send(case.institution.account, AddKey(case.institution.did.issuer_id, text))
    case.institution.publish_record(case.record, younger)
    assert case.answer().report.outcome is Outcome.PASSED


def test_the_effective_date_of_the_record_is_told_and_never_after_the_epoch(case: Case) -> None:
    case.clock.advance(86_400)
    revoke(case)
    case.institution.publish_record(replace(case.record, effective=NOW + 3600))
    (revoked,) = (f for f in case.answer().report.findings if f.code == "status.revoked")
    assert revoked.facts["effective"] == NOW + 3600
    case.institution.publish_record(replace(case.record, effective=NOW + 10 * 86_400))
    (late,) = (f for f in case.answer().report.findings if f.code == "status.revoked")
    assert late.facts["effective"] == late.facts["recorded"]


def test_a_record_survives_being_written_and_read(case: Case) -> None:
    assert NumberRecord.parse(case.record.to_json()) == case.record


@pytest.mark.parametrize("member", ["number", "issuer", "validFrom", "public", "anchor", "title"])
def test_a_record_whose_member_is_of_another_kind_is_refused(case: Case, member: str) -> None:
    with pytest.raises(CredentialError) as refused:
        NumberRecord.parse({**case.record.to_json(), member: 7})
    assert refused.value.code == "number.record"


SPOILT: dict[str, tuple[Callable[[Case], None], str]] = {
    "signed by a key nobody registered": (stranger_signs, "key.unregistered"),
    "another leaf": (other_leaf, "anchor.foreign"),
    "another root": (other_root, "anchor.foreign"),
    "edited after it was signed": (edited, "proof.mismatch"),
    "signed with a key reported stolen": (compromised, "key.compromised"),
}


@pytest.mark.parametrize(("spoil", "code"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_record_is_never_taken_and_says_by_which_code(
    case: Case, spoil: Callable[[Case], None], code: str
) -> None:
    spoil(case)
    answer = case.answer()
    assert answer.record is None
    (finding,) = answer.report.findings
    assert code in finding.detail


# --- was it valid then? ---


def then(case: Case, instant: int) -> tuple[Outcome, set[str]]:
    session = case.world.sources.at_newest()
    report = verify_number(case.issued.number, session, policy.packaged("public"), case.clock(), at=instant).report
    return report.outcome, {finding.code for finding in report.findings if finding.code[:7] in ("status.", "anchor.")}


def test_whether_a_number_stood_on_an_earlier_day_is_answered_from_epochs_and_the_records_date(case: Case) -> None:
    issued_at = case.clock()
    case.clock.now += 20 * DAY
    case.world.chain.mine()
    effective = case.clock.now - 5 * DAY
    case.institution.change(case.issued, State.REVOKED, "issued-in-error", effective)
    case.institution.publish_record(replace(case.record, effective=effective))
    assert then(case, issued_at + 10 * DAY) == (
        Outcome.PASSED,
        {"anchor.present", "status.valid", "status.ended-later"},
    )
    assert then(case, effective - 1)[0] is Outcome.PASSED
    outcome, codes = then(case, effective)  # recorded five days later, and effective from then
    assert outcome is Outcome.FAILED
    assert "status.revoked" in codes
    assert then(case, issued_at - DAY)[1] >= {"anchor.later"}
    assert then(case, issued_at - DAY)[0] is not Outcome.PASSED


def test_a_replaced_number_names_the_one_that_took_its_place(case: Case) -> None:
    new = CertificateNumber.random(2026, "HANB")
    case.institution.change(case.issued, State.REPLACED, "corrected")
    case.institution.publish_record(replace(case.record, replaced_by=new))
    report = case.answer().report
    assert report.outcome is Outcome.FAILED
    assert reporting.verdict(report, "en") == f"Replaced by the corrected certificate {new}. Ask to see that one."
    assert f"새 증명서({new})가 대신합니다" in reporting.verdict(report, "ko")
