"""What a credential points at: schemas that it must keep, resources whose digest it states."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import multibase
from jikin.errors import JikinError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import DidUrl, Json
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Finding, Outcome, Report, Weight
from jikin.verification.sources import document_in
from jikin.verification.verifying import verify
from tests.small_world import DAY, SmallWorld

V2 = "https://www.w3.org/ns/credentials/v2"
STRANGER = Ed25519Signer.from_seed(b"\x07" * 32)
SCHEMA_ISSUER = Ed25519Signer.from_seed(b"\x09" * 32)
URL = "https://schemas.example/course.json"
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "properties": {"credentialSubject": {"required": ["name"], "properties": {"name": {"pattern": "^A"}}}},
}
TEXT = json.dumps(SCHEMA).encode()


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


def sri(data: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


def multihash(data: bytes) -> str:
    return multibase.encode(b"\x12\x20" + hashlib.sha256(data).digest(), "u")


def signed(world: SmallWorld, signer: Ed25519Signer = STRANGER, **members: Json) -> dict[str, Json]:
    name = world.multikey(signer)
    unsecured = {
        "@context": [V2],
        "type": ["VerifiableCredential"],
        "issuer": f"did:key:{name}",
        "credentialSubject": {"id": "did:example:holder", "name": "Alice"},
        **members,
    }
    return dict(world.sign(unsecured, signer=signer, method=DidUrl(f"did:key:{name}#{name}")))


def judged(world: SmallWorld, document: Json, policy: str = "proof", **sources: object) -> Report:
    return verify(Document.of(document), world.sources(**sources), packaged(policy), world.time)


def of_model(report: Report) -> dict[str, Finding]:
    return {finding.code: finding for finding in report.findings if finding.code.startswith("model.")}


def reference(**members: Json) -> dict[str, Json]:
    return {"id": URL, "type": "JsonSchema", **members}


BOB = {"id": "did:example:holder", "name": "Bob"}

# --- schemas at hand ---

AT_HAND: dict[str, dict[str, Json]] = {
    "by its name": {},
    "by its name and digest": {"digestSRI": sri(TEXT)},
    "by its digest under another name": {"id": "https://mirror.example/other", "digestMultibase": multihash(TEXT)},
    "as a schema of Open Badges": {"type": "1EdTechJsonSchemaValidator2019"},
}


@pytest.mark.parametrize("members", AT_HAND.values(), ids=AT_HAND.keys())
def test_a_credential_is_held_against_a_schema_that_is_at_hand(world: SmallWorld, members: dict[str, Json]) -> None:
    types = {"@context": [V2, {members["type"]: "https://a.example/T"}]} if "type" in members else {}
    kept = signed(world, credentialSchema=reference(**members), **types)
    broken = signed(world, credentialSchema=reference(**members), credentialSubject=BOB, **types)
    sources = {"schemas": {URL: TEXT}}
    report = judged(world, kept, **sources)
    assert report.outcome is Outcome.PASSED
    assert list(of_model(report)) == ["model.valid"]
    report = judged(world, broken, **sources)
    assert report.outcome is Outcome.FAILED
    assert list(of_model(report)) == ["model.schema"]
    assert "/credentialSubject/name" in of_model(report)["model.schema"].detail
    assert world.web.asked == []


def test_every_schema_that_is_named_counts(world: SmallWorld) -> None:
    named = [reference(), {"id": "urn:schema:other", "type": "JsonSchema"}]
    other = json.dumps({**SCHEMA, "required": ["validUntil"]}).encode()
    report = judged(world, signed(world, credentialSchema=named), schemas={URL: TEXT, "urn:schema:other": other})
    assert list(of_model(report)) == ["model.schema"]


# --- schemas that are fetched ---


def test_a_schema_is_fetched_where_a_digest_pins_it(world: SmallWorld) -> None:
    world.web.files[URL] = TEXT
    pinned = reference(digestSRI=sri(TEXT))
    assert judged(world, signed(world, credentialSchema=pinned)).outcome is Outcome.PASSED
    report = judged(world, signed(world, credentialSchema=pinned, credentialSubject=BOB))
    assert list(of_model(report)) == ["model.schema"]
    assert set(world.web.asked) == {URL}


NOT_AT_HAND: dict[str, tuple[dict[str, Json], bytes | None]] = {
    "no digest pins it": ({}, TEXT),
    "its digest is of a kind that is not read": (
        {"digestMultibase": multibase.encode(b"\x16\x20" + hashlib.sha3_256(TEXT).digest(), "u")},
        TEXT,
    ),
    "another document lies there": ({"digestSRI": sri(TEXT)}, TEXT + b" "),
    "nothing lies there": ({"digestSRI": sri(TEXT)}, None),
    "what is pinned is no schema": ({"digestSRI": sri(b"[]")}, b"[]"),
    "what is pinned is no JSON": ({"digestSRI": sri(b"{")}, b"{"),
    "what is pinned refers elsewhere": (
        {"digestSRI": sri(json.dumps({**SCHEMA, "$ref": "https://elsewhere.example/s"}).encode())},
        json.dumps({**SCHEMA, "$ref": "https://elsewhere.example/s"}).encode(),
    ),
}


@pytest.mark.parametrize(("members", "served"), NOT_AT_HAND.values(), ids=NOT_AT_HAND.keys())
def test_a_schema_that_cannot_be_used_says_nothing_of_the_credential(
    world: SmallWorld, members: dict[str, Json], served: bytes | None
) -> None:
    if served is not None:
        world.web.files[URL] = served
    broken = signed(world, credentialSchema=reference(**members), credentialSubject=BOB)
    report = judged(world, broken)
    assert report.outcome is Outcome.PASSED
    assert list(of_model(report)) == ["model.valid", "model.schema-unchecked"]
    assert of_model(report)["model.schema-unchecked"].weight is Weight.ADVISORY
    assert of_model(judged(world, broken, "strict"))["model.schema-unchecked"].weight is Weight.REQUIRED
    assert set(world.web.asked) <= {URL}
    assert ("digestSRI" in members) is (URL in world.web.asked)


def test_a_schema_of_an_unknown_kind_is_not_even_asked_for(world: SmallWorld) -> None:
    named = {"id": URL, "type": "https://a.example/ShapeSchema", "digestSRI": sri(TEXT)}
    report = judged(world, signed(world, credentialSchema=named))
    assert list(of_model(report)) == ["model.valid", "model.schema-unchecked"]
    assert world.web.asked == []


def test_only_a_few_schemas_are_asked_for(world: SmallWorld) -> None:
    named = [{"id": f"{URL}?{n}", "type": "JsonSchema", "digestSRI": sri(TEXT)} for n in range(16)]
    judged(world, signed(world, credentialSchema=named))
    assert len(world.web.asked) == 4


# --- schemas in credentials ---


def schema_credential(world: SmallWorld, **members: Json) -> dict[str, Json]:
    subject = {"id": "urn:schema:course", "type": "JsonSchema", "jsonSchema": SCHEMA}
    made = {"type": ["VerifiableCredential", "JsonSchemaCredential"], "credentialSubject": subject, **members}
    return signed(world, SCHEMA_ISSUER, **made)


def in_credential(world: SmallWorld, carrier: Json, *, subject: Json) -> Report:
    data = json.dumps(carrier).encode()
    named = {"id": URL, "type": "JsonSchemaCredential"}
    return judged(world, signed(world, credentialSchema=named, credentialSubject=subject), schemas={URL: data})


ALICE = {"id": "did:example:holder", "name": "Alice"}


def test_a_schema_inside_a_credential_counts_when_its_own_issuer_signed_it(world: SmallWorld) -> None:
    carrier = schema_credential(world)
    assert in_credential(world, carrier, subject=ALICE).outcome is Outcome.PASSED
    assert list(of_model(in_credential(world, carrier, subject=BOB))) == ["model.schema"]


def test_a_schema_inside_a_credential_that_does_not_hold_says_nothing(world: SmallWorld) -> None:
    sound = schema_credential(world)
    subject: Any = sound["credentialSubject"]
    bare = {name: value for name, value in sound.items() if name != "proof"}
    carriers: dict[str, Any] = {
        "changed after it was signed": {**sound, "credentialSubject": {**subject, "id": "urn:schema:other"}},
        "without proof": bare,
        "signed by somebody else": {**bare, "proof": signed(world, STRANGER)["proof"]},
        "not yet in force": schema_credential(world, validFrom="2030-01-01T00:00:00Z"),
        "no longer in force": schema_credential(world, validUntil="2020-01-01T00:00:00Z"),
        "without a schema": schema_credential(world, credentialSubject={"id": "urn:a:b", "type": "JsonSchema"}),
        "with two subjects": schema_credential(world, credentialSubject=[subject, subject]),
        "no credential": {"jsonSchema": SCHEMA},
        "no object": [1],
    }
    for what, carrier in carriers.items():
        report = in_credential(world, carrier, subject=BOB)
        assert report.outcome is Outcome.PASSED, what
        assert list(of_model(report)) == ["model.valid", "model.schema-unchecked"], what


# --- related resources ---

PICTURE = b"\x89PNG a picture"
PICTURE_URL = "https://files.example/picture.png"


def resource(data: bytes = PICTURE, **members: Json) -> dict[str, Json]:
    return {"id": PICTURE_URL, "digestSRI": sri(data), **members}


def test_a_resource_is_asked_for_only_where_the_policy_says_so(world: SmallWorld) -> None:
    document = signed(world, relatedResource=resource(mediaType="image/png"))
    report = judged(world, document)
    assert report.outcome is Outcome.PASSED
    assert list(of_model(report)) == ["model.valid", "model.resource-unchecked"]
    assert world.web.asked == []
    assert list(of_model(judged(world, document, "strict"))) == ["model.valid", "model.resource-unchecked"]
    assert world.web.asked == [PICTURE_URL]
    world.web.files[PICTURE_URL] = PICTURE
    assert list(of_model(judged(world, document, "strict"))) == ["model.valid"]


def test_a_resource_with_another_digest_fails(world: SmallWorld) -> None:
    document = signed(world, relatedResource=resource())
    world.web.files[PICTURE_URL] = PICTURE + b"!"
    report = judged(world, document, "strict")
    assert report.outcome is Outcome.FAILED
    assert of_model(report)["model.resource"].weight is Weight.REQUIRED


def test_a_resource_that_the_operator_has_is_compared_with_that(world: SmallWorld) -> None:
    document = signed(world, relatedResource=[resource(), {"id": URL, "digestMultibase": multihash(TEXT)}])
    right, wrong = ({PICTURE_URL: data, URL: TEXT} for data in (PICTURE, b"another"))
    assert list(of_model(judged(world, document, schemas=right))) == ["model.valid"]
    assert list(of_model(judged(world, document, schemas=wrong))) == ["model.resource"]
    assert world.web.asked == []


def test_a_resource_whose_digest_is_of_an_unknown_kind_is_a_note(world: SmallWorld) -> None:
    sha3 = multibase.encode(b"\x16\x20" + hashlib.sha3_256(PICTURE).digest(), "u")
    document = signed(world, relatedResource={"id": PICTURE_URL, "digestMultibase": sha3})
    assert list(of_model(judged(world, document, "strict"))) == ["model.valid", "model.resource-unchecked"]
    assert world.web.asked == []


def test_only_a_few_resources_are_asked_for(world: SmallWorld) -> None:
    many = [{"id": f"{PICTURE_URL}?{n}", "digestSRI": sri(PICTURE)} for n in range(20)]
    judged(world, signed(world, relatedResource=many), "strict")
    assert len(world.web.asked) == 8


def test_a_context_of_the_catalogue_is_compared_with_its_published_editions(world: SmallWorld) -> None:
    right = "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"
    assert list(of_model(judged(world, signed(world, relatedResource={"id": V2, "digestSRI": right}), "strict"))) == [
        "model.valid"
    ]
    wrong = signed(world, relatedResource={"id": V2, "digestSRI": sri(b"another")})
    assert list(of_model(judged(world, wrong))) == ["model.malformed"]


def test_the_notes_on_a_certificate_of_our_own_are_none(world: SmallWorld) -> None:
    issued = world.issue()
    world.later(DAY)
    assert list(of_model(judged(world, issued.document.credential, "strict"))) == ["model.valid"]


@given(
    st.binary(max_size=80) | st.sampled_from([b"{}", b"[1]", b'"eyJ.e30."', b"eyJhbGciOiJub25lIn0.e30.", b" ", b"{"])
)
def test_whatever_lies_at_an_address_is_a_document_or_refused(data: bytes) -> None:
    try:
        found = document_in(data)
    except JikinError:
        return
    assert found.envelope is not None or isinstance(found.credential, dict)
