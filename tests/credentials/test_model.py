"""The structure of credentials: the W3C suite's inputs, our own refusals, and what can be read from sound ones."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.credentials.model import Credential, Model
from jikin.credentials.types import CredentialType
from jikin.errors import CredentialError
from jikin.values import Did
from tests.credential_samples import MACHINE, NUMBER, QUALIFICATION, TYPES, credential, status_entry
from tests.shared_standards import standards

SOUND: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "credentialSubject": {"id": "did:example:subject"},
}
OLD: dict[str, Any] = {
    "@context": ["https://www.w3.org/2018/credentials/v1"],
    "type": ["VerifiableCredential"],
    "issuer": {"id": "did:example:issuer", "name": "Example"},
    "issuanceDate": "2020-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:subject"},
}
ABSENT = object()

# The W3C suite's "-fail" inputs whose fault is not in the structure: JSON-LD safe mode refuses them, with the reason.
FOUND_BY_JSON_LD = {
    "credential-redef-type-fail": "redefines a protected term",
    "credential-redef-type2-fail": "redefines a protected term of its own",
    "credential-type-mapped-nonurl-fail": "a type is mapped to something that is no IRI",
    "credential-type-unmapped-fail": "a type that no context defines",
}
# The suite leaves the issuer out; its harness adds one, except where the issuer is what is tested.
WITHOUT_ISSUER = {"credential-no-issuer-fail"}
PLACEHOLDERS = {"PAST DATE": "2020-01-01T00:00:00Z", "FUTURE DATE": "2040-01-01T00:00:00Z"}


def refusal(document: dict[str, Any]) -> str | None:
    """Return the code with which the document is refused, None when it is accepted."""
    try:
        Credential.parse(document)
    except CredentialError as error:
        return error.code
    return None


def suite_inputs() -> list[Path]:
    folder = standards() / "vectors" / "vcdm2-suite"
    return sorted(folder.glob("credential-*.json")) + sorted((folder / "names-and-descriptions").glob("*.json"))


def prepared(path: Path) -> dict[str, Any]:
    """Return the input as the suite's harness would send it."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    issuer = document.get("issuer", ABSENT)
    if issuer is ABSENT and path.stem not in WITHOUT_ISSUER:
        document["issuer"] = "did:example:issuer"
    elif isinstance(issuer, dict) and "id" not in issuer:
        issuer["id"] = "did:example:issuer"
    return {
        name: PLACEHOLDERS.get(value, value) if isinstance(value, str) else value for name, value in document.items()
    }


def changed(base: dict[str, Any], **members: Any) -> dict[str, Any]:
    document = copy.deepcopy(base)
    for name, value in members.items():
        member = {"context": "@context"}.get(name, name)
        if value is ABSENT:
            document.pop(member, None)
        else:
            document[member] = value
    return document


def test_every_ok_input_of_the_w3c_suite_is_accepted_and_every_structural_fail_refused() -> None:
    accepted, refused, left = [], [], set()
    for path in suite_inputs():
        code = refusal(prepared(path))
        if path.stem.endswith("-ok"):
            assert code is None, f"{path.stem}: {code}"
            accepted.append(path.stem)
        elif code is None:
            left.add(path.stem)
        else:
            assert code.startswith("model.")
            refused.append(path.stem)
    assert (len(accepted), len(refused)) == (54, 37)
    assert left == set(FOUND_BY_JSON_LD)


