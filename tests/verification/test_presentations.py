"""A presentation passes only when its holder signed it for this request and every credential in it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.suite import ProofOptions
from jikin.status.array import State
from jikin.values import DidUrl, JsonObject
from jikin.verification.policy import packaged
from jikin.verification.presentations import PresentationReport, verify_presentation
from jikin.verification.report import Outcome, Weight
from tests.examples import tries
from tests.holders import CLIENT, NONCE, Holder
from tests.small_world import DAY, HOUR, MINUTE, SUITES, SmallWorld

PUBLIC = packaged("public")


@dataclass
class Scene:
    """A holder with one certificate, and what an employer makes of what is shown."""

    world: SmallWorld = field(default_factory=SmallWorld)
    holder: Holder = field(default_factory=Holder)

    def __post_init__(self) -> None:
        self.issued = self.holder.certificate(self.world)
        self.world.later(MINUTE)

    @property
    def shown(self) -> dict[str, Any]:
        return dict(self.holder.present(self.issued.credential, now=self.world.time))

    def judge(self, document: Any, **changes: Any) -> PresentationReport:
        asked = {"challenge": NONCE, "domain": CLIENT, **changes}
        return verify_presentation(document, self.world.sources().at_newest(), PUBLIC, self.world.time, **asked)

    def sign(self, unsecured: JsonObject, **options: Any) -> JsonObject:
        """Return *unsecured* signed with other options than a wallet's."""
        stated = {
            "verification_method": self.holder.method,
            "created": self.world.time,
            "purpose": "authentication",
            "challenge": NONCE,
            "domain": CLIENT,
            **options,
        }
        signer = stated.pop("signer", self.holder.signer)
        suite = SUITES.named(stated.pop("suite", "eddsa-rdfc-2022"))
        return securing.secure(unsecured, suite, ProofOptions(**stated), signer)

    @property
    def unsecured(self) -> dict[str, Any]:
        return {name: value for name, value in self.shown.items() if name != "proof"}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def codes(report: PresentationReport) -> set[str]:
    return {finding.code for finding in report.findings}


# --- what passes ---


def test_the_holder_shows_a_sound_certificate(scene: Scene) -> None:
    report = scene.judge(scene.shown)
    assert codes(report) == {"presentation.valid", "presentation.bound"}
    assert report.outcome is Outcome.PASSED
    assert report.holder == scene.holder.did
    (credential,) = report.credentials
    assert credential.outcome is Outcome.PASSED
    assert {finding.code for finding in credential.findings} >= {"anchor.present", "status.valid", "proof.valid"}
    assert report.policy == "public"
    assert report.checked_at == scene.world.time


def test_two_certificates_are_shown_at_once_and_judged_each(scene: Scene) -> None:
    second = scene.holder.certificate(scene.world, name="이바다")
    scene.world.later(MINUTE)
    shown = scene.holder.present(scene.issued.credential, second.credential, now=scene.world.time)
    report = scene.judge(shown)
    assert report.outcome is Outcome.PASSED
    assert [one.subject.number for one in report.credentials] == [
        one.credential["credentialSubject"]["licenseNumber"]  # type: ignore[index,call-overload]
        for one in (scene.issued, second)
    ]


def test_eddsa_jcs_serves_as_well(scene: Scene) -> None:
    assert scene.judge(scene.sign(scene.unsecured, suite="eddsa-jcs-2022")).outcome is Outcome.PASSED


def test_a_domain_may_be_one_of_several(scene: Scene) -> None:
    unsecured = scene.unsecured
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": str(scene.holder.method),
        "proofPurpose": "authentication",
        "challenge": NONCE,
        "domain": ["https://other.example", CLIENT],
        "@context": unsecured["@context"],
    }
    from jikin.codec import jcs, multibase
    from jikin.values import sha256

    signature = scene.holder.signer.sign(sha256(jcs.canonicalize(proof)) + sha256(jcs.canonicalize(unsecured)))
    document = {**unsecured, "proof": {**proof, "proofValue": multibase.encode(signature)}}
    assert scene.judge(document).outcome is Outcome.PASSED


def test_without_challenge_and_domain_any_will_do(scene: Scene) -> None:
    assert scene.judge(scene.shown, challenge=None, domain=None).outcome is Outcome.PASSED


