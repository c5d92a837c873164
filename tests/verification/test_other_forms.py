"""Certificates in every other form are judged whole: anchored in a tree, revocable, altered ones noticed.

STATEMENTS, line 3: forms 2 (JWS, SD-JWT), 3 (COSE), 4 (EIP-712) and 5 (ecdsa-sd-2023) of the anchor digest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from jikin.anchoring.digest import credential_digest
from jikin.codec import jcs, multikey
from jikin.dids.key import did_of, method_of
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelopes import sd_jwt, sd_jwt_vc, vc_cose, vc_jwt, vc_sd_jwt
from jikin.proofs.p256 import P256Signer
from jikin.proofs.suite import ProofOptions, is_base
from jikin.status.bitstring import token_list_url
from jikin.status.token_list import status_claim
from jikin.testing import Institution, World
from jikin.values import CertificateNumber, DidUrl, JsonObject, sha256
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome
from jikin.verification.verifying import verify
from tests.verifier_desk import PERSON, QUALIFICATION, Clock


@dataclass
class Scene:
    """An accredited institution, and its certificate in a form."""

    world: World
    institution: Institution
    index: int
    number: CertificateNumber

    def codes(self, document: Document, policy: str = "public") -> set[str]:
        report = verify(document, self.world.sources, packaged(policy), self.world.clock())
        return {one.code for one in report.findings if one.outcome is not Outcome.PASSED} - {"status.reason"}

    def outcome(self, document: Document, policy: str = "public") -> Outcome:
        return verify(document, self.world.sources, packaged(policy), self.world.clock()).outcome

    def unsecured(self, **dates: Any) -> JsonObject:
        return self.institution.unsecured(QUALIFICATION, PERSON, number=self.number, index=self.index, **dates)

    def claims(self, **more: Any) -> JsonObject:
        kind = self.world.types.named(QUALIFICATION)
        url = token_list_url(self.institution.profile.base_url, self.institution.list_id)
        return {
            "iss": str(self.institution.did),
            "iat": self.world.clock(),
            "vct": kind.claims.vct,
            "status": status_claim(url, self.index),
            **kind.build_claims(PERSON, issuer_name={"ko": "한국", "en": "Korea"}, number=self.number),
            **more,
        }

    def sd_jwt(self, **more: Any) -> str:
        hidden = self.world.types.named(QUALIFICATION).claims.disclosable
        claims = self.claims(**more)
        paths = [(name,) for name in hidden if name in claims]
        return sd_jwt_vc.issue(claims, paths, self.institution.signer, key_id=str(self.institution.method))


@pytest.fixture
def scene() -> Scene:
    world = World(Clock())
    institution = world.institution("hrdk.example", number_code="HRDK")
    return Scene(world, institution, 7, CertificateNumber.random(2026, "HRDK"))


def as_vc_jwt(scene: Scene) -> str:
    return vc_jwt.issue(scene.unsecured(), scene.institution.signer, key_id=str(scene.institution.method))


def as_vc_sd_jwt(scene: Scene) -> str:
    return vc_sd_jwt.issue(scene.unsecured(), [], scene.institution.signer, key_id=str(scene.institution.method))


def as_sd_jwt_vc(scene: Scene) -> str:
    return scene.sd_jwt()


TEXTS = {"vc+jwt": as_vc_jwt, "vc+sd-jwt": as_vc_sd_jwt, "dc+sd-jwt": as_sd_jwt_vc}


@pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS.keys())
def test_an_anchored_envelope_passes_and_a_changed_one_does_not(scene: Scene, make: Any) -> None:
    text = make(scene)
    (receipt,) = scene.institution.anchor([text])
    assert scene.outcome(Document.of(text, receipt)) is Outcome.PASSED
    head, payload, rest = text.split(".", 2)
    forged = f"{head}.{payload}.{'A' if rest[0] != 'A' else 'B'}{rest[1:]}"
    assert {"proof.mismatch", "anchor.foreign"} <= scene.codes(Document.of(forged, receipt))
    other = make(scene)
    if other != text:
        assert "anchor.foreign" in scene.codes(Document.of(other, receipt))


def test_what_is_shown_of_an_sd_jwt_keeps_its_anchor(scene: Scene) -> None:
    text = scene.sd_jwt()
    (receipt,) = scene.institution.anchor([text])
    for shown in ((), (("name",),), (("birth_date",), ("score",))):
        assert scene.outcome(Document.of(sd_jwt.present(text, shown), receipt)) is Outcome.PASSED


def test_without_its_anchor_it_is_not_told_genuine_where_the_issuer_anchors_everything(scene: Scene) -> None:
    assert "anchor.missing-receipt" in scene.codes(Document.of(scene.sd_jwt()))
    assert scene.outcome(Document.of(scene.sd_jwt())) is Outcome.UNKNOWN


def test_an_expired_sd_jwt_has_expired_and_is_not_called_forged(scene: Scene) -> None:
    text = scene.sd_jwt(exp=scene.world.clock() - 1, iat=scene.world.clock() - 100)
    (receipt,) = scene.institution.anchor([text])
    assert scene.codes(Document.of(text, receipt)) == {"time.expired"}


def test_a_stranger_cannot_sign_in_the_name_of_the_institution(scene: Scene) -> None:
    thief = Ed25519Signer.generate()
    text = sd_jwt_vc.issue(scene.claims(), [], thief, key_id=str(scene.institution.method))
    assert "proof.mismatch" in scene.codes(Document.of(text))
    own = sd_jwt_vc.issue(scene.claims(), [], thief, key_id=str(method_of(thief.public_key)))
    assert "key.unbound" in scene.codes(Document.of(own))


def test_an_anchored_cose_message_passes_and_a_changed_one_does_not(scene: Scene) -> None:
    data = vc_cose.issue(scene.unsecured(), scene.institution.signer, key_id=str(scene.institution.method))
    statement = scene.world.suites.open(data).statement
    digest = credential_digest((statement,))
    (receipt,) = scene.institution.anchor_digests([digest])
    assert scene.outcome(Document.of(data, receipt)) is Outcome.PASSED
    forged = data[:-1] + bytes([data[-1] ^ 1])
    assert {"proof.mismatch", "anchor.foreign"} <= scene.codes(Document.of(forged, receipt))


def test_a_credential_shown_in_part_by_ecdsa_sd_keeps_the_anchor_of_the_whole(scene: Scene) -> None:
    signer = P256Signer.generate()
    suite = scene.world.suites.selective("ecdsa-sd-2023")
    unsecured = {**scene.unsecured(), "issuer": str(did_of(signer.public_key))}
    unsecured = {name: value for name, value in unsecured.items() if name != "credentialStatus"}
    options = ProofOptions(
        method_of(signer.public_key), scene.world.clock(), mandatory_pointers=("/issuer", "/validFrom")
    )
    base, statement = securing.sign(unsecured, suite, options, signer)
    assert is_base(statement)
    full = sha256(jcs.canonicalize(base))
    digest = credential_digest((statement,), full)
    assert digest != credential_digest((statement,), sha256(b"another whole"))
    shown = suite.derive(base, ["/credentialSubject/achievement/name"], {})
    (derived,) = securing.statements(shown, scene.world.suites)
    assert credential_digest((derived,), full) == digest  # the receipt of the whole fits the part
    assert "birthDate" not in str(shown)
    report = verify(Document(shown), scene.world.sources, packaged("proof"), scene.world.clock())
    assert report.outcome is Outcome.PASSED
    assert "proof.base" in scene.codes(Document(base), "proof")


def test_its_receipt_leads_from_the_part_to_the_root(scene: Scene) -> None:
    signer = P256Signer.generate()
    suite = scene.world.suites.selective("ecdsa-sd-2023")
    method = DidUrl(f"{scene.institution.did}#{multikey.encode(signer.public_key)}")
    options = ProofOptions(method, scene.world.clock(), mandatory_pointers=("/issuer", "/credentialStatus"))
    base, statement = securing.sign(scene.unsecured(), suite, options, signer)
    full = sha256(jcs.canonicalize(base))
    (receipt,) = scene.institution.anchor_digests([credential_digest((statement,), full)], full=full)
    shown = suite.derive(base, ["/credentialSubject/achievement/name"], {})
    found = verify(Document(shown, receipt), scene.world.sources, packaged("public"), scene.world.clock()).findings
    assert {"anchor.present", "key.unregistered"} <= {one.code for one in found}  # the key is nobody's on record
    other = replace(receipt, full=sha256(b"another whole"))
    assert "anchor.foreign" in scene.codes(Document(shown, other))