def test_what_the_structure_lets_pass_is_found_by_json_ld_safe_mode() -> None:
    jsonld = pytest.importorskip("jikin.codec.jsonld")
    contexts = pytest.importorskip("jikin.codec.contexts").Contexts.packaged()
    folder = standards() / "vectors" / "vcdm2-suite"
    from jikin.errors import CanonicalizationError

    for name in FOUND_BY_JSON_LD:
        with pytest.raises(CanonicalizationError):
            jsonld.to_quads(prepared(folder / f"{name}.json"), contexts)


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "no context": (changed(SOUND, context=ABSENT), "model.context"),
    "a context that is a string": (changed(SOUND, context="https://www.w3.org/ns/credentials/v2"), "model.context"),
    "an empty context": (changed(SOUND, context=[]), "model.context"),
    "another context first": (
        changed(SOUND, context=["https://a.example/c", "https://www.w3.org/ns/credentials/v2"]),
        "model.context",
    ),
    "a null context": (changed(SOUND, context=["https://www.w3.org/ns/credentials/v2", None]), "model.context"),
    "no type": (changed(SOUND, type=ABSENT), "model.type"),
    "an empty type": (changed(SOUND, type=[]), "model.type"),
    "another type only": (changed(SOUND, type=["OpenBadgeCredential"]), "model.type"),
    "an id that is no URL": (changed(SOUND, id="certificate 12"), "model.id"),
    "an id that is a number": (changed(SOUND, id=12), "model.id"),
    "two ids": (changed(SOUND, id=["urn:uuid:1", "urn:uuid:2"]), "model.id"),
    "no issuer": (changed(SOUND, issuer=ABSENT), "model.issuer"),
    "an issuer that is a name": (changed(SOUND, issuer="한국산업인력공단"), "model.issuer"),
    "an issuer without id": (changed(SOUND, issuer={"name": "Example"}), "model.issuer"),
    "two issuers": (changed(SOUND, issuer=["did:example:a", "did:example:b"]), "model.issuer"),
    "no subject": (changed(SOUND, credentialSubject=ABSENT), "model.subject"),
    "a null subject": (changed(SOUND, credentialSubject=None), "model.subject"),
    "an empty subject": (changed(SOUND, credentialSubject={}), "model.subject"),
    "no subjects": (changed(SOUND, credentialSubject=[]), "model.subject"),
    "a subject that is a string": (changed(SOUND, credentialSubject="did:example:subject"), "model.subject"),
    "a subject with two ids": (changed(SOUND, credentialSubject={"id": ["did:a:b", "did:a:c"]}), "model.id"),
    "a date without time zone": (changed(SOUND, validFrom="2026-06-12T09:00:00"), "model.dates"),
    "a date that is none": (changed(SOUND, validFrom="2026-02-30T09:00:00Z"), "model.dates"),
    "a date that is a number": (changed(SOUND, validUntil=1781222400), "model.dates"),
    "a null date": (changed(SOUND, validUntil=None), "model.dates"),
    "an end before the beginning": (
        changed(SOUND, validFrom="2026-06-12T09:00:00Z", validUntil="2026-06-12T08:59:59Z"),
        "model.dates",
    ),
    "an expiry under its old name": (changed(SOUND, expirationDate="2021-01-01T00:00:00Z"), "model.dates"),
    "a name that is a number": (changed(SOUND, name=12), "model.text"),
    "a name in no language object": (changed(SOUND, name={"ko": "이름"}), "model.text"),
    "a description with a foreign member": (
        changed(SOUND, description={"@value": "x", "@language": "en", "url": "https://a.example"}),
        "model.text",
    ),
    "a status without type": (changed(SOUND, credentialStatus={"id": "https://a.example/1"}), "model.type"),
    "a status that is a URL": (changed(SOUND, credentialStatus="https://a.example/1"), "model.status"),
    "no statuses": (changed(SOUND, credentialStatus=[]), "model.status"),
    "a schema without id": (changed(SOUND, credentialSchema={"type": "JsonSchema"}), "model.id"),
    "evidence without type": (changed(SOUND, evidence={"name": "x"}), "model.type"),
    "terms without type": (changed(SOUND, termsOfUse={"id": "https://a.example/1"}), "model.type"),
    "a refresh service without type": (changed(SOUND, refreshService={"id": "https://a.example/1"}), "model.type"),
    "a proof without type": (changed(SOUND, proof={"proofValue": "z1"}), "model.proof"),
    "a proof that is a string": (changed(SOUND, proof="z1"), "model.proof"),
    "a resource without id": (changed(SOUND, relatedResource={"digestSRI": "sha256-YQ=="}), "model.id"),
    "a resource without digest": (changed(SOUND, relatedResource={"id": "https://a.example/1"}), "model.resource"),
    "a resource with a digest that is none": (
        changed(SOUND, relatedResource={"id": "https://a.example/1", "digestSRI": "md5-YQ=="}),
        "model.resource",
    ),
    "a resource named twice": (
        changed(SOUND, relatedResource=[{"id": "https://a.example/1", "digestSRI": "sha256-" + "A" * 43}] * 2),
        "model.resource",
    ),
    "a resource whose media type is a number": (
        changed(
            SOUND, relatedResource={"id": "https://a.example/1", "digestSRI": "sha256-" + "A" * 43, "mediaType": 5}
        ),
        "model.resource",
    ),
    "a schema with a digest that is none": (
        changed(
            SOUND, credentialSchema={"id": "https://a.example/1", "type": "JsonSchema", "digestSRI": "sha256-YQ=="}
        ),
        "model.schema",
    ),
    "more schemas than anybody asks for": (
        changed(SOUND, credentialSchema=[{"id": f"https://a.example/{n}", "type": "JsonSchema"} for n in range(17)]),
        "model.schema",
    ),
    "more statuses than anybody asks for": (
        changed(SOUND, credentialStatus=[{"id": f"https://a.example/{n}", "type": "Status"} for n in range(9)]),
        "model.status",
    ),
    "a subject's name that is a number": (changed(SOUND, credentialSubject={"id": "did:a:b", "name": 7}), "model.text"),
    "an issuer's name in a language map": (
        changed(SOUND, issuer={"id": "did:a:b", "name": {"ko": "기관"}}),
        "model.text",
    ),
    "an issuer's name in a language that is none": (
        changed(SOUND, issuer={"id": "did:a:b", "name": {"@value": "기관", "@language": "한국어"}}),
        "model.text",
    ),
    "an issuer's name in a direction that is none": (
        changed(SOUND, issuer={"id": "did:a:b", "name": {"@value": "x", "@direction": "up"}}),
        "model.text",
    ),
    "evidence with a name that is an object": (
        changed(SOUND, evidence={"type": "https://a.example/E", "name": {"given": "x"}}),
        "model.text",
    ),
    "a refresh service whose description is a number": (
        changed(SOUND, refreshService={"type": "https://a.example/R", "description": 5}),
        "model.text",
    ),
    "an end a fraction of a second before the beginning": (
        changed(SOUND, validFrom="2026-06-12T09:00:00.5Z", validUntil="2026-06-12T09:00:00.49Z"),
        "model.dates",
    ),
    "a leap second": (changed(SOUND, validFrom="2016-12-31T23:59:60Z"), "model.dates"),
    "a time zone that is none": (changed(SOUND, validFrom="2026-06-12T09:00:00+15:00"), "model.dates"),
    "a render method without type": (changed(SOUND, renderMethod={"id": "https://a.example/r"}), "model.type"),
    "a render method that is a URL": (changed(SOUND, renderMethod="https://a.example/r"), "model.render"),
    "an SVG template of 2023 that lies nowhere": (
        changed(SOUND, renderMethod={"type": "SvgRenderingTemplate2023"}),
        "model.id",
    ),
    "an SVG template of 2024 that lies nowhere": (
        changed(SOUND, renderMethod={"type": "SvgRenderingTemplate2024"}),
        "model.render",
    ),
    "an SVG template that is no SVG": (
        changed(
            SOUND,
            renderMethod={
                "type": "SvgRenderingTemplate2024",
                "template": {"id": "https://a.example/t", "mediaType": "text/html"},
            },
        ),
        "model.render",
    ),
    "an SVG template in a data URL that is no SVG": (
        changed(SOUND, renderMethod={"type": "SvgRenderingTemplate2024", "template": "data:text/html,x"}),
        "model.render",
    ),
    "a template with a digest that is none": (
        changed(
            SOUND,
            renderMethod={
                "type": "SvgRenderingTemplate2024",
                "template": {"id": "https://a.example/t", "digestMultibase": "uAAAA"},
            },
        ),
        "model.render",
    ),
    "a template that is a number": (
        changed(SOUND, renderMethod={"type": "TemplateRenderMethod", "renderSuite": "svg-mustache", "template": 5}),
        "model.render",
    ),
    "a template of no suite": (
        changed(SOUND, renderMethod={"type": "TemplateRenderMethod", "template": "https://a.example/t"}),
        "model.render",
    ),
    "a template that shows what is no pointer": (
        changed(
            SOUND,
            renderMethod={
                "type": "TemplateRenderMethod",
                "renderSuite": "svg-mustache",
                "template": "https://a.example/t",
                "renderProperty": ["name"],
            },
        ),
        "model.render",
    ),
    "a media query that is a number": (
        changed(SOUND, renderMethod={"type": "SvgRenderingTemplate2023", "id": "urn:a:b", "css3MediaQuery": 5}),
        "model.render",
    ),
    "a render method whose name is a number": (
        changed(SOUND, renderMethod={"type": "https://a.example/R", "name": 5}),
        "model.text",
    ),
    "a confidence method without type": (changed(SOUND, confidenceMethod={"id": "did:a:b#k"}), "model.type"),
    "a confidence method that is a text": (changed(SOUND, confidenceMethod="did:a:b#k"), "model.confidence"),
    "a subject's confidence method without type": (
        changed(SOUND, credentialSubject={"id": "did:a:b", "confidenceMethod": {"id": "did:a:b#k"}}),
        "model.type",
    ),
    "VC 1.1 with a beginning after its end": (
        changed(OLD, validFrom="2022-01-01T00:00:00Z", expirationDate="2021-01-01T00:00:00Z"),
        "model.dates",
    ),
    "VC 1.1 with a beginning that is none": (changed(OLD, validFrom="soon"), "model.dates"),
    "VC 1.1 without issuanceDate": (changed(OLD, issuanceDate=ABSENT), "model.dates"),
    "VC 1.1 with a VC 2.0 end": (changed(OLD, validUntil="2021-01-01T00:00:00Z"), "model.dates"),
    "VC 1.1 that expires before it begins": (changed(OLD, expirationDate="2019-01-01T00:00:00Z"), "model.dates"),
    "VC 1.1 with a status without id": (changed(OLD, credentialStatus={"type": "X"}), "model.id"),
}


