"""Sound certificates pass, under every policy that does not ask for more than they have."""

import dataclasses
from collections.abc import Callable

import pytest

from jikin.anchoring.batch import new_salt
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.status.array import State
from jikin.values import DidUrl
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report
from jikin.verification.verifying import verify
from tests.small_world import DAY, HOUR, MINUTE, Issued, SmallWorld


def judged(world: SmallWorld, document: Document, policy: str = "public", at: int | None = None) -> Report:
    return verify(document, world.sources(), packaged(policy), world.time, at=at)


def anchored(world: SmallWorld) -> Document:
    return world.issue().document


def with_jcs(world: SmallWorld) -> Document:
    return world.issue(suite="eddsa-jcs-2022").document


def with_dates(world: SmallWorld) -> Document:
    return world.issue(days=30).document


def hundreds_of_days_later(world: SmallWorld) -> Document:
    document = world.issue().document
    world.later(300 * DAY)
    return document


def in_a_batch(world: SmallWorld) -> Document:
    made = [world.unsecured() for _ in range(70)]
    batch = [Issued(world.sign(unsecured), index, new_salt()) for unsecured, index in made]
    world.anchor(*batch)
    return batch[33].document


def bare_with_the_receipt_at_the_issuer(world: SmallWorld) -> Document:
    issued = world.issue()
    world.publish_receipt(issued)
    return Document(issued.credential)


def suspended_and_reinstated(world: SmallWorld) -> Document:
    issued = world.issue()
    world.set_state(issued, State.SUSPENDED)
    world.set_state(issued, State.VALID)
    return issued.document


def while_another_is_revoked(world: SmallWorld) -> Document:
    issued, other = world.issue(), world.issue("이다른")
    world.set_state(other, State.REVOKED)
    return issued.document


def reshaped_by_a_wallet(world: SmallWorld) -> Document:
    issued = world.issue()
    turned = dict(reversed(list(issued.credential.items())))
    return Document({**turned, "type": list(reversed(issued.credential["type"]))}, issued.receipt)  # type: ignore[arg-type]


SOUND: dict[str, Callable[[SmallWorld], Document]] = {
    "anchored a minute ago": anchored,
    "signed over JSON": with_jcs,
    "with an end of validity to come": with_dates,
    "300 days old": hundreds_of_days_later,
    "one of a batch of seventy": in_a_batch,
    "bare, the receipt lies at the issuer": bare_with_the_receipt_at_the_issuer,
    "suspended and reinstated": suspended_and_reinstated,
    "another one of the list is revoked": while_another_is_revoked,
    "members in another order": reshaped_by_a_wallet,
}
POLICIES = ("public", "proof", "strict", "offline", "archive")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("make", SOUND.values(), ids=SOUND.keys())
def test_a_sound_certificate_passes(make: Callable[[SmallWorld], Document], policy: str) -> None:
    world = SmallWorld()
    document = make(world)
    world.later(MINUTE)
    report = judged(world, document, policy)
    assert report.outcome is Outcome.PASSED
    assert [finding.code for finding in report.findings if finding.outcome is not Outcome.PASSED] == []
    assert [finding.code for finding in report.findings] == [
        "model.valid",
        "time.valid",
        "proof.valid",
        "key.valid",
        "issuer.accredited",
        "anchor.present",
        "status.valid",
    ]


def test_nine_kinds_of_sound_certificates_pass_under_five_policies() -> None:
    passed = 0
    for make in SOUND.values():
        world = SmallWorld()
        document = make(world)
        world.later(MINUTE)
        passed += sum(judged(world, document, policy).outcome is Outcome.PASSED for policy in POLICIES)
    assert passed == len(SOUND) * len(POLICIES) == 45


def test_the_report_names_number_title_issuer_and_block() -> None:
    world = SmallWorld()
    issued = world.issue()
    world.later(MINUTE)
    report = judged(world, issued.document)
    subject = issued.credential["credentialSubject"]
    assert isinstance(subject, dict)
    assert report.subject.number == subject["licenseNumber"]
    assert report.subject.title == "지게차 안전 운전"
    assert report.issuer.did == world.did
    assert report.issuer.name == "한빛직업능력원"
    assert report.issuer.accredited is Outcome.PASSED
    block = world.chain.view().block
    assert {finding.as_of.block for finding in report.findings if finding.as_of} == {block}


