"""The packaged credential types: what they build is sound by every rule book there is."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import secrets
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft201909Validator, Draft202012Validator

import schemas
from jikin.codec import jsonld
from jikin.codec.contexts import Contexts
from jikin.credentials.loading import Folder
from jikin.credentials.model import Credential
from jikin.credentials.types import CredentialType, CredentialTypes, read_type
from jikin.errors import CredentialError
from jikin.values import parse_instant
from tests.credential_samples import (
    CREDENTIAL_ID,
    ISSUED_AT,
    ISSUER,
    MACHINE,
    NAMES,
    NUMBER,
    QUALIFICATION,
    TYPES,
    counting,
    credential,
    record,
    status_entry,
)
from tests.shared_standards import standards

TYPE_IDS = [kind.id for kind in TYPES]
BOTH = (status_entry("revocation"), status_entry("suspension"))


def build(kind: CredentialType, row: dict[str, str], **changes: Any) -> Any:
    arguments: dict[str, Any] = {
        "issuer_did": ISSUER,
        "issuer_name": NAMES,
        "number": NUMBER,
        "credential_id": CREDENTIAL_ID,
        "valid_from": ISSUED_AT,
        "valid_until": kind.default_until(ISSUED_AT),
        "status_entries": BOTH,
        "random": counting,
    }
    return kind.build(row, **(arguments | changes))


def variants(kind: CredentialType) -> list[dict[str, str]]:
    """Return the sample row, and the row with every optional cell empty."""
    return [record(kind), record(kind) | {key: "" for key, column in kind.columns.items() if not column.required}]


@pytest.mark.parametrize("kind", TYPES, ids=TYPE_IDS)
def test_what_is_built_keeps_the_model_its_schema_and_json_ld_safe_mode(kind: CredentialType) -> None:
    contexts = Contexts.packaged()
    for row in variants(kind):
        document = build(kind, row)
        parsed = Credential.parse(document)
        assert (parsed.kind, parsed.number, parsed.issuer_did) == (kind, NUMBER, ISSUER)
        assert (parsed.valid_from, parsed.valid_until) == (ISSUED_AT, kind.default_until(ISSUED_AT))
        assert [entry.purpose for entry in parsed.status] == ["revocation", "suspension"]
        assert kind.check_credential(document) == ()
        assert jsonld.to_quads(document, contexts)


def test_a_qualification_passes_the_open_badges_3_schema_with_one_status_entry() -> None:
    path = standards() / "schemas" / "ob3" / "ob_v3p0_achievementcredential_schema.json"
    validator = Draft201909Validator(json.loads(path.read_text(encoding="utf-8")))
    for row in variants(QUALIFICATION):
        assert [e.message for e in validator.iter_errors(build(QUALIFICATION, row, status_entries=BOTH[:1]))] == []
        # Open Badges 3.0 knows a single credentialStatus, VC 2.0 allows several: the only thing that schema minds.
        minded = list(validator.iter_errors(build(QUALIFICATION, row)))
        assert [list(error.absolute_path) for error in minded] == [["credentialStatus"]]


def test_a_machine_certificate_needs_no_context_but_the_w3c_one() -> None:
    contexts = credential(MACHINE)["@context"]
    assert [entry for entry in contexts if isinstance(entry, str)] == ["https://www.w3.org/ns/credentials/v2"]  # type: ignore[union-attr]
    terms = json.dumps(contexts[1:])  # type: ignore[index]
    assert "https://jikin.example/vocab#serialNumberFrom" in terms


def test_the_birth_date_is_hashed_with_a_salt_and_stands_nowhere_in_clear() -> None:
    document = build(QUALIFICATION, record(QUALIFICATION))
    assert "2003-04-17" not in json.dumps(document)
    born = next(i for i in document["credentialSubject"]["identifier"] if i["identityType"] == "ext:birthDate")
    assert born["salt"] == bytes(range(16)).hex()
    digest = hashlib.sha256(f"2003-04-17{born['salt']}".encode()).hexdigest()
    assert born["identityHash"] == f"sha256${digest}"


def test_two_certificates_of_one_person_have_different_hashes() -> None:
    one, other = (build(QUALIFICATION, record(QUALIFICATION), random=secrets.token_bytes) for _ in range(2))
    hashes = {d["credentialSubject"]["identifier"][-1]["identityHash"] for d in (one, other)}
    assert len(hashes) == 2


def test_the_exam_number_stays_in_the_office() -> None:
    assert "26020417-0013" not in json.dumps(build(QUALIFICATION, record(QUALIFICATION)))


def test_an_empty_optional_field_leaves_no_trace() -> None:
    document = build(QUALIFICATION, variants(QUALIFICATION)[1])
    assert [i["identityType"] for i in document["credentialSubject"]["identifier"]] == ["name", "ext:birthDate"]
    assert "value" not in document["credentialSubject"]["result"][0]
    assert "term" not in document["credentialSubject"]
    machine = build(MACHINE, variants(MACHINE)[1])
    assert set(machine["credentialSubject"]) & {"capacity", "serialNumberTo", "factory"} == set()
    assert [text["@language"] for text in machine["credentialSubject"]["manufacturer"]["name"]] == ["ko"]


HOSTILE = ["{number}", "{issuer_did}", '"},"type":"x', "@id", "\\u0000", "${jndi}", "<script>", "김하늘 {birth_salt}"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_that_looks_like_a_placeholder_stays_a_value(value: str) -> None:
    document = build(QUALIFICATION, record(QUALIFICATION, name_ko=value))
    assert document["credentialSubject"]["identifier"][0]["identityHash"] == value
    plain = build(QUALIFICATION, record(QUALIFICATION))
    document["credentialSubject"]["identifier"][0]["identityHash"] = "김하늘"
    assert document == plain


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_names_of_any_letters_come_out_as_they_went_in(name: str, model: str) -> None:
    document = build(QUALIFICATION, record(QUALIFICATION, name_ko=name))
    assert document["credentialSubject"]["identifier"][0]["identityHash"] == name
    assert build(MACHINE, record(MACHINE, model=model))["credentialSubject"]["model"] == model


def test_the_schema_entry_pins_the_packaged_schema() -> None:
    for kind in TYPES:
        entry: Any = credential(kind)["credentialSchema"]
        data = schemas.read(f"credentials/{kind.id}/subject.schema.json")
        assert entry == {
            "id": f"https://jikin.example/schemas/credentials/{kind.id}/subject.schema.json",
            "type": "JsonSchema",
            "digestSRI": "sha256-" + base64.b64encode(hashlib.sha256(data).digest()).decode(),
        }
        assert json.loads(data)["$id"] == entry["id"]


CHANGES: dict[str, tuple[CredentialType, Callable[[Any], object], str]] = {
    "the license number is gone": (
        QUALIFICATION,
        lambda d: d["credentialSubject"].pop("licenseNumber"),
        "/credentialSubject",
    ),
    "a claim is added": (QUALIFICATION, lambda d: d["credentialSubject"].update(grade="1급"), "/credentialSubject"),
    "the hash is no hash": (
        QUALIFICATION,
        lambda d: d["credentialSubject"]["identifier"][2].update(identityHash="2003-04-17"),
        "/credentialSubject/identifier/2/identityHash",
    ),
    "the result is a failure": (
        QUALIFICATION,
        lambda d: d["credentialSubject"]["result"][0].update(status="Failed"),
        "/credentialSubject/result/0/status",
    ),
    "the model is empty": (MACHINE, lambda d: d["credentialSubject"].update(model=""), "/credentialSubject/model"),
    "the end is gone": (MACHINE, lambda d: d.pop("validUntil"), ""),
    "the maker's country is spelt out": (
        MACHINE,
        lambda d: d["credentialSubject"]["manufacturer"].update(country="Korea"),
        "/credentialSubject/manufacturer/country",
    ),
}


@pytest.mark.parametrize(("kind", "change", "pointer"), CHANGES.values(), ids=CHANGES.keys())
def test_a_credential_that_breaks_its_types_schema_is_told_where(
    kind: CredentialType, change: Callable[[Any], object], pointer: str
) -> None:
    document = copy.deepcopy(dict(build(kind, record(kind))))
    change(document)
    found = kind.check_credential(document)
    assert [fault.pointer for fault in found] == [pointer]
    assert "김하늘" not in repr(found)


def test_a_machine_certificate_ends_after_three_years_and_a_qualification_never() -> None:
    assert QUALIFICATION.default_until(ISSUED_AT) is None
    assert MACHINE.default_until(ISSUED_AT) == parse_instant("2029-06-12T00:00:00Z")
    assert MACHINE.default_until(parse_instant("2028-02-29T09:00:00Z")) == parse_instant("2031-02-28T09:00:00Z")


REFUSED_BUILDS: dict[str, dict[str, Any]] = {
    "no status entry": {"status_entries": ()},
    "an end before the beginning": {"valid_until": ISSUED_AT - 1},
    "an id that is no URL": {"credential_id": "certificate 1"},
    "an id with a line end": {"credential_id": CREDENTIAL_ID + "\n"},
    "an issuer without English name": {"issuer_name": {"ko": "공단"}},
}


@pytest.mark.parametrize("changes", REFUSED_BUILDS.values(), ids=REFUSED_BUILDS.keys())
def test_what_must_not_be_issued_is_not_built(changes: dict[str, Any]) -> None:
    with pytest.raises(CredentialError) as refused:
        build(QUALIFICATION, record(QUALIFICATION), **changes)
    assert refused.value.code == "type.build"


def test_an_unknown_type_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        CredentialError, match="machine-safety-certification, national-technical-qualification"
    ) as refused:
        CredentialTypes.packaged().named("forklift")
    assert refused.value.code == "type.unknown"


def test_a_type_is_found_by_its_schema_url_and_by_no_other() -> None:
    types = CredentialTypes.packaged()
    assert types.by_schema([QUALIFICATION.schema_url]) is QUALIFICATION
    assert types.by_schema(["https://other.example/schema"]) is None
    assert types.by_schema([QUALIFICATION.schema_url, MACHINE.schema_url]) is None
    assert [kind.id for kind in types] == list(types.ids)


def test_two_types_of_one_name_are_refused() -> None:
    with pytest.raises(CredentialError):
        CredentialTypes([QUALIFICATION, QUALIFICATION])


def test_every_data_file_is_sound_json_schema_and_every_text_is_in_both_languages() -> None:
    for kind in TYPES:
        for name in ("record.schema.json", "subject.schema.json"):
            Draft202012Validator.check_schema(json.loads(schemas.read(f"credentials/{kind.id}/{name}")))
        assert kind.name.ko != kind.name.en
        for column in kind.columns.values():
            assert column.header.ko != column.header.en
            assert column.hint.ko.endswith(".")
            assert column.hint.en.endswith(".")
        assert set(kind.public_labels) == set(kind.public_pointers)
        assert set(kind.layouts) == {"ko", "en"}


# A type is data: what is wrong with a folder is said when it is read.


def folder_with(tmp_path: Path, name: str, change: Callable[[Any], object] | None) -> Folder:
    source = Path(str(schemas.__file__)).parent / "credentials" / QUALIFICATION.id
    target = tmp_path / QUALIFICATION.id
    shutil.copytree(source, target)
    if change is None:
        (target / name).unlink()
    else:
        document = json.loads((target / name).read_text(encoding="utf-8"))
        change(document)
        (target / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return Folder(QUALIFICATION.id, partial(_read, target))


def _read(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()


BROKEN: dict[str, tuple[str, Callable[[Any], object] | None, str]] = {
    "a file is missing": ("print.json", None, "type.file"),
    "a member is misspelt": ("type.json", lambda d: d.update(revokable=True), "type.file"),
    "the schema was changed": ("subject.schema.json", lambda d: d.update(title="x"), "type.schema"),
    "the template asks for a field that is not there": (
        "credential.template.json",
        lambda d: d.update(name="{colour}"),
        "type.template",
    ),
    "the page asks for a field that is not there": (
        "print.json",
        lambda d: d["ko"].update(body="{credential_id}"),
        "type.template",
    ),
    "a label is missing": ("print.json", lambda d: d["en"].pop("footer"), "type.file"),
    "a column has no text": ("texts.en.json", lambda d: d["columns"].pop("score"), "type.file"),
    "two columns share a header": (
        "texts.en.json",
        lambda d: d["columns"]["score"].update(header="Birth date"),
        "type.column",
    ),
    "a column has an unknown rule": (
        "record.schema.json",
        lambda d: d["properties"]["score"].update({"minimum": 0}),
        "type.column",
    ),
    "a table is read from elsewhere": (
        "type.json",
        lambda d: d["tables"]["qualification"].update(file="../qualifications.json"),
        "type.file",
    ),
    "a hash has no salt": ("type.json", lambda d: d["derived"].pop("birth_salt"), "type.file"),
    "a public field has no label": ("texts.ko.json", lambda d: d["public"].clear(), "type.file"),
    "a pointer is none": ("type.json", lambda d: d.update(number="licenseNumber"), "model"),
    "table entries differ": ("qualifications.json", lambda d: d["7875"].pop("name_en"), "type.file"),
}


@pytest.mark.parametrize(("name", "change", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_type_is_refused_when_it_is_read(
    tmp_path: Path, name: str, change: Callable[[Any], object] | None, code: str
) -> None:
    with pytest.raises(CredentialError) as refused:
        read_type(folder_with(tmp_path, name, change))
    assert refused.value.code == code


def test_an_unchanged_copy_of_a_type_is_read(tmp_path: Path) -> None:
    assert read_type(folder_with(tmp_path, "print.json", lambda d: d)).id == QUALIFICATION.id