@pytest.mark.parametrize(("document", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_an_unsound_credential_is_refused_with_its_code(document: dict[str, Any], code: str) -> None:
    with pytest.raises(CredentialError) as refused:
        Credential.parse(document)
    assert refused.value.code == code
    assert len(str(refused.value)) < 300


ACCEPTED: dict[str, dict[str, Any]] = {
    "an issuer's name in two languages": changed(
        SOUND,
        issuer={
            "id": "did:a:b",
            "name": [
                {"@value": "한국기술교육원", "@language": "ko"},
                {"@value": "معهد", "@language": "ar", "@direction": "rtl"},
            ],
        },
    ),
    "names and descriptions wherever the model has them": changed(
        SOUND,
        credentialSubject={"id": "did:a:b", "name": "Alice", "description": {"@value": "x"}},
        evidence={"type": "https://a.example/E", "name": "a test"},
        termsOfUse=[{"type": "https://a.example/T", "description": "terms"}],
    ),
    "an end at the very fraction of the beginning": changed(
        SOUND, validFrom="2026-06-12T09:00:00.50Z", validUntil="2026-06-12T18:00:00.5+09:00"
    ),
    "the last midnight of a day": changed(SOUND, validUntil="2026-06-12T24:00:00Z"),
    "a render method of an unknown kind": changed(
        SOUND, renderMethod=[{"type": "EMBEDDED_RENDERER", "templateName": "NOTE", "id": "https://a.example"}]
    ),
    "an SVG template of 2023": changed(
        SOUND,
        renderMethod={
            "id": "https://a.example/t.svg",
            "type": "SvgRenderingTemplate2023",
            "name": "Portrait",
            "css3MediaQuery": "@media (orientation: portrait)",
        },
    ),
    "an SVG template of 2024": changed(
        SOUND,
        renderMethod={
            "type": "SvgRenderingTemplate2024",
            "mediaQuery": "@media (orientation: portrait)",
            "template": {
                "id": "https://a.example/t.svg",
                "mediaType": "image/svg+xml",
                "digestMultibase": "uEiAkoYyQ6YVtUmER8pN24wLZcLK9EBguM5WZlbAgfXBDuQ",
            },
        },
    ),
    "a template inside the credential": changed(
        SOUND,
        renderMethod={
            "type": "TemplateRenderMethod",
            "renderSuite": "svg-mustache",
            "template": "data:image/svg+xml;base64,PHN2Zy8+",
            "renderProperty": ["/issuer", "/credentialSubject/achievement/name"],
        },
    ),
    "a confidence method": changed(
        SOUND, credentialSubject={"id": "did:a:b", "confidenceMethod": [{"type": "Multikey", "id": "did:a:b#k"}]}
    ),
    "VC 1.1 whose name is for another vocabulary to say": changed(
        OLD, issuer={"id": "did:a:b", "name": {"ko": "기관"}}, name={"ko": "자격증"}
    ),
    "VC 1.1 with everything an id is demanded of": changed(
        OLD,
        credentialStatus={"id": "urn:s:1", "type": "S"},
        refreshService={"id": "urn:r:1", "type": "R"},
        credentialSchema={"id": "urn:c:1", "type": "JsonSchemaValidator2018"},
        termsOfUse={"type": "T"},
        evidence=[{"type": ["E"]}],
        expirationDate="2031-01-01T00:00:00Z",
    ),
}


@pytest.mark.parametrize("document", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_the_models_allow_is_accepted(document: dict[str, Any]) -> None:
    assert refusal(document) is None


def test_in_vc_1_1_the_later_of_two_beginnings_counts() -> None:
    later = Credential.parse(changed(OLD, validFrom="2020-06-01T00:00:00Z"))
    earlier = Credential.parse(changed(OLD, validFrom="2019-06-01T00:00:00Z"))
    assert later.valid_from == 1_590_969_600
    assert earlier.valid_from == 1_577_836_800


@pytest.mark.parametrize("value", [None, 3, "text", [SOUND], True])
def test_what_is_no_object_is_no_credential(value: Any) -> None:
    with pytest.raises(CredentialError) as refused:
        Credential.parse(value)
    assert refused.value.code == "model.shape"


def test_a_sound_credential_gives_its_parts() -> None:
    parsed = Credential.parse(
        changed(
            SOUND,
            issuer={"id": "did:web:certs.example", "name": "Example"},
            validFrom="2026-06-12T09:00:00+09:00",
            validUntil="2026-06-12T09:00:00.750Z",
            credentialStatus=[status_entry("revocation"), {**status_entry("suspension"), "statusListIndex": 7}],
        )
    )
    assert parsed.model is Model.V2_0
    assert parsed.issuer_did == Did("did:web:certs.example")
    assert (parsed.valid_from, parsed.valid_until) == (1781222400, 1781254800)
    assert [(entry.position, entry.purpose, entry.index) for entry in parsed.status] == [
        (0, "revocation", 94567),
        (1, "suspension", 7),
    ]
    assert parsed.number is None
    assert parsed.kind is None
    assert parsed.title is None
    assert parsed.public == {}


@pytest.mark.parametrize("index", ["-1", "01", "1e3", "", "9" * 17, -1, 1.5, True, None, ["7"]])
def test_a_status_index_that_is_none_is_left_unread(index: Any) -> None:
    parsed = Credential.parse(changed(SOUND, credentialStatus={**status_entry(), "statusListIndex": index}))
    assert parsed.status[0].index is None


def test_an_issuer_that_is_another_url_has_no_did() -> None:
    assert Credential.parse(changed(SOUND, issuer="https://issuer.example/1")).issuer_did is None
    assert Credential.parse(changed(SOUND, issuer="did:web:certs.example#key")).issuer_did is None


def test_vc_1_1_is_recognised_with_its_own_dates() -> None:
    parsed = Credential.parse(changed(OLD, expirationDate="2021-01-01T00:00:00Z"))
    assert parsed.model is Model.V1_1
    assert (parsed.valid_from, parsed.valid_until) == (1577836800, 1609459200)


@pytest.mark.parametrize("kind", TYPES, ids=[kind.id for kind in TYPES])
def test_number_title_and_public_fields_come_from_the_type(kind: CredentialType) -> None:
    parsed = Credential.parse(credential(kind))
    assert parsed.kind is kind
    assert parsed.number == NUMBER
    assert parsed.title == {QUALIFICATION.id: "지게차운전기능사", MACHINE.id: "지게차"}[kind.id]
    assert set(parsed.public) == set(kind.public_pointers)


def test_the_public_fields_of_a_person_hold_no_name_and_no_birth_date() -> None:
    shown = json.dumps(dict(Credential.parse(credential(QUALIFICATION)).public), ensure_ascii=False)
    for secret in ("김하늘", "Kim", "2003", NUMBER.symbols):
        assert secret not in shown


def test_a_number_that_cannot_be_one_is_none() -> None:
    document: Any = copy.deepcopy(dict(credential(QUALIFICATION)))
    document["credentialSubject"]["licenseNumber"] = "26-KR12-7F3Q-9XK4-M2W8-38"
    assert Credential.parse(document).number is None


def test_an_open_badge_of_a_stranger_gives_achievement_name_and_license_number() -> None:
    subject = {"achievement": {"name": [{"@value": "Forklift", "@language": "en"}]}, "licenseNumber": str(NUMBER)}
    parsed = Credential.parse(changed(SOUND, credentialSubject=[subject]))
    assert (parsed.title, parsed.number, parsed.kind) == ("Forklift", NUMBER, None)


def test_a_title_that_would_steer_a_terminal_is_spelt_out() -> None:
    assert Credential.parse(changed(SOUND, name="\x1b[2J진본\u202e")).title == "<U+001B>[2J진본<U+202E>"
    assert len(str(Credential.parse(changed(SOUND, name="가" * 5000)).title)) == 200


def test_a_credential_does_not_show_its_holder_in_a_repr() -> None:
    shown = repr(Credential.parse(credential(QUALIFICATION)))
    assert "김하늘" not in shown
    assert "sha256$" not in shown


def test_real_credentials_of_other_makers_are_read() -> None:
    samples = standards() / "real-samples" / "dcc"
    read = 0
    for path in sorted(samples.glob("v*.json")):
        Credential.parse(json.loads(path.read_text(encoding="utf-8")))
        read += 1
    assert read == 8


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "name", "@value", "template", "digestSRI", "x"]), inner)
    ),
    max_leaves=8,
)
MEMBERS = (
    *("@context", "type", "id", "issuer", "credentialSubject", "validFrom", "validUntil", "name", "description"),
    *("credentialStatus", "credentialSchema", "evidence", "termsOfUse", "refreshService", "relatedResource", "proof"),
    *("renderMethod", "confidenceMethod", "issuanceDate", "expirationDate"),
)


@given(st.sampled_from([SOUND, OLD]), st.dictionaries(st.sampled_from(MEMBERS), JSON_VALUES, max_size=4))
def test_whatever_stands_in_a_member_the_answer_is_a_credential_or_a_model_error(base: Any, members: Any) -> None:
    document = {**base, **members}
    code = refusal(document)
    if code is not None:
        assert code.startswith("model.")
        return
    parsed = Credential.parse(document)
    assert "VerifiableCredential" in parsed.types
    assert parsed.number is None or parsed.number.symbols
    assert isinstance(parsed.title, str | None)
