"""Each link of the chain of trust made false alone, and named by its own code."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from jikin.anchoring.acts import (
    AddKey,
    Invalidate,
    LeafKind,
    ReportKeyCompromised,
    RetireKey,
    SetAccreditation,
)
from jikin.anchoring.batch import new_salt
from jikin.codec import multibase
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.status.array import State
from jikin.values import Address, ChainId, Did, DidUrl, Digest, IssuerId, KeyId
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report, Weight
from jikin.verification.verifying import verify
from tests.small_world import ACCREDITOR, DAY, HOUR, MINUTE, OWNER, Issued, SmallWorld

Make = Callable[[SmallWorld], Document]


def judged(world: SmallWorld, document: Document, policy: str = "public") -> Report:
    return verify(document, world.sources(), packaged(policy), world.time)


def deciding(report: Report) -> set[str]:
    """Return the required codes that did not pass."""
    return {
        finding.code
        for finding in report.findings
        if finding.weight is Weight.REQUIRED and finding.outcome is not Outcome.PASSED
    }


def edited(issued: Issued, pointer: str, value: object) -> Document:
    """Return the certificate with one place changed after it was issued."""
    credential: Any = _copy(issued.credential)
    *way, last = pointer.strip("/").split("/")
    place = credential
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return Document(credential, issued.receipt)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(member) for name, member in value.items()}
    return [_copy(member) for member in value] if isinstance(value, list | tuple) else value


# --- the document ---


def name_changed(world: SmallWorld) -> Document:
    return edited(world.issue(), "credentialSubject/identifier/0/identityHash", "이도둑")


def name_changed_over_json(world: SmallWorld) -> Document:
    return edited(world.issue(suite="eddsa-jcs-2022"), "credentialSubject/identifier/0/identityHash", "이도둑")


def validity_prolonged(world: SmallWorld) -> Document:
    return edited(world.issue(days=10), "validUntil", "2099-01-01T00:00:00Z")


def signature_changed(world: SmallWorld) -> Document:
    issued = world.issue()
    proof: Any = issued.credential["proof"]
    raw = bytearray(multibase.decode(proof["proofValue"]))
    raw[3] ^= 1
    return edited(issued, "proof/proofValue", multibase.encode(bytes(raw)))


def signature_of_another(world: SmallWorld) -> Document:
    issued, other = world.issue(), world.issue("이다른")
    proof: Any = other.credential["proof"]
    return edited(issued, "proof/proofValue", proof["proofValue"])


def created_changed(world: SmallWorld) -> Document:
    return edited(world.issue(), "proof/created", "2020-01-01T00:00:00Z")


def signature_cut(world: SmallWorld) -> Document:
    return edited(world.issue(), "proof/proofValue", "z3")


def signature_without_header(world: SmallWorld) -> Document:
    issued = world.issue()
    proof: Any = issued.credential["proof"]
    return edited(issued, "proof/proofValue", proof["proofValue"][1:])


def no_proof(world: SmallWorld) -> Document:
    issued = world.issue()
    return Document({name: value for name, value in issued.credential.items() if name != "proof"}, issued.receipt)


def another_purpose(world: SmallWorld) -> Document:
    return edited(world.issue(), "proof/proofPurpose", "authentication")


def unknown_suite(world: SmallWorld) -> Document:
    return edited(world.issue(), "proof/cryptosuite", "ecdsa-sd-2099")


def undefined_term(world: SmallWorld) -> Document:
    return edited(world.issue(), "credentialSubject/resident_number", "000101-3000000")


def undefined_term_over_json(world: SmallWorld) -> Document:
    unsecured, index = world.unsecured()
    issued = Issued(world.sign({**unsecured, "grade": "1"}, suite="eddsa-jcs-2022"), index, new_salt())
    world.anchor(issued)
    return issued.document


def unknown_context(world: SmallWorld) -> Document:
    issued = world.issue()
    contexts: Any = issued.credential["@context"]
    return edited(issued, "@context", [*contexts, "https://forger.example/context"])


def no_issuer(world: SmallWorld) -> Document:
    issued = world.issue()
    return Document({name: value for name, value in issued.credential.items() if name != "issuer"}, issued.receipt)


def against_its_schema(world: SmallWorld) -> Document:
    unsecured, index = world.unsecured()
    subject: Any = dict(unsecured["credentialSubject"])  # type: ignore[arg-type]
    issued = Issued(
        world.sign({**unsecured, "credentialSubject": {**subject, "licenseNumber": "?"}}), index, new_salt()
    )
    world.anchor(issued)
    return issued.document


# --- dates ---


def expired(world: SmallWorld) -> Document:
    document = world.issue(days=2).document
    world.later(2 * DAY)
    return document


def not_yet_valid(world: SmallWorld) -> Document:
    world.time += DAY
    unsecured, index = world.unsecured()
    world.time -= DAY
    issued = Issued(world.sign(unsecured), index, new_salt())
    world.anchor(issued)
    return issued.document


# --- the key ---

THIEF = Ed25519Signer.from_seed(b"\x66" * 32)


def signed_by_a_stranger(world: SmallWorld) -> Document:
    unsecured, index = world.unsecured()
    issued = Issued(world.sign(unsecured, signer=THIEF), index, new_salt())
    world.anchor(issued)
    return issued.document


def signed_by_a_stranger_whom_the_web_page_names(world: SmallWorld) -> Document:
    world.publish_did_document(world.signer, THIEF)
    return signed_by_a_stranger(world)


def signed_by_a_key_of_another_did(world: SmallWorld) -> Document:
    unsecured, index = world.unsecured()
    name = world.multikey(THIEF)
    issued = Issued(world.sign(unsecured, signer=THIEF, method=DidUrl(f"did:key:{name}#{name}")), index, new_salt())
    world.anchor(issued)
    return issued.document


def key_retired_before(world: SmallWorld) -> Document:
    world.act(RetireKey(world.issuer_id, KeyId.of(world.multikey(world.signer))), OWNER)
    world.later(HOUR)
    return world.issue().document


def key_compromised_before(world: SmallWorld) -> Document:
    document = world.issue().document
    since = world.time - HOUR
    world.act(ReportKeyCompromised(world.issuer_id, KeyId.of(world.multikey(world.signer)), since), OWNER)
    return document


def key_added_after(world: SmallWorld) -> Document:
    second = Ed25519Signer.from_seed(b"\x02" * 32)
    unsecured, index = world.unsecured()
    issued = Issued(world.sign(unsecured, signer=second), index, new_salt())
    world.anchor(issued)
    world.later(HOUR)
    world.act(AddKey(world.issuer_id, world.multikey(second)), OWNER)
    return issued.document


# --- the issuer ---


def issuer_not_registered(world: SmallWorld) -> Document:
    unsecured, _ = world.unsecured()
    did = Did(f"did:key:{world.multikey(THIEF)}")
    issuer: Any = dict(unsecured["issuer"], id=str(did))  # type: ignore[arg-type]
    changed = {name: value for name, value in unsecured.items() if name != "credentialStatus"} | {"issuer": issuer}
    return Document(world.sign(changed, signer=THIEF, method=DidUrl(f"{did}#{did.identifier}")))


def accreditation_ended(world: SmallWorld) -> Document:
    document = world.issue().document
    world.act(SetAccreditation(world.issuer_id, world.time - 300 * DAY, world.time - HOUR), ACCREDITOR)
    return document


def accreditation_to_come(world: SmallWorld) -> Document:
    document = world.issue().document
    world.act(SetAccreditation(world.issuer_id, world.time + DAY, world.time + 9 * DAY), ACCREDITOR)
    return document


def issuer_invalidated(world: SmallWorld) -> Document:
    document = world.issue().document
    world.act(Invalidate(world.issuer_id, world.time - HOUR), ACCREDITOR)
    return document


def type_not_approved(world: SmallWorld) -> Document:
    document = world.issue().document
    world.approve(replace(world.profile, types=("machine-safety-certification",)))
    return document


def type_not_known(world: SmallWorld) -> Document:
    unsecured, index = world.unsecured()
    plain = {name: value for name, value in unsecured.items() if name != "credentialSchema"}
    issued = Issued(world.sign(plain), index, new_salt())
    world.anchor(issued)
    return issued.document


# --- the anchor ---


def borrowed_receipt(world: SmallWorld) -> Document:
    issued, other = world.issue(), world.issue("이다른")
    return Document(issued.credential, other.receipt)


def unanchored_with_a_borrowed_receipt(world: SmallWorld) -> Document:
    unsecured, _ = world.unsecured()
    return Document(world.sign(unsecured), world.issue("이다른").receipt)


def receipt_changed(**members: Any) -> Make:
    def make(world: SmallWorld) -> Document:
        issued = world.issue()
        assert issued.receipt is not None
        return Document(issued.credential, replace(issued.receipt, **members))

    return make


def anchored_as_something_else(world: SmallWorld) -> Document:
    unsecured, index = world.unsecured()
    issued = Issued(world.sign(unsecured), index, new_salt())
    world.anchor(issued, kind=LeafKind.EMBARGOED)
    return issued.document


def never_anchored(world: SmallWorld) -> Document:
    issued = world.issue()
    depth = world.chain.view().block.number - issued.receipt.block + 1  # type: ignore[union-attr]
    world.chain.reorganise(depth)
    return issued.document


def no_receipt(world: SmallWorld) -> Document:
    return Document(world.issue().credential)


def created_long_after_the_anchor(world: SmallWorld) -> Document:
    unsecured, index = world.unsecured()
    issued = Issued(world.sign(unsecured, created=world.time + HOUR), index, new_salt())
    world.anchor(issued)
    return issued.document


# --- the status ---


def ended(state: State) -> Make:
    def make(world: SmallWorld) -> Document:
        issued = world.issue()
        world.set_state(issued, state)
        return issued.document

    return make


def no_status(world: SmallWorld) -> Document:
    unsecured, index = world.unsecured()
    plain = {name: value for name, value in unsecured.items() if name != "credentialStatus"}
    issued = Issued(world.sign(plain), index, new_salt())
    world.anchor(issued)
    return issued.document


def with_status(**members: Any) -> Make:
    def make(world: SmallWorld) -> Document:
        unsecured, index = world.unsecured()
        entries: Any = unsecured["credentialStatus"]
        issued = Issued(
            world.sign({**unsecured, "credentialStatus": [{**entry, **members} for entry in entries]}),
            index,
            new_salt(),
        )
        world.anchor(issued)
        return issued.document

    return make


FAILED: dict[str, tuple[Make, str]] = {
    "the holder's name is changed": (name_changed, "proof.mismatch"),
    "the holder's name is changed, signed over JSON": (name_changed_over_json, "proof.mismatch"),
    "the end of validity is moved": (validity_prolonged, "proof.mismatch"),
    "one bit of the signature is changed": (signature_changed, "proof.mismatch"),
    "the signature of another certificate": (signature_of_another, "proof.mismatch"),
    "the date of signing is changed": (created_changed, "proof.mismatch"),
    "the signature is cut short": (signature_cut, "proof.malformed"),
    "the signature has no multibase header": (signature_without_header, "proof.malformed"),
    "the proof is taken away": (no_proof, "proof.missing"),
    "the proof is for logging in": (another_purpose, "proof.purpose"),
    "a term without definition is slipped in": (undefined_term, "model.undefined-term"),
    "a term without definition, signed over JSON": (undefined_term_over_json, "model.undefined-term"),
    "the issuer is taken away": (no_issuer, "model.malformed"),
    "the certificate breaks its schema": (against_its_schema, "model.schema"),
    "the end of validity has passed": (expired, "time.expired"),
    "the beginning of validity is to come": (not_yet_valid, "time.not-yet-valid"),
    "signed by a key nobody registered": (signed_by_a_stranger, "key.unregistered"),
    "the web page names a key that the registry does not": (
        signed_by_a_stranger_whom_the_web_page_names,
        "key.unregistered",
    ),
    "signed by a key of another DID": (signed_by_a_key_of_another_did, "key.unbound"),
    "the key was retired before": (key_retired_before, "key.retired"),
    "the key was stolen before": (key_compromised_before, "key.compromised"),
    "the key was registered after": (key_added_after, "key.not-yet-added"),
    "the issuer is not registered": (issuer_not_registered, "issuer.unregistered"),
    "the accreditation had ended": (accreditation_ended, "issuer.unaccredited"),
    "the accreditation was to come": (accreditation_to_come, "issuer.unaccredited"),
    "the issuer is invalidated": (issuer_invalidated, "issuer.invalidated"),
    "the type is not approved for the issuer": (type_not_approved, "issuer.type-not-approved"),
    "the receipt of another certificate": (borrowed_receipt, "anchor.foreign"),
    "not anchored, with the receipt of another": (unanchored_with_a_borrowed_receipt, "anchor.foreign"),
    "a receipt for another chain": (receipt_changed(chain=ChainId(1)), "anchor.foreign"),
    "a receipt for another registry": (receipt_changed(registry=Address(bytes(20))), "anchor.foreign"),
    "a receipt for another issuer": (receipt_changed(issuer_id=IssuerId(bytes(32))), "anchor.foreign"),
    "a receipt with another root": (receipt_changed(root=Digest(bytes(32))), "anchor.foreign"),
    "a receipt with another salt": (receipt_changed(salt=bytes(32)), "anchor.foreign"),
    "a receipt with another block": (receipt_changed(block=3), "anchor.foreign"),
    "a receipt with another time": (receipt_changed(time=1), "anchor.foreign"),
    "a root that is not one of credentials": (anchored_as_something_else, "anchor.foreign"),
    "revoked": (ended(State.REVOKED), "status.revoked"),
    "suspended": (ended(State.SUSPENDED), "status.suspended"),
    "replaced": (ended(State.REPLACED), "status.replaced"),
    "no status although it can be revoked": (no_status, "status.missing"),
}
UNKNOWN: dict[str, tuple[Make, str]] = {
    "a cryptosuite nobody knows": (unknown_suite, "proof.unknown-suite"),
    "a context nobody knows": (unknown_context, "model.unknown-context"),
    "a type nobody knows": (type_not_known, "issuer.type-unknown"),
    "the anchoring was undone": (never_anchored, "anchor.absent"),
    "the receipt is lost": (no_receipt, "anchor.missing-receipt"),
    "signed an hour after it was anchored": (created_long_after_the_anchor, "anchor.created-later"),
    "a list that the issuer never opened": (
        with_status(statusListCredential=f"https://certs.example/status/{'00' * 32}/revocation"),
        "status.unlisted",
    ),
    "a list somewhere else": (with_status(statusListCredential="https://forger.example/list"), "status.unlisted"),
    "an entry beyond the list": (with_status(statusListIndex="131072"), "status.unreadable"),
    "an entry that is no number": (with_status(statusListIndex="five"), "status.unreadable"),
}


@pytest.mark.parametrize(("make", "code"), FAILED.values(), ids=FAILED.keys())
def test_a_false_link_fails_under_its_own_code(make: Make, code: str) -> None:
    world = SmallWorld()
    document = make(world)
    world.time += MINUTE
    report = judged(world, document)
    assert report.outcome is Outcome.FAILED
    assert code in deciding(report)


@pytest.mark.parametrize(("make", "code"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_link_that_cannot_be_seen_is_neither_genuine_nor_forged(make: Make, code: str) -> None:
    world = SmallWorld()
    document = make(world)
    report = judged(world, document)
    assert report.outcome is Outcome.UNKNOWN
    assert code in deciding(report)


def test_forty_one_links_fail_and_ten_cannot_be_told() -> None:
    outcomes = []
    for make, _ in (*FAILED.values(), *UNKNOWN.values()):
        world = SmallWorld()
        document = make(world)
        world.time += MINUTE
        outcomes.append(judged(world, document).outcome)
    assert outcomes.count(Outcome.FAILED) == len(FAILED) == 41
    assert outcomes.count(Outcome.UNKNOWN) == len(UNKNOWN) == 10
    assert outcomes.count(Outcome.PASSED) == 0


ALONE = {
    "the key was retired before": {"key.retired"},
    "the key was stolen before": {"key.compromised"},
    "the key was registered after": {"key.not-yet-added"},
    "the accreditation had ended": {"issuer.unaccredited"},
    "the issuer is invalidated": {"issuer.invalidated"},
    "the type is not approved for the issuer": {"issuer.type-not-approved"},
    "the receipt of another certificate": {"anchor.foreign"},
    "revoked": {"status.revoked"},
    "suspended": {"status.suspended"},
    "replaced": {"status.replaced"},
    "the end of validity has passed": {"time.expired"},
    "no status although it can be revoked": {"status.missing"},
    "the certificate breaks its schema": {"model.schema"},
}


@pytest.mark.parametrize(("name", "codes"), ALONE.items(), ids=ALONE.keys())
def test_nothing_else_is_blamed(name: str, codes: set[str]) -> None:
    world = SmallWorld()
    document = FAILED[name][0](world)
    world.time += MINUTE
    assert deciding(judged(world, document)) == codes


def test_a_changed_claim_breaks_signature_and_anchor_and_the_signature_is_told() -> None:
    from jikin.verification.reporting import verdict

    world = SmallWorld()
    report = judged(world, name_changed(world))
    assert deciding(report) == {"proof.mismatch", "anchor.foreign"}
    assert verdict(report, "ko").startswith("진본이 아닙니다. 발급한 뒤에 내용이 바뀌었습니다.")


def test_a_bare_credential_under_a_stolen_key_fails_and_under_a_sound_one_cannot_be_told() -> None:
    world = SmallWorld()
    unsecured, _ = world.unsecured()
    bare = Document(world.sign(unsecured))
    assert deciding(judged(world, bare)) == {"anchor.missing-receipt"}
    key_id = KeyId.of(world.multikey(world.signer))
    world.later(DAY)
    world.act(ReportKeyCompromised(world.issuer_id, key_id, world.time), OWNER)
    world.time += HOUR
    report = judged(world, bare)
    assert report.outcome is Outcome.FAILED
    assert "key.compromised" in deciding(report)


def test_the_policy_for_conformance_fails_the_same_forgeries_of_signature_model_and_dates() -> None:
    same = [name for name, (_, code) in FAILED.items() if code.split(".")[0] in {"proof", "model", "time"}]
    for name in same:
        world = SmallWorld()
        document = FAILED[name][0](world)
        world.time += MINUTE
        assert judged(world, document, "proof").outcome is Outcome.FAILED, name
    assert len(same) == 16
