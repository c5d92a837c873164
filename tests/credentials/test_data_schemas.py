"""JSON Schemas of strangers: evaluated as their dialect says, within limits, with nothing from anywhere else."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft201909Validator, Draft202012Validator

from jikin.credentials.data_schemas import DataSchema
from jikin.errors import CredentialError
from tests.shared_standards import standards

V2020 = "https://json-schema.org/draft/2020-12/schema"
V2019 = "https://json-schema.org/draft/2019-09/schema"
V7 = "http://json-schema.org/draft-07/schema#"


def schema(dialect: str = V2020, **keywords: Any) -> DataSchema:
    renamed = {name.replace("dollar_", "$"): value for name, value in keywords.items()}
    return DataSchema.of({"$schema": dialect, **renamed})


def places(of: DataSchema, document: Any) -> list[str]:
    return [fault.pointer for fault in of.faults(document)]


DIALECTS: dict[str, tuple[str, dict[str, Any], Any, Any]] = {
    "2020-12: items after a prefix": (
        V2020,
        {"properties": {"a": {"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}}},
        {"a": ["x", 1]},
        {"a": ["x", "y"]},
    ),
    "2019-09: items in an array": (
        V2019,
        {"properties": {"a": {"items": [{"type": "string"}], "additionalItems": {"type": "integer"}}}},
        {"a": ["x", 1]},
        {"a": ["x", "y"]},
    ),
    "2019-09: what nobody has evaluated": (
        V2019,
        {"properties": {"a": True}, "unevaluatedProperties": False},
        {"a": 1},
        {"a": 1, "b": 2},
    ),
    "draft-07: dependencies": (V7, {"dependencies": {"a": ["b"]}}, {"a": 1, "b": 1}, {"a": 1}),
    "draft-07: nothing beside a reference counts": (
        V7,
        {"definitions": {"x": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/x", "maxLength": 1}}},
        {"a": "long"},
        {"a": 1},
    ),
    "a pattern": (V2020, {"properties": {"a": {"pattern": "^a+$"}}}, {"a": "aa"}, {"a": "b"}),
    "a pattern for names": (
        V2020,
        {"patternProperties": {"^x-": {"type": "string"}}, "properties": {"a": True}, "additionalProperties": False},
        {"x-1": "y", "a": 1},
        {"x-1": 5, "a": 1},
    ),
    "a name that nobody foresaw": (V2020, {"properties": {"a": True}, "additionalProperties": False}, {}, {"b": 1}),
    "others of one kind": (V2020, {"additionalProperties": {"type": "string"}}, {"b": "x"}, {"b": 1}),
    "its own identifier": (
        V2020,
        {
            "$id": "https://a.example/s",
            "$defs": {"x": {"$anchor": "named", "required": ["q"]}},
            "$ref": "https://a.example/s#named",
        },
        {"q": 1},
        {},
    ),
    "a schema inside, under its own name": (
        V2020,
        {"$defs": {"x": {"$id": "https://a.example/x", "required": ["q"]}}, "$ref": "https://a.example/x"},
        {"q": 1},
        {},
    ),
    "the dialect itself": (
        V2020,
        {"properties": {"s": {"$ref": V2020}}},
        {"s": {"type": "object"}},
        {"s": {"type": 5}},
    ),
}


@pytest.mark.parametrize(("dialect", "keywords", "good", "bad"), DIALECTS.values(), ids=DIALECTS.keys())
def test_a_schema_is_read_as_its_dialect_says(dialect: str, keywords: Any, good: Any, bad: Any) -> None:
    made = DataSchema.of({"$schema": dialect, **keywords})
    assert made.faults(good) == ()
    assert made.faults(bad)


def test_a_fault_names_its_place_and_no_more_than_twenty_are_told() -> None:
    made = schema(properties={"a": {"items": {"type": "string"}}})
    assert places(made, {"a": ["x", 5]}) == ["/a/1"]
    assert len(made.faults({"a": [5] * 100})) == 20


UNUSABLE: dict[str, tuple[Any, str]] = {
    "no object": ([], "malformed"),
    "nothing": (None, "malformed"),
    "no dialect": ({}, "dialect"),
    "a dialect of 2013": ({"$schema": "http://json-schema.org/draft-04/schema#"}, "dialect"),
    "a dialect that is a number": ({"$schema": 5}, "dialect"),
    "a type that is none": ({"$schema": V2020, "type": "text"}, "malformed"),
    "an identifier that is none": ({"$schema": V2020, "$id": "http://[", "$defs": {"a": {"$id": "b"}}}, "malformed"),
    "too many values": ({"$schema": V2020, "enum": list(range(5001))}, "too-costly"),
    "names by pattern beside what is not evaluated": (
        {"$schema": V2020, "patternProperties": {"x": True}, "unevaluatedProperties": False},
        "too-costly",
    ),
}


@pytest.mark.parametrize(("value", "code"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_is_no_schema_that_can_be_used_is_refused_when_it_is_read(value: Any, code: str) -> None:
    with pytest.raises(CredentialError) as refused:
        DataSchema.of(value)
    assert refused.value.code == f"schema.{code}"


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"{", "malformed"), (b'{"a": 1, "a": 2}', "malformed"), (b" " * 300_000, "too-costly"), (b"\xff", "malformed")],
)
def test_bytes_that_are_no_schema_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(CredentialError) as refused:
        DataSchema.parse(data)
    assert refused.value.code == f"schema.{code}"


def fans(keyword: str, leaf: Any, depth: int = 30) -> dict[str, Any]:
    """Return a schema that asks two questions at each of *depth* levels."""
    levels = {f"n{n}": {keyword: [{"$ref": f"#/$defs/n{n + 1}"}] * 2} for n in range(depth)}
    return {"$defs": {**levels, f"n{depth}": leaf}, "$ref": "#/$defs/n0"}


HOSTILE: dict[str, tuple[dict[str, Any], Any, str]] = {
    "a schema elsewhere": ({"$ref": "https://evil.example/s"}, {}, "reference"),
    "a schema beside it": ({"$ref": "other.json"}, {}, "reference"),
    "a file of this machine": ({"$ref": "file:///etc/hostname"}, {}, "reference"),
    "a place in it that is not there": ({"$ref": "#/$defs/absent"}, {}, "reference"),
    "a name in it that is not there": ({"$ref": "#absent"}, {}, "reference"),
    "a schema that is itself": ({"$ref": "#"}, {}, "too-costly"),
    "a schema that is itself by name": ({"$dynamicRef": "#x", "$dynamicAnchor": "x"}, {}, "too-costly"),
    "a schema inside that says its dialect again": (
        {"$defs": {"x": {"$schema": V2020, "allOf": [{"$ref": "#/$defs/x"}]}}, "$ref": "#/$defs/x"},
        {},
        "too-costly",
    ),
    "two questions at each level, all": (fans("allOf", {"type": "object"}), {}, "too-costly"),
    "two questions at each level, any": (fans("anyOf", {"type": "string"}), {}, "too-costly"),
    "two questions at each level, evaluated": (
        {**fans("oneOf", {"type": "string"}), "unevaluatedProperties": False},
        {"a": 1},
        "too-costly",
    ),
    "a pattern over a long text": ({"properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": "a" * 500_000}, "too-costly"),
    "a pattern that looks ahead": ({"properties": {"a": {"pattern": "(?=a)"}}}, {"a": "a"}, "pattern"),
    "a pattern of names that looks back": ({"patternProperties": {"(?<=a)b": False}}, {"ab": 1}, "pattern"),
    "thousands that must differ": (
        {"properties": {"a": {"uniqueItems": True}}},
        {"a": [{"n": n} for n in range(2000)]},
        "too-costly",
    ),
    "thousands of questions about thousands": (
        {"allOf": [{"properties": {"a": {"items": {}}}}] * 300},
        {"a": [0] * 10_000},
        "too-costly",
    ),
    "a number beyond a double": ({"properties": {"a": {"multipleOf": 0.1}}}, {"a": 10**400}, "too-costly"),
}


@pytest.mark.parametrize(("keywords", "document", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_schema_that_would_harm_is_stopped_and_says_nothing_of_the_document(
    keywords: dict[str, Any], document: Any, code: str
) -> None:
    made, begun = DataSchema.of({"$schema": V2020, **keywords}), time.monotonic()
    with pytest.raises(CredentialError) as refused:
        made.faults(document)
    assert refused.value.code == f"schema.{code}"
    assert time.monotonic() - begun < 5


def test_a_schema_inside_that_says_its_dialect_again_gets_no_matcher_of_its_own() -> None:
    made = schema(properties={"a": {"$schema": V2020, "pattern": "^(a+)+$"}})
    assert places(made, {"a": "a" * 200 + "!"}) == ["/a"]


def test_what_would_harm_and_is_never_reached_harms_nobody() -> None:
    made = schema(dollar_defs={"x": {"$ref": "https://evil.example/s"}}, properties={"b": {"pattern": "(?=a)"}})
    assert made.faults({"a": 1}) == ()


PEERS = {V2020: Draft202012Validator, V2019: Draft201909Validator, V7: Draft7Validator}
NAMES = st.sampled_from(["a", "b", "ab", "1"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0]) | st.text("ab1", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
KEYWORDS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"]),
            "pattern": st.sampled_from(["^a", "b$", "^[ab]*$", "1"]),
            "required": st.lists(NAMES, unique=True, max_size=2),
            "minItems": st.integers(0, 2),
            "maxLength": st.integers(0, 2),
            "uniqueItems": st.booleans(),
            "const": st.integers(-1, 1),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(NAMES, inner, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$", "1"]), inner, max_size=2),
            "additionalProperties": inner | st.booleans(),
            "items": inner,
            "contains": inner,
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "propertyNames": inner,
            "if": inner,
            "then": inner,
        },
    ),
    max_leaves=5,
)


@given(st.sampled_from(list(PEERS)), KEYWORDS, st.dictionaries(NAMES, DOCUMENTS, max_size=3))
def test_the_verdict_is_that_of_the_library_without_limits(dialect: str, keywords: Any, document: Any) -> None:
    value = {"$schema": dialect, **keywords}
    valid = DataSchema.of(value).faults(document) == ()
    assert valid is PEERS[dialect](value).is_valid(document)


@given(st.dictionaries(st.sampled_from(["$ref", "$id", "type", "items", "pattern", "enum"]), DOCUMENTS, max_size=3))
def test_any_value_is_a_schema_or_refused(keywords: Any) -> None:
    try:
        found = DataSchema.of({"$schema": V2020, **keywords}).faults({"a": "b"})
    except CredentialError as error:
        found = ()
        code = error.code
    else:
        code = "schema."
    assert code.startswith("schema.")
    assert all(fault.message for fault in found)


def test_the_published_schema_of_open_badges_judges_as_the_library_does() -> None:
    folder = standards() / "schemas" / "ob3"
    data = (folder / "ob_v3p0_achievementcredential_schema.json").read_bytes()
    made, peer = DataSchema.parse(data), Draft201909Validator(json.loads(data))
    verdicts = {}
    for path in sorted((standards() / "samples/1edtech-validator/ob30").glob("*.json")):
        document = json.loads(path.read_text())
        if isinstance(document, dict):
            verdicts[path.name] = made.faults(document) == ()
            assert verdicts[path.name] is peer.is_valid(document), path.name
    assert verdicts["complete.json"]
    assert not verdicts["simple-err-issuer.json"]
