"""A true receipt stands for one certificate at one place: a thief with the signing key gains nothing by an old one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jikin.anchoring.acts import AddKey, AnchorRoot, LeafKind, ReportKeyCompromised
from jikin.anchoring.batch import new_salt
from jikin.anchoring.digest import credential_digest
from jikin.anchoring.merkle import Tree, path_length
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import leaf
from jikin.codec import jcs, multikey
from jikin.proofs import securing
from jikin.proofs.p256 import P256Signer
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, Digest, JsonObject, KeyId, sha256
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report
from jikin.verification.verifying import verify
from tests.small_world import DAY, OWNER, SUITES, Issued, SmallWorld


def judged(world: SmallWorld, document: Document) -> Report:
    return verify(document, world.sources(), packaged("public"), world.time)


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def anchored_last(world: SmallWorld, digest: Digest, *, full: bytes = bytes(32)) -> Receipt:
    """Anchor *digest* as the last of 64 leaves, where all steps come from the left, and return its receipt."""
    salt = new_salt()
    own = leaf(LeafKind.CREDENTIAL, world.context, salt, digest)
    tree = Tree([*(Digest(sha256(bytes([number]))) for number in range(63)), own])
    world.act(AnchorRoot(world.issuer_id, tree.root, tree.size, LeafKind.CREDENTIAL))
    slot = world.chain.view().anchor(world.issuer_id, tree.root)
    assert slot is not None
    pins = world.chain.pins
    return Receipt(
        chain=pins.chain,
        registry=pins.registry,
        issuer_id=world.issuer_id,
        root=tree.root,
        tree_size=tree.size,
        index=63,
        path=tree.path(63),
        salt=salt,
        full=full,
        block=slot.block,
        time=slot.time,
    )


def stolen(world: SmallWorld, key: KeyId) -> None:
    """Let a year pass and the owner report *key* as stolen in it."""
    world.later(300 * DAY)
    world.act(ReportKeyCompromised(world.issuer_id, key, world.time - DAY), OWNER)


# ---------------------------------------------------------------------------------------- the digest covers signatures


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
def test_a_stolen_key_signs_nothing_under_a_receipt_from_before_the_theft(suite: str) -> None:
    """SECURITY 1.1: dated back, under the same key, with the receipt of what was anchored long before."""
    world = SmallWorld()
    issued = world.issue(suite=suite)
    signed_at = world.time
    stolen(world, KeyId.of(world.multikey(world.signer)))
    assert judged(world, issued.document).outcome is Outcome.PASSED
    honest: Any = {name: value for name, value in issued.credential.items() if name != "proof"}
    subject = {**honest["credentialSubject"], "id": "did:example:thief"}
    forged = world.sign({**honest, "credentialSubject": subject}, suite=suite, created=signed_at)
    again = world.sign(honest, suite=suite, created=signed_at + 1)  # the same claims, and not the same signature
    for credential in (forged, again):
        report = judged(world, Document(credential, issued.receipt))
        assert report.outcome is Outcome.FAILED
        assert {"proof.valid", "anchor.foreign", "key.compromised"} <= codes(report)


def test_other_claims_beside_the_same_mandatory_ones_do_not_fit_the_receipt() -> None:
    """SECURITY 1.1: a digest over what is mandatory alone would be the same for both."""
    world, signer = SmallWorld(), P256Signer.generate()
    key = multikey.encode(signer.public_key)
    world.act(AddKey(world.issuer_id, key), OWNER)
    suite = SUITES.selective("ecdsa-sd-2023")
    mandatory = ("/issuer", "/validFrom", "/credentialStatus", "/credentialSubject/id")
    options = ProofOptions(DidUrl(f"{world.did}#{key}"), world.time, mandatory_pointers=mandatory)
    made, _ = world.unsecured()
    subject: Any = {**made["credentialSubject"], "id": "did:example:holder"}  # type: ignore[dict-item]
    unsecured = {**made, "credentialSubject": subject}
    base, statement = securing.sign(unsecured, suite, options, signer)
    full = sha256(jcs.canonicalize(base))
    receipt = anchored_last(world, credential_digest((statement,), full), full=full)
    stolen(world, KeyId.of(key))
    other = {**subject, "achievement": {**subject["achievement"], "name": "타워크레인 조종"}}
    forged, theirs = securing.sign({**unsecured, "credentialSubject": other}, suite, options, signer)
    assert theirs.signed[-32:] == statement.signed[-32:]  # the hash of what is mandatory

    def shown(whole: JsonObject, *chosen: str) -> JsonObject:
        return suite.derive(whole, chosen, {})

    def without_proof(part: JsonObject) -> JsonObject:
        return {name: value for name, value in part.items() if name != "proof"}

    assert without_proof(shown(base)) == without_proof(shown(forged))
    assert {"proof.valid", "anchor.present", "key.valid"} <= codes(judged(world, Document(shown(base), receipt)))
    for part in (shown(forged), shown(forged, "/credentialSubject/achievement/name")):
        report = judged(world, Document(part, receipt))
        assert report.outcome is Outcome.FAILED
        assert {"proof.valid", "anchor.foreign", "key.compromised"} <= codes(report)


# ----------------------------------------------------------------------------------------------- one place, one tree


def test_a_path_that_fits_other_places_counts_at_the_recorded_size_alone() -> None:
    """SECURITY 1.3: one path leads to the same root from several places of trees of other sizes."""
    world = SmallWorld()
    unsecured, index = world.unsecured()
    issued = Issued(world.sign(unsecured), index, new_salt())
    statements = securing.statements(issued.credential, SUITES)
    receipt = anchored_last(world, credential_digest(statements))
    assert judged(world, Document(issued.credential, receipt)).outcome is Outcome.PASSED
    others = [
        moved
        for size in range(1, 257)
        for place in range(size)
        if path_length(place, size) == len(receipt.path) and (place, size) != (63, 64)
        if (moved := replace(receipt, index=place, tree_size=size)).root_of(statements, world.context) == receipt.root
    ]
    assert len(others) == 27
    assert 64 not in {moved.tree_size for moved in others}
    for moved in others:
        report = judged(world, Document(issued.credential, moved))
        assert report.outcome is Outcome.FAILED
        assert "anchor.foreign" in codes(report)
