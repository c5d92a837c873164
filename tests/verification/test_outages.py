"""What is reachable decides what can be said: the outage table of the design, row by row."""

from collections.abc import Callable
from typing import Any

import pytest

from jikin.anchoring.acts import RetireKey
from jikin.status.array import State
from jikin.values import KeyId
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report
from jikin.verification.reporting import verdict
from jikin.verification.verifying import verify
from tests.small_world import DAY, HOUR, MINUTE, OWNER, CountingChain, Issued, SmallWorld


def judged(world: SmallWorld, document: Document, policy: str = "public") -> Report:
    return verify(document, world.sources(), packaged(policy), world.time)


def not_passed(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.outcome is not Outcome.PASSED}


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


# --- chain up, issuer up ---


def test_all_up_is_judged(world: SmallWorld) -> None:
    assert judged(world, world.issue().document).outcome is Outcome.PASSED


# --- chain up, issuer down ---


def test_issuer_down_a_sound_certificate_passes_from_the_chain_alone(world: SmallWorld) -> None:
    document = world.issue().document
    world.web.reachable = False
    report = judged(world, document)
    assert report.outcome is Outcome.PASSED
    assert not_passed(report) == set()
    assert report.issuer.name == "한빛직업능력원"


DOWN: dict[str, tuple[State, str]] = {
    "revoked": (State.REVOKED, "status.revoked"),
    "suspended": (State.SUSPENDED, "status.suspended"),
    "replaced": (State.REPLACED, "status.replaced"),
}


@pytest.mark.parametrize(("state", "code"), DOWN.values(), ids=DOWN.keys())
def test_issuer_down_the_list_is_rebuilt_and_only_the_reason_is_unknown(
    world: SmallWorld, state: State, code: str
) -> None:
    issued = world.issue()
    world.set_state(issued, state)
    world.web.reachable = False
    report = judged(world, issued.document)
    assert report.outcome is Outcome.FAILED
    assert not_passed(report) == {code, "status.reason-unavailable"}


def test_issuer_down_a_forgery_still_fails(world: SmallWorld) -> None:
    issued = world.issue()
    world.web.reachable = False
    report = judged(world, issued.changed(name="another").document)
    assert report.outcome is Outcome.FAILED


def test_issuer_down_and_no_receipt_at_hand_the_anchor_is_unknown_and_a_retired_key_no_forgery(
    world: SmallWorld,
) -> None:
    issued = world.issue()
    world.publish_receipt(issued)
    bare = Document(issued.credential)
    world.later(DAY)
    world.act(RetireKey(world.issuer_id, KeyId.of(world.multikey(world.signer))), OWNER)
    world.later(HOUR)
    assert judged(world, bare).outcome is Outcome.PASSED
    world.web.reachable = False
    report = judged(world, bare)
    assert report.outcome is Outcome.UNKNOWN
    assert not_passed(report) == {"anchor.missing-receipt", "key.unknown"}


# --- chain down ---


def chain_down(world: SmallWorld) -> None:
    world.chain.reachable = False


def both_down(world: SmallWorld) -> None:
    world.chain.reachable = world.web.reachable = False


def sound(world: SmallWorld) -> Document:
    return world.issue().document


def revoked(world: SmallWorld) -> Document:
    issued = world.issue()
    world.set_state(issued, State.REVOKED)
    return issued.document


def by_a_retired_key(world: SmallWorld) -> Document:
    world.act(RetireKey(world.issuer_id, KeyId.of(world.multikey(world.signer))), OWNER)
    world.later(HOUR)
    return world.issue().document


@pytest.mark.parametrize("outage", [chain_down, both_down])
@pytest.mark.parametrize("make", [sound, revoked, by_a_retired_key])
def test_chain_down_nothing_passes_and_nothing_fails(
    world: SmallWorld, make: Callable[[SmallWorld], Document], outage: Callable[[SmallWorld], None]
) -> None:
    document = make(world)
    outage(world)
    report = judged(world, document)
    assert report.outcome is Outcome.UNKNOWN
    assert "chain.unreachable" in not_passed(report)
    assert verdict(report, "ko") == (
        "확인할 수 없습니다. 지금 취소 여부를 알 수 없으며, 위조라는 뜻은 아닙니다. 1~2분 뒤에 다시 확인해 보세요."
    )


def test_chain_down_what_is_false_by_itself_stays_false(world: SmallWorld) -> None:
    changed, expired = world.issue().changed(name="another"), world.issue(days=1).document
    bare = Document(changed.credential)
    world.time += 2 * DAY
    both_down(world)
    assert judged(world, expired).outcome is Outcome.FAILED
    assert judged(world, changed.document).outcome is Outcome.FAILED  # its own receipt leads elsewhere
    assert judged(world, bare).outcome is Outcome.UNKNOWN  # nobody shows the key that would tell
    world.web.reachable = True
    assert judged(world, bare).outcome is Outcome.FAILED


