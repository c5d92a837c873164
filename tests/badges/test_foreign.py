"""Documents of other systems are recognised by their look, and answered with what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.badges import foreign
from jikin.badges.confined import Confinement
from jikin.badges.documents import ForeignFound, open_document
from jikin.badges.foreign import Kind, recognise
from tests.badge_sample import badge
from tests.credential_samples import TYPES, credential
from tests.shared_standards import standards

MERKLE = {"type": "MerkleProof2019", "proofValue": "z"}
SUITE = {"type": "DataIntegrityProof", "cryptosuite": "merkle-proof-2019"}
OTHER = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"}
ASSERTION = {"type": "Assertion", "badge": "https://a.example/", "verification": {"type": "hosted"}, "recipient": {}}
LOOKS: dict[str, tuple[Any, Kind]] = {
    "a badge of ours": (badge(), Kind.CREDENTIAL),
    "a credential of the W3C": ({"@context": ["https://www.w3.org/2018/credentials/v1"]}, Kind.CREDENTIAL),
    "a subject alone": ({"credentialSubject": {}}, Kind.CREDENTIAL),
    "a Blockcerts certificate": (badge() | {"proof": MERKLE}, Kind.BLOCKCERTS_3),
    "a Blockcerts certificate with the newer suite": (badge() | {"proof": [SUITE]}, Kind.BLOCKCERTS_3),
    "a Merkle proof beside one that can be judged": (badge() | {"proof": [MERKLE, OTHER]}, Kind.CREDENTIAL),
    "an older Blockcerts certificate": (ASSERTION | {"signature": {"type": ["MerkleProof2017"]}}, Kind.BLOCKCERTS_2),
    "the oldest": ({"document": {"certificate": {}}, "receipt": {}}, Kind.BLOCKCERTS_1),
    "an assertion": (ASSERTION, Kind.OPEN_BADGES_2),
    "an assertion with two types": (ASSERTION | {"type": ["Assertion", "x"]}, Kind.OPEN_BADGES_2),
    "an old assertion": ({"uid": "1", "recipient": {}, "badge": "x", "verify": {}}, Kind.OPEN_BADGES_1),
    "a badge class": ({"@context": "https://w3id.org/openbadges/v2", "type": "BadgeClass"}, Kind.OPEN_BADGES_2_PART),
    "an OpenCert": ({"data": {}, "signature": {"type": "SHA3MerkleProof"}}, Kind.OPEN_ATTESTATION_2),
    "a newer one": (
        {"proof": {"type": "OpenAttestationMerkleProofSignature2018"}, "credentialSubject": {}},
        Kind.OPEN_ATTESTATION_3,
    ),
    "a European credential": (
        {"type": ["VerifiableCredential", "EuropeanDigitalCredential"]},
        Kind.EUROPEAN_DIGITAL_CREDENTIAL,
    ),
    "a health card": ({"verifiableCredential": ["eyJ"]}, Kind.SMART_HEALTH_CARD),
    "an AnonCreds credential": ({"schema_id": "x", "cred_def_id": "y", "values": {}}, Kind.ANONCREDS),
    "an attestation": ({"sig": {"domain": {"name": "EAS Attestation"}}, "signer": "0x"}, Kind.ATTESTATION_SERVICE),
    "a shopping list": ({"shopping": ["milk"]}, Kind.UNKNOWN),
    "a list": ([], Kind.UNKNOWN),
    "a text": ("x", Kind.UNKNOWN),
    "nothing": (None, Kind.UNKNOWN),
}


@pytest.mark.parametrize(("value", "kind"), LOOKS.values(), ids=LOOKS.keys())
def test_a_document_is_recognised_by_its_look(value: Any, kind: Kind) -> None:
    assert recognise(value) is kind


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.id)
def test_what_we_issue_is_never_foreign(kind: Any) -> None:
    assert recognise(credential(kind)) is Kind.CREDENTIAL


SAMPLES = {
    "real-samples/europass/AA-Annex1-MC-signed.jsonld": Kind.EUROPEAN_DIGITAL_CREDENTIAL,
    "real-samples/opencerts/homestead.opencert": Kind.OPEN_ATTESTATION_2,
    "real-samples/opencerts/wrong-merkle-odd-length.opencert": Kind.OPEN_ATTESTATION_2,
    "real-samples/opencerts/oa-v3-did-signed.json": Kind.OPEN_ATTESTATION_3,
    "real-samples/trustvc/pol-oa-token-registry-minted.json": Kind.OPEN_ATTESTATION_2,
    "real-samples/trustvc/pol-w3c-verifiable-document.json": Kind.CREDENTIAL,
    "real-samples/eip712/cred2.json": Kind.CREDENTIAL,
    "real-samples/plugfest-and-eudi/vc_edu-plugfest-diwala.json": Kind.CREDENTIAL,
    "real-samples/walt-id/openbadgecredential_sample.json": Kind.CREDENTIAL,
    "samples/1edtech-validator/ob20/basic-assertion.json": Kind.OPEN_BADGES_2,
    "samples/1edtech-validator/ob20/badge-class-with-language.json": Kind.OPEN_BADGES_2_PART,
    "samples/1edtech-validator/ob20/assets/key1.json": Kind.OPEN_BADGES_2_PART,
    "samples/1edtech-validator/ob20/basic-assertion-invalid-type.json": Kind.UNKNOWN,
}


@pytest.mark.parametrize(("name", "kind"), SAMPLES.items())
def test_a_published_document_is_recognised(name: str, kind: Kind) -> None:
    assert recognise(json.loads((standards() / name).read_bytes())) is kind


def test_every_published_credential_of_1edtech_and_dcc_is_ours_to_judge() -> None:
    folders = ("samples/1edtech-validator/ob30", "samples/1edtech-validator/clr20", "real-samples/dcc")
    files = [path for folder in folders for path in (standards() / folder).rglob("*.json")]
    assert len(files) > 35
    assert {recognise(json.loads(path.read_bytes())) for path in files} == {Kind.CREDENTIAL}


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.foreign], ids=lambda kind: kind.value)
def test_a_foreign_document_is_answered_with_its_name(kind: Kind) -> None:
    answer = foreign.refusal(kind)
    assert answer.code == f"badge.{kind.value}"
    assert str(answer).startswith("this is a")
    assert "another system" not in str(answer)
    assert ("imported" in str(answer.hint)) is kind.importable


def test_what_is_ours_or_unknown_is_not_foreign() -> None:
    assert not Kind.CREDENTIAL.foreign
    assert not Kind.UNKNOWN.foreign
    assert not any(kind.importable for kind in Kind if not kind.foreign)


@pytest.fixture(scope="module", name="confined")
def confinement() -> Iterator[Confinement]:
    with Confinement() as shared:
        yield shared


SENT = {name: (value, kind) for name, (value, kind) in LOOKS.items() if kind.foreign}


@pytest.mark.parametrize(("value", "kind"), SENT.values(), ids=SENT.keys())
def test_a_foreign_document_that_is_sent_in_is_told_apart_from_credentials(
    value: Any, kind: Kind, confined: Confinement
) -> None:
    (entry,) = open_document(json.dumps(value).encode(), confinement=confined)
    assert entry.content == ForeignFound(kind, value)
    assert (entry.credential, entry.receipt, entry.number, entry.fault) == (None, None, None, None)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "proof", "data", "signature", "badge", "payload", "sig"]), inner)
        ),
        max_leaves=10,
    )
)
def test_any_json_is_of_one_kind(value: Any) -> None:
    assert isinstance(recognise(value), Kind)
