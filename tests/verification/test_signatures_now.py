"""Documents without an anchor (lists, schemas, tokens) are judged by the keys of now, whatever date they state."""

from __future__ import annotations

import pytest

from jikin.anchoring.acts import AddKey, ReportKeyCompromised, RetireKey
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import KeyId
from jikin.verification.document import Document
from jikin.verification.evidence import Missing
from jikin.verification.reading import read
from jikin.verification.signatures import signature_fault
from tests.small_world import DAY, HOUR, SUITES, SmallWorld


def fault(world: SmallWorld, *, created: int | None = None) -> str | None:
    """Return why a document by the institution is no evidence, None when it is."""
    unsecured, _ = world.unsecured()
    signed = read(Document(world.sign(unsecured, created=created)), SUITES)
    found = signature_fault(signed, world.did, (), world.sources().at_newest())
    assert found is None or isinstance(found, Missing)
    return None if found is None else found.detail


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


def test_a_registered_key_that_has_not_ended_is_evidence(world: SmallWorld) -> None:
    assert fault(world) is None
    world.later(300 * DAY)
    assert fault(world, created=world.time - 200 * DAY) is None


def test_a_retired_key_signs_no_list_however_it_is_dated(world: SmallWorld) -> None:
    world.act(RetireKey(world.issuer_id, KeyId.of(world.multikey(world.signer))), world.owner)
    world.later(HOUR)
    assert fault(world) == "it is signed by a key that has ended"
    assert fault(world, created=world.time - 300 * DAY) == "it is signed by a key that has ended"


def test_a_stolen_key_signs_no_list_from_whatever_moment_on_it_was_stolen(world: SmallWorld) -> None:
    key = KeyId.of(world.multikey(world.signer))
    world.later(DAY)
    world.act(ReportKeyCompromised(world.issuer_id, key, world.chain.view().block.time), world.owner)
    assert fault(world, created=world.time - DAY) == "it is signed by a key that has ended"


def test_a_key_that_stands_in_the_did_document_alone_is_no_registered_key(world: SmallWorld) -> None:
    other = Ed25519Signer.generate()
    world.publish_did_document(world.signer, other)
    world.signer = other
    assert fault(world) == "it is signed by a key that is none of its issuer's registered keys"
    world.act(AddKey(world.issuer_id, world.multikey(other)), world.owner)
    assert fault(world) is None


def test_while_the_registry_does_not_answer_nothing_is_evidence(world: SmallWorld) -> None:
    world.chain.reachable = False
    assert fault(world) is not None
    world.chain.reachable = True


def test_who_has_no_registry_believes_the_did_document(world: SmallWorld) -> None:
    world.act(RetireKey(world.issuer_id, KeyId.of(world.multikey(world.signer))), world.owner)
    unsecured, _ = world.unsecured()
    session = world.sources(registry=None).at_newest()
    signed = read(Document(world.sign(unsecured)), SUITES)
    assert signature_fault(signed, world.did, (), session) is None