def test_a_credential_signed_before_the_issuers_key_was_retired_still_passes() -> None:
    from jikin.anchoring.acts import RetireKey
    from jikin.values import KeyId
    from tests.small_world import OWNER

    world = SmallWorld()
    issued = world.issue()
    world.later(HOUR)
    world.act(RetireKey(world.issuer_id, KeyId.of(world.multikey(world.signer))), OWNER)
    world.publish_did_document(Ed25519Signer.from_seed(b"\x09" * 32))
    world.later(HOUR)
    report = judged(world, issued.document)
    assert report.outcome is Outcome.PASSED
    assert [finding.code for finding in report.findings if finding.outcome is not Outcome.PASSED] == []


def test_a_did_document_without_a_registered_key_is_noted_and_the_registry_counts() -> None:
    world = SmallWorld()
    issued = world.issue()
    for signers in ((Ed25519Signer.from_seed(b"\x09" * 32),), ()):
        world.publish_did_document(*signers)
        report = judged(world, issued.document)
        notes = [finding.code for finding in report.findings if finding.outcome is not Outcome.PASSED]
        assert report.outcome is Outcome.PASSED
        assert notes == (["key.disagreement"] if signers else [])
    world.publish_did_document(Ed25519Signer.from_seed(b"\x09" * 32))
    assert judged(world, issued.document, "strict").outcome is Outcome.UNKNOWN


def test_an_issuer_that_does_not_anchor_everything_passes_without_anchor_and_it_is_noted() -> None:
    world = SmallWorld(anchors_all=False)
    unsecured, _ = world.unsecured()
    report = judged(world, Document(world.sign(unsecured)))
    assert report.outcome is Outcome.PASSED
    notes = [finding.code for finding in report.findings if finding.outcome is not Outcome.PASSED]
    assert notes == ["anchor.not-promised"]
    assert judged(world, Document(world.sign(unsecured)), "strict").outcome is Outcome.UNKNOWN


def test_the_conformance_policy_passes_a_stranger_with_his_own_key_and_notes_that_he_is_not_accredited() -> None:
    from jikin.values import Did

    world = SmallWorld()
    signer = Ed25519Signer.from_seed(b"\x05" * 32)
    did = Did(f"did:key:{world.multikey(signer)}")
    unsecured = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": str(did),
        "credentialSubject": {"id": "did:example:holder"},
    }
    for suite in ("eddsa-rdfc-2022", "eddsa-jcs-2022"):
        signed = world.sign(unsecured, suite=suite, signer=signer, method=DidUrl(f"{did}#{did.identifier}"))
        for sources in (world.sources(), world.sources(registry=None)):
            report = verify(Document(signed), sources, packaged("proof"), world.time)
            assert report.outcome is Outcome.PASSED
            assert report.issuer.accredited is not Outcome.PASSED
            assert report.issuer.name is None
            required = {f.code for f in report.findings if f.weight.value == "required"}
            assert required == {"model.valid", "time.valid", "proof.valid", "key.valid"}
            assert verify(Document(signed), sources, packaged("public"), world.time).outcome is not Outcome.PASSED


def test_a_configured_entry_lets_a_named_key_speak_for_an_issuer_and_no_other_key() -> None:
    world = SmallWorld()
    signer, other = Ed25519Signer.from_seed(b"\x05" * 32), Ed25519Signer.from_seed(b"\x06" * 32)
    trust = {"https://university.example/issuers/1": (f"did:key:{world.multikey(signer)}",)}
    unsecured = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": "https://university.example/issuers/1",
        "credentialSubject": {"id": "did:example:holder"},
    }

    def outcome(signed_by: Ed25519Signer, **sources: object) -> tuple[Outcome, set[str]]:
        name = world.multikey(signed_by)
        signed = world.sign(unsecured, signer=signed_by, method=DidUrl(f"did:key:{name}#{name}"))
        report = verify(Document(signed), world.sources(**sources), packaged("proof"), world.time)
        return report.outcome, {finding.code for finding in report.findings}

    assert outcome(signer, trust=trust)[0] is Outcome.PASSED
    assert outcome(other, trust=trust)[0] is Outcome.FAILED
    assert outcome(signer)[0] is Outcome.FAILED
    assert "key.unbound" in outcome(signer)[1]


def test_a_report_is_neither_true_nor_false() -> None:
    world = SmallWorld()
    report = judged(world, world.issue().document)
    with pytest.raises(TypeError, match="unknown"):
        bool(report)
    assert dataclasses.replace(report, findings=()).outcome is Outcome.UNKNOWN