def test_the_holder_may_be_an_object_or_not_be_named(scene: Scene) -> None:
    named = scene.unsecured
    for holder in ({"id": str(scene.holder.did)}, None):
        changed = {name: value for name, value in named.items() if name != "holder"}
        if holder is not None:
            changed["holder"] = holder
        assert scene.judge(scene.sign(changed)).outcome is Outcome.PASSED


def test_an_unsigned_presentation_is_legal_where_it_is_asked_for(scene: Scene) -> None:
    report = scene.judge(scene.unsecured, challenge=None, domain=None, unsigned=True)
    assert codes(report) == {"presentation.not-signed"}
    assert report.outcome is Outcome.PASSED
    assert report.holder is None
    assert [finding.weight for finding in report.findings] == [Weight.ADVISORY]


def test_binding_is_not_demanded_where_it_is_not_asked_for(scene: Scene) -> None:
    other = scene.world.issue()
    scene.world.publish_receipt(other)
    scene.world.later(MINUTE)
    shown = scene.holder.present(other.credential, now=scene.world.time)
    assert scene.judge(shown, bound=False).outcome is Outcome.PASSED
    assert "presentation.unbound" in codes(scene.judge(shown))


# --- what fails ---


def test_a_presentation_for_another_request_or_another_asker_fails(scene: Scene) -> None:
    report = scene.judge(scene.shown, challenge="another-nonce-altogether")
    assert codes(report) >= {"presentation.challenge"}
    assert report.outcome is Outcome.FAILED
    stripped = CLIENT.partition(":")[2]
    for domain in ("https://other.example", stripped, CLIENT + "/"):
        report = scene.judge(scene.shown, domain=domain)
        assert "presentation.domain" in codes(report)
        assert report.outcome is Outcome.FAILED


def test_a_proof_that_states_neither_challenge_nor_domain_answers_no_request(scene: Scene) -> None:
    report = scene.judge(scene.sign(scene.unsecured, challenge=None, domain=None))
    assert codes(report) >= {"presentation.challenge", "presentation.domain"}
    assert report.outcome is Outcome.FAILED


def test_without_a_signature_it_fails_where_one_is_demanded(scene: Scene) -> None:
    report = scene.judge(scene.unsecured)
    assert codes(report) == {"presentation.unsigned"}
    assert report.outcome is Outcome.FAILED


def test_a_thief_cannot_show_somebody_elses_certificate(scene: Scene) -> None:
    thief = Holder()
    report = scene.judge(thief.present(scene.issued.credential, now=scene.world.time))
    assert "presentation.unbound" in codes(report)
    assert report.outcome is Outcome.FAILED
    assert report.holder == thief.did
    named = scene.sign({**scene.unsecured, "holder": str(scene.holder.did)}, signer=thief.signer)
    assert "presentation.altered" in codes(scene.judge(named))


def test_the_holder_named_must_be_the_one_that_signs(scene: Scene) -> None:
    report = scene.judge(scene.sign({**scene.unsecured, "holder": str(Holder().did)}))
    assert "presentation.holder" in codes(report)
    assert report.outcome is Outcome.FAILED


def test_a_certificate_without_a_holders_key_is_not_bound(scene: Scene) -> None:
    issued = scene.world.issue()
    scene.world.publish_receipt(issued)
    scene.world.later(MINUTE)
    report = scene.judge(scene.holder.present(issued.credential, now=scene.world.time))
    assert codes(report) == {"presentation.valid", "presentation.unbound"}
    assert report.outcome is Outcome.FAILED


def test_a_changed_presentation_fails(scene: Scene) -> None:
    shown = scene.shown
    other = scene.holder.certificate(scene.world)
    scene.world.later(MINUTE)
    for changed in (
        {**shown, "verifiableCredential": [other.credential]},
        {**shown, "verifiableCredential": [*shown["verifiableCredential"], other.credential]},
        {**shown, "id": "urn:uuid:00000000-0000-4000-8000-000000000000"},
        {**shown, "proof": {**shown["proof"], "challenge": NONCE, "domain": "https://x.example"}},
        {**shown, "proof": {**shown["proof"], "created": "2020-01-01T00:00:00Z"}},
    ):
        report = scene.judge(changed, domain=changed["proof"]["domain"])
        assert "presentation.altered" in codes(report)
        assert report.outcome is Outcome.FAILED
        assert report.holder is None