def test_chain_down_what_was_asked_before_is_judged_as_of_its_block_while_it_is_young(world: SmallWorld) -> None:
    issued = world.issue()
    session = world.sources().at_newest()
    block = world.chain.view().block
    assert verify(issued.document, session, packaged("public"), world.time).outcome is Outcome.PASSED
    both_down(world)
    young = verify(issued.document, session, packaged("public"), world.time + 15 * MINUTE)
    old = verify(issued.document, session, packaged("public"), world.time + 16 * MINUTE)
    assert young.outcome is Outcome.PASSED
    assert {finding.as_of.block for finding in young.findings if finding.as_of} == {block}
    assert old.outcome is Outcome.UNKNOWN
    assert not_passed(old) == {"status.stale"}


def test_another_registry_answers_and_nothing_passes_and_nothing_fails(world: SmallWorld) -> None:
    from jikin.errors import RegistryMismatchError

    class Other:
        pins = world.chain.pins

        def view(self) -> Any:
            raise RegistryMismatchError("the chain has another genesis block than the pinned one")

    report = verify(world.issue().document, world.sources(registry=Other()), packaged("public"), world.time)
    assert report.outcome is Outcome.UNKNOWN
    assert "registry.mismatch" in not_passed(report)


def test_without_a_registry_nothing_passes_in_public(world: SmallWorld) -> None:
    document = world.issue().document
    report = verify(document, world.sources(registry=None), packaged("public"), world.time)
    assert report.outcome is Outcome.UNKNOWN
    assert {"registry.none", "issuer.unknown", "anchor.unreachable"} <= not_passed(report)


def test_offline_a_genuine_signature_by_a_mirrored_key_passes_and_says_what_was_not_asked(world: SmallWorld) -> None:
    document = world.issue().document
    chain_down(world)
    report = judged(world, document, "offline")
    assert report.outcome is Outcome.PASSED
    assert verdict(report, "ko") == "서명은 진짜입니다. 취소 여부는 연결되면 확인합니다."
    world.web.reachable = False
    assert judged(world, document, "offline").outcome is Outcome.UNKNOWN


def test_conformance_needs_no_chain_for_a_key_that_the_issuer_itself_names(world: SmallWorld) -> None:
    unsecured, _ = world.unsecured()
    plain = {name: value for name, value in unsecured.items() if name != "credentialStatus"}
    document = Document(world.sign(plain))
    chain_down(world)
    report = judged(world, document, "proof")
    assert report.outcome is Outcome.PASSED
    assert {"chain.unreachable", "issuer.unknown", "key.unconfirmed", "status.missing"} <= not_passed(report)
    assert judged(world, document).outcome is not Outcome.PASSED


def test_the_chain_falls_silent_in_the_middle_of_a_batch(world: SmallWorld) -> None:
    first, second = world.issue(), world.issue("이다른")
    session = world.sources().at_newest()
    assert verify(first.document, session, packaged("public"), world.time).outcome is Outcome.PASSED
    chain_down(world)
    report = verify(second.document, session, packaged("public"), world.time)
    assert report.outcome is Outcome.UNKNOWN
    assert not_passed(report) == {"anchor.unreachable"}  # its root had not been asked for; all else was known


# --- what a batch costs ---


def test_a_batch_of_five_hundred_costs_a_handful_of_calls(world: SmallWorld) -> None:
    from jikin.anchoring.batch import new_salt

    made = [world.unsecured(f"응시자 {number}") for number in range(500)]
    batch = [Issued(world.sign(unsecured, suite="eddsa-jcs-2022"), index, new_salt()) for unsecured, index in made]
    world.anchor(*batch)
    world.set_state(batch[7], State.REVOKED)
    counting = CountingChain(world.chain)
    session = world.sources(registry=counting).at_newest()
    world.web.asked.clear()
    outcomes = [verify(issued.document, session, packaged("public"), world.time).outcome for issued in batch]
    assert outcomes.count(Outcome.PASSED) == 499
    assert outcomes.count(Outcome.FAILED) == 1
    assert counting.calls <= 8
    assert len(world.web.asked) == len(set(world.web.asked)) == 2  # DID document and notes


def test_a_silent_chain_and_a_silent_host_are_waited_for_once(world: SmallWorld) -> None:
    batch = [world.issue(f"응시자 {number}") for number in range(5)]
    counting = CountingChain(world.chain)
    session = world.sources(registry=counting).at_newest()
    both_down(world)
    counting.calls = 0
    world.web.asked.clear()
    for issued in batch:
        assert verify(issued.document, session, packaged("public"), world.time).outcome is Outcome.UNKNOWN
    assert counting.calls == 1
    assert len(world.web.asked) == 1