def test_an_assertion_is_no_presentation(scene: Scene) -> None:
    report = scene.judge(scene.sign(scene.unsecured, purpose="assertionMethod"))
    assert "presentation.purpose" in codes(report)
    assert report.outcome is Outcome.FAILED


def test_an_expired_proof_fails_and_says_since_when(scene: Scene) -> None:
    until = scene.world.time - HOUR
    report = scene.judge(scene.sign(scene.unsecured, expires=until, created=until - DAY))
    (expired,) = (finding for finding in report.findings if finding.code == "presentation.expired")
    assert expired.facts == {"until": until}
    assert scene.judge(scene.sign(scene.unsecured, expires=scene.world.time + HOUR)).outcome is Outcome.PASSED


def test_a_key_of_another_did_does_not_count(scene: Scene) -> None:
    other = Holder()
    method = DidUrl(f"{scene.holder.did}{str(other.method)[str(other.method).index('#') :]}")
    report = scene.judge(scene.sign(scene.unsecured, verification_method=method, signer=other.signer))
    assert "presentation.key-unbound" in codes(report)
    assert report.outcome is Outcome.FAILED


def test_a_key_that_only_asserts_presents_nothing(scene: Scene) -> None:
    # The institution's own key stands under assertionMethod alone.
    report = scene.judge(
        scene.sign(
            {**scene.unsecured, "holder": str(scene.world.did)},
            verification_method=scene.world.method(),
            signer=scene.world.signer,
        )
    )
    assert "presentation.purpose" in codes(report)
    assert report.outcome is Outcome.FAILED


def test_whether_a_silent_did_has_the_key_is_unknown(scene: Scene) -> None:
    method = DidUrl("did:web:silent.example#key-1")
    document = scene.sign({**scene.unsecured, "holder": "did:web:silent.example"}, verification_method=method)
    scene.world.web.reachable = False
    try:
        report = scene.judge(document)
    finally:
        scene.world.web.reachable = True
    assert "presentation.key-unknown" in codes(report)
    assert "presentation.key-unbound" not in codes(report)
    assert "presentation.key-unbound" in codes(scene.judge(document))  # its page is not there: no such DID


def test_one_bad_proof_of_two_is_enough_to_fail(scene: Scene) -> None:
    shown = scene.shown
    bad = {**shown["proof"], "challenge": "another"}
    report = scene.judge({**shown, "proof": [shown["proof"], bad]})
    assert codes(report) >= {"presentation.valid", "presentation.altered", "presentation.challenge"}
    assert report.outcome is Outcome.FAILED


def test_a_revoked_certificate_fails_in_a_sound_presentation() -> None:
    scene = Scene()
    shown = scene.shown
    scene.world.set_state(scene.issued, State.REVOKED)
    scene.world.later(MINUTE)
    report = scene.judge(shown)
    assert codes(report) == {"presentation.valid", "presentation.bound"}
    assert report.outcome is Outcome.FAILED
    assert "status.revoked" in {finding.code for finding in report.credentials[0].findings}


def test_with_a_silent_chain_a_sound_presentation_is_unknown() -> None:
    scene = Scene()
    shown = scene.shown
    scene.world.chain.reachable = False
    report = scene.judge(shown)
    assert codes(report) == {"presentation.valid", "presentation.bound"}
    assert report.outcome is Outcome.UNKNOWN


def test_a_credential_changed_by_its_holder_fails_though_the_holder_signs_the_change(scene: Scene) -> None:
    subject: Any = scene.issued.credential["credentialSubject"]
    forged = {**scene.issued.credential, "credentialSubject": {**subject, "licenseNumber": "HB01-0000-0000-0000"}}
    report = scene.judge(scene.holder.present(forged, now=scene.world.time))
    assert "presentation.valid" in codes(report)
    assert report.outcome is Outcome.FAILED
    assert "proof.mismatch" in {finding.code for finding in report.credentials[0].findings}


def test_a_kind_of_proof_or_credential_that_is_not_known_is_unknown(scene: Scene) -> None:
    shown = scene.shown
    report = scene.judge({**shown, "proof": {**shown["proof"], "cryptosuite": "falcon512-jcs-2024"}})
    assert "presentation.unknown-suite" in codes(report)
    report = scene.judge({**shown, "proof": {**shown["proof"], "type": "JsonWebSignature2020"}})
    assert "presentation.unknown-suite" in codes(report)
    enveloped = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        # {"alg":"PS256","typ":"vc+jwt"}: an algorithm that is not read here
        "id": "data:application/vc+jwt,eyJhbGciOiJQUzI1NiIsInR5cCI6InZjK2p3dCJ9.e30.AAAA",
        "type": "EnvelopedVerifiableCredential",
    }
    report = scene.judge(scene.sign({**scene.unsecured, "verifiableCredential": [enveloped]}))
    assert codes(report) == {"presentation.valid"}
    assert report.outcome is report.credentials[0].outcome is Outcome.UNKNOWN
    assert {finding.code for finding in report.credentials[0].findings} >= {"proof.unknown-suite"}


def test_terms_that_nobody_defines_are_told(scene: Scene) -> None:
    report = scene.judge(scene.sign({**scene.unsecured, "undefinedTerm": "x"}, suite="eddsa-jcs-2022"))
    assert report.outcome is Outcome.FAILED
    assert "model.undefined-term" in codes(report)
    unsigned = scene.judge({**scene.unsecured, "undefinedTerm": "x"}, unsigned=True, challenge=None, domain=None)
    assert "model.undefined-term" in codes(unsigned)
    shown = scene.shown
    report = scene.judge({**shown, "undefinedTerm": "x"})
    assert "model.undefined-term" in codes(report)
    context = [*shown["@context"], "https://unknown.example/context"]
    assert "model.unknown-context" in codes(scene.judge({**shown, "@context": context}))


def test_an_empty_presentation_says_so(scene: Scene) -> None:
    unsecured = {name: value for name, value in scene.unsecured.items() if name != "verifiableCredential"}
    report = scene.judge(scene.sign(unsecured))
    assert codes(report) == {"presentation.valid", "presentation.empty"}
    assert report.credentials == ()


MALFORMED: list[Any] = [
    None,
    7,
    "text",
    [],
    {},
    {"@context": ["https://www.w3.org/ns/credentials/v2"]},
    {"@context": "https://www.w3.org/ns/credentials/v2", "type": ["VerifiablePresentation"]},
    {"@context": ["https://example.org"], "type": ["VerifiablePresentation"]},
    {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"]},
    {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"], "proof": 7},
    {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"], "proof": None},
    {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"], "proof": [7]},
    {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"], "holder": 7},
    {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"], "holder": {}},
    {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"], "id": 7},
    {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": ["eyJ.eyJ.x"],
    },
    {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [{}] * 65,
    },
]


@pytest.mark.parametrize("document", MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_no_presentation_fails_and_raises_nothing(scene: Scene, document: Any) -> None:
    report = scene.judge(document)
    assert report.outcome is Outcome.FAILED
    assert codes(report) & {"presentation.malformed", "presentation.unsigned"}


def test_a_report_is_no_yes_or_no(scene: Scene) -> None:
    with pytest.raises(TypeError, match="unknown"):
        bool(scene.judge(scene.shown))


def test_signing_costs_the_wallet_nothing_personal_in_its_repr() -> None:
    assert "key" not in repr(Ed25519Signer.generate()).replace("Ed25519Signer", "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ("@context", "type", "holder", "verifiableCredential", "proof", "id")
PROOF = ("type", "cryptosuite", "verificationMethod", "proofPurpose", "challenge", "domain", "proofValue", "expires")


@given(st.data())
@settings(max_examples=tries(60))
def test_no_mixture_of_sound_and_broken_members_passes_or_raises(data: st.DataObject) -> None:
    shown = dict(PROPERTY.shown)
    member = data.draw(st.sampled_from(MEMBERS + PROOF))
    value = data.draw(JSON)
    if member in MEMBERS:
        changed: Any = {**shown, member: value}
    else:
        changed = {**shown, "proof": {**shown["proof"], member: value}}
    assert PROPERTY.judge(changed).outcome is not Outcome.PASSED


PROPERTY = Scene()
